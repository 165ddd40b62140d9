/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/flow_parts.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "base/mem.h"

static void not_fixed(struct check *c, const json_t *object, const char *but)
{
	auto_buf why = { 0 };
	buf_printf(&why, "spec of '%.*s'", STR_ARG(meta_name(object)));
	if (but)
		buf_printf(&why, " except the 'spec.%s' field", but);
	buf_puts(&why, " must equal the fixed value");
	check_invalid_internal(c, "spec",
			       but || json_object_get(json_object_get(object, "spec"), "type")
				       ? "flowcontrol/v1.PriorityLevelConfigurationSpec"
				       : "flowcontrol/v1.FlowSchemaSpec",
			       json_object_get(object, "spec"), why.p);
}

void check_fixed_spec(struct check *c, const json_t *object, const char *fixed, const char *but)
{
	json_t *wanted = NULL, *have = tree_copy(json_object_get(object, "spec"));
	if (!fixed || api_json_parse(str_from(fixed), &wanted, NULL, NULL) < 0) {
		json_decref(have);
		return;
	}
	if (but) {
		json_object_del(have, but);
		json_object_del(wanted, but);
	}
	if (!shape_equal(have, wanted))
		not_fixed(c, object, but);
	json_decref(wanted);
	json_decref(have);
}

void check_flow_conditions(struct check *c, const json_t *object)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "status.conditions"), i;
	json_t *condition;
	json_array_foreach (tree_get(object, "status", "conditions", NULL), i, condition) {
		struct str type = tree_str(json_object_get(condition, "type"));
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, type))
			check_duplicate_text(c, "type", type);
		if (type.n == 0)
			check_required(c, "type", "%s", "");
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}
