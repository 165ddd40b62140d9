/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults that a schema can't say, since they look at other fields. Each belongs to one type and runs after the defaults of that
 * type's own fields and before those of what is inside, as upstream's SetDefaults functions do. Private to the defaulter. */
#ifndef API_DEFAULTS_DEFAULTS_H
#define API_DEFAULTS_DEFAULTS_H

#include <jansson.h>

#include "base/str.h"

struct default_rule {
	const char *type; /* "core/v1.ServiceSpec" */
	void (*apply)(json_t *tree);
};

/* Each sorted by type. */
extern const struct default_rule default_rules_core[], default_rules_groups[];
extern const size_t default_rules_core_count, default_rules_groups_count;

/* What rules are written in. Absent, null and (for texts and numbers) zero are the same here. */
bool default_has(const json_t *tree, const char *field);
const char *default_text(const json_t *tree, const char *field); /* "" when absent */
void default_set_text(json_t *tree, const char *field,
		      const char *value); /* where it is absent or empty */
void default_if_absent(json_t *tree, const char *field,
		       const char *value); /* of a pointer: an empty one is something */
void default_set_int(json_t *tree, const char *field, json_int_t value); /* where it is absent */
void default_set_bool(json_t *tree, const char *field, bool value);
json_t *default_object(json_t *tree, const char *field);                /* made when absent */
json_t *default_path(const json_t *tree, const char *a, const char *b); /* tree.a.b, or NULL */

#endif
