/* SPDX-License-Identifier: Apache-2.0 */
/* The tree work of server-side apply: checking what was applied against the schema, merging it into the live object, taking fields out of
 * a tree. Results share unchanged subtrees with their inputs (jansson's counts): nobody may write into them. Any thread. */
#ifndef API_APPLY_MERGE_H
#define API_APPLY_MERGE_H

#include "api/apply/fieldset.h"

/* BadRequest with upstream's text: unknown fields, values of the wrong type, items without keys, items that occur twice. */
int apply_check(const struct api_type *t, const json_t *applied, struct err *err);
/* New reference. */
json_t *apply_merge_trees(struct arena *a, const struct api_type *t, json_t *live, json_t *applied);
/* Without the members of `doomed` and all below them. What gets empty on the way becomes null (`nulls`) or goes away. New reference. */
json_t *apply_remove(struct arena *a, const struct api_type *t, json_t *tree,
		     const struct fieldset *doomed, bool nulls);
/* Fields that the schema knows become members wherever something below them is one. */
const struct fieldset *apply_with_named(struct arena *a, const struct api_type *t,
					const struct fieldset *s);

#endif
