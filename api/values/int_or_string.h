/* SPDX-License-Identifier: Apache-2.0 */
/* intstr.IntOrString: 80, "http" or "25%". Any thread. */
#ifndef API_VALUES_INT_OR_STRING_H
#define API_VALUES_INT_OR_STRING_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

struct int_or_string {
	bool is_text;
	int32_t number;
	struct str text; /* borrowed */
};

bool int_or_string_from(const json_t *value,
			struct int_or_string *out); /* false: neither an int32 nor a string */
bool int_or_string_percent(struct int_or_string v, int *out); /* "25%" gives 25 */
/* GetScaledValueFromIntOrPercent: a number is itself, a percentage is taken of `total`. */
int int_or_string_scaled(struct int_or_string v, int total, bool round_up, int *out,
			 struct err *err);

#endif
