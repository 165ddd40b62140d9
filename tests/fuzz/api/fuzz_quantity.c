/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of numbers: quantities, durations. The canonical form is read as the same number and is its own canonical form. */
#include <stdlib.h>

#include "api/values/duration.h"
#include "api/values/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_of(data, n);
	struct quantity q, back;
	char canonical[QUANTITY_TEXT_MAX];
	auto_buf first = { 0 }, second = { 0 };
	auto_err err = { 0 };
	int64_t ns;
	duration_parse(text, &ns);
	if (quantity_parse(text, &q, &err) < 0)
		return 0;
	size_t length = quantity_text(q, canonical);
	if (length >= QUANTITY_TEXT_MAX ||
	    quantity_parse(str_of(canonical, length), &back, NULL) < 0 ||
	    quantity_cmp(q, back) != 0)
		abort();
	if (quantity_normalize(text, &first, NULL) < 0 ||
	    quantity_normalize(buf_view(&first), &second, NULL) < 0 ||
	    !str_eq(buf_view(&first), buf_view(&second)))
		abort();
	quantity_i64(quantity_add(q, q));
	quantity_milli(quantity_sub(q, q));
	return 0;
}
