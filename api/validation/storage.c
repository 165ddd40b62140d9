/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of volumes. */
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/volume_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_topology_term(struct check *c, const json_t *term)
{
	struct map keys = { 0 };
	size_t was = check_in(c, "matchLabelExpressions"), i, k;
	json_t *expression, *value;
	json_array_foreach (json_object_get(term, "matchLabelExpressions"), i, expression) {
		const json_t *values = json_object_get(expression, "values");
		struct map seen = { 0 };
		size_t at = check_in_index(c, i), list = check_in(c, "values");
		if (json_array_size(values) == 0)
			check_required(c, NULL, "%s", "");
		json_array_foreach (values, k, value) {
			size_t item = check_in_index(c, k);
			if (seen_before(&seen, tree_str(value)))
				check_duplicate_text(c, NULL, tree_str(value));
			check_out(c, item);
		}
		check_out(c, list);
		check_name(c, "key", field(expression, "key"), name_label_key);
		if (seen_before(&keys, field(expression, "key")))
			check_duplicate_text(c, "key", field(expression, "key"));
		check_out(c, at);
		map_free(&seen, NULL);
	}
	check_out(c, was);
	map_free(&keys, NULL);
}

/* Upstream's comparison finds a term without expressions equal to as many nothings as there are terms. */
static void check_topologies(struct check *c, const json_t *class)
{
	const json_t *terms = json_object_get(class, "allowedTopologies");
	struct map seen = { 0 };
	size_t was = check_in(c, "allowedTopologies"), i;
	json_t *term;
	json_array_foreach (terms, i, term) {
		const json_t *list = json_object_get(term, "matchLabelExpressions");
		char *text = json_dumps(list ? list : json_null(),
					JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
		size_t at = check_in_index(c, i),
		       nothings = json_array_size(list) ? 0 : json_array_size(terms);
		check_topology_term(c, term);
		for (; nothings; nothings--)
			check_duplicate_text(c, "matchLabelExpressions", STR(""));
		if (seen_before(&seen, str_from(text)))
			check_duplicate_text(c, "matchLabelExpressions", STR(""));
		check_out(c, at);
		free(text);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

void check_parameters(struct check *c, const json_t *parameters)
{
	size_t bytes = 0;
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)parameters, key, value) {
		if (!*key)
			check_invalid_text(c, "parameters", STR(""), "field can not be empty.");
		bytes += strlen(key) + json_string_length(value);
	}
	if (json_object_size(parameters) > 512)
		check_too_long(c, "parameters", 512);
	else if (bytes > 256 * 1024)
		check_too_long(c, "parameters", 256 * 1024);
}

void validate_storage_class(struct check *c, const json_t *class)
{
	static const char *const policies[] = { "Delete", "Retain", NULL };
	static const char *const bindings[] = { "Immediate", "WaitForFirstConsumer", NULL };
	const json_t *parameters = json_object_get(class, "parameters");
	c->declared = !c->update && field(class, "provisioner").n == 0;
	auto_free char *small = str_lower(field(class, "provisioner"));
	check_required_name(c, "provisioner", str_from(small), name_label_key);
	c->declared = false;
	check_parameters(c, parameters);
	check_one_of(c, class, "reclaimPolicy", policies, false);
	check_one_pointed(c, class, "volumeBindingMode", bindings);
	check_topologies(c, class);
}

void validate_storage_class_update(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const fixed[] = { "provisioner", "parameters", "reclaimPolicy",
					     "volumeBindingMode" };
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		check_fixed(c, fixed[i], new, old);
}
