/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of one version of a CustomResourceDefinition: what it may say (apiextensions-apiserver's pkg/apis/apiextensions/validation). Any
 * thread. */
#ifndef API_VALIDATION_CRD_SCHEMA_RULES_H
#define API_VALIDATION_CRD_SCHEMA_RULES_H

#include "api/validation/check.h"

/* What an update need not keep because what was there doesn't. All false: a creation. */
struct crd_leniency {
	bool unpruned_defaults, sets_of_maps, loose_keys;
};
void crd_leniency_of(const json_t *versions, struct crd_leniency *out);

/* The check stands at the schema. */
void check_crd_schema(struct check *c, const json_t *schema, bool has_status,
		      const struct crd_leniency *old);

/* Whether some schema below, the given one first, is like that. */
typedef bool (*crd_schema_test)(const json_t *schema, void *data);
bool crd_schema_any(const json_t *schema, crd_schema_test test, void *data);

/* Where ".spec.a['b']" leads in a schema: NULL when it does not, *why is upstream's word for it then. `arrays`: brackets may be used.
 * `out`, when it is not NULL, gets the path as upstream writes it. */
const json_t *crd_schema_at(const json_t *schema, struct str path, bool arrays, struct buf *out,
			    struct buf *why);

#endif
