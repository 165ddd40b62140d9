/* SPDX-License-Identifier: Apache-2.0 */
/* Private to strategic.c and list.c, which call each other: maps hold lists, and lists maps. What a patch names is used up. */
#ifndef API_PATCH_PARTS_H
#define API_PATCH_PARTS_H

#include <jansson.h>

#include "api/type.h"
#include "base/err.h"

#define PATCH_DIRECTIVE "$patch"

struct patch_spot {                      /* what the schema says about a value */
	const struct api_schema *schema; /* NULL: nothing known */
	const struct api_type *type;     /* of an object */
	const char *merge_key;
	bool merges;
	bool whole; /* a message that is not merged */
};
struct patch_spot patch_spot_of(const struct api_schema *s);
int patch_bad_directive(struct err *err, const json_t *map);
int patch_no_merge_key(struct err *err, const json_t *item, const char *merge_key);

int patch_merge_map(struct patch_spot at, json_t *doc, json_t *patch, struct err *err);

/* list.c. *out is the merged list in upstream's order, a new reference; `wanted` is what $setElementOrder says, or NULL. */
int patch_merge_list(struct patch_spot at, json_t *live, json_t *patch, const json_t *wanted,
		     json_t **out, struct err *err);
/* The patch's items must come in the order of $setElementOrder, and be named by it. */
int patch_check_order(const json_t *patch, const json_t *order, const char *merge_key,
		      struct err *err);
/* What $setElementOrder alone asks for: no change of contents. */
int patch_reorder(struct patch_spot at, const json_t *live, const json_t *order, json_t **out,
		  struct err *err);
void patch_delete_items(json_t *live, const json_t *doomed, const char *merge_key);

#endif
