/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/validation/kinds.h"

void check_data_keys(struct check *c, const json_t *object, const char *field, bool base64,
		     size_t *bytes)
{
	const char *key;
	json_t *value;
	size_t was = check_in(c, field);
	json_object_foreach (json_object_get(object, field), key, value) {
		struct str text = tree_str(value);
		size_t at = check_in_key(c, str_from(key)), padding = 0;
		check_name(c, NULL, str_from(key), name_config_key);
		check_out(c, at);
		while (base64 && padding < text.n && padding < 2 &&
		       text.p[text.n - 1 - padding] == '=')
			padding++;
		*bytes += base64 ? text.n / 4 * 3 - (text.n ? padding : 0) : text.n;
	}
	check_out(c, was);
}

void check_data_immutable(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const fields[] = { "data", "binaryData" };
	if (!json_is_true(json_object_get(old, "immutable")))
		return;
	if (!json_is_true(json_object_get(new, "immutable")))
		check_forbidden(c, "immutable", "field is immutable when `immutable` is set");
	for (size_t i = 0; i < 2; i++) {
		const json_t *a = json_object_get(new, fields[i]),
			     *b = json_object_get(old, fields[i]);
		if (!(shape_empty(a) && shape_empty(b)) && !shape_equal(a, b))
			check_forbidden(c, fields[i], "field is immutable when `immutable` is set");
	}
}

void validate_config_map(struct check *c, const json_t *map)
{
	const json_t *binary = json_object_get(map, "binaryData");
	const char *key;
	json_t *value;
	size_t bytes = 0;
	check_data_keys(c, map, "data", false, &bytes);
	json_object_foreach (json_object_get(map, "data"), key, value)
		if (json_object_get(binary, key)) {
			size_t was = check_in(c, "data");
			check_in_key(c, str_from(key));
			check_invalid_text(c, NULL, str_from(key),
					   "duplicate of key present in binaryData");
			check_out(c, was);
		}
	check_data_keys(c, map, "binaryData", true, &bytes);
	if (bytes > VALIDATION_DATA_MAX_BYTES)
		check_too_long(c, NULL, VALIDATION_DATA_MAX_BYTES);
}

void validate_config_map_update(struct check *c, const json_t *new, const json_t *old)
{
	check_data_immutable(c, new, old);
	validate_config_map(c, new);
}
