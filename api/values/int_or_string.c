/* SPDX-License-Identifier: Apache-2.0 */
#include "api/values/int_or_string.h"

bool int_or_string_from(const json_t *value, struct int_or_string *out)
{
	if (json_is_string(value)) {
		*out = (struct int_or_string){ .is_text = true,
					       .text = str_of(json_string_value(value),
							      json_string_length(value)) };
		return true;
	}
	json_int_t n = json_integer_value(value);
	if (!json_is_integer(value) || n < INT32_MIN || n > INT32_MAX)
		return false;
	*out = (struct int_or_string){ .number = (int32_t)n };
	return true;
}

bool int_or_string_percent(struct int_or_string v, int *out)
{
	int64_t n;
	if (!v.is_text || v.text.n < 2 || v.text.p[v.text.n - 1] != '%' ||
	    !str_to_i64(str_of(v.text.p, v.text.n - 1), &n) || n < INT32_MIN || n > INT32_MAX)
		return false;
	*out = (int)n;
	return true;
}

int int_or_string_scaled(struct int_or_string v, int total, bool round_up, int *out,
			 struct err *err)
{
	int percent;
	if (!v.is_text) {
		*out = v.number;
		return 0;
	}
	if (!int_or_string_percent(v, &percent))
		return err_set(
			err, ERR_BAD_REQUEST,
			"invalid value for IntOrString: invalid type: string is not a percentage");
	int64_t product = (int64_t)percent * total;
	int64_t scaled = product / 100;
	if (round_up && product > 0 && product % 100)
		scaled++;
	if (!round_up && product < 0 && product % 100)
		scaled--;
	*out = (int)scaled;
	return 0;
}
