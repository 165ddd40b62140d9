/* SPDX-License-Identifier: Apache-2.0 */
/* resource.Quantity: "100m", "1.5Gi", "2e3". Exact: a value is an integer times 10^-9 held in 128 bits. As upstream, what is
 * below a nano is rounded up, and a binary quantity ends at 2^63-1; a decimal one ends at 10^29. Plain value. Any thread. */
#ifndef API_VALUES_QUANTITY_H
#define API_VALUES_QUANTITY_H

#include "base/buf.h"
#include "base/err.h"

enum quantity_format { QUANTITY_DECIMAL_SI, QUANTITY_BINARY_SI, QUANTITY_DECIMAL_EXPONENT };

struct quantity {
	__int128 nano;               /* value x 10^9 */
	enum quantity_format format; /* how it is written again */
};
#define QUANTITY_TEXT_MAX 48

/* Upstream's errors: "quantities must match the regular expression '...'", "unable to parse quantity's suffix". */
int quantity_parse(struct str text, struct quantity *out, struct err *err);
size_t quantity_text(struct quantity q,
		     char out[QUANTITY_TEXT_MAX]); /* canonical form; its length */
void quantity_format(struct quantity q, struct buf *out);
/* The text that upstream serves for this text: a canonical number stays as it was written, others are written anew. */
int quantity_normalize(struct str text, struct buf *out, struct err *err);
int quantity_cmp(struct quantity a, struct quantity b);
/* The sum keeps a's format, or b's when a is zero. */
struct quantity quantity_add(struct quantity a, struct quantity b);
struct quantity quantity_sub(struct quantity a, struct quantity b);
struct quantity quantity_from_i64(int64_t v, enum quantity_format f);
struct quantity quantity_from_milli(int64_t milli, enum quantity_format f);
int64_t quantity_i64(struct quantity q);   /* rounded up (away from zero), as Value() */
int64_t quantity_milli(struct quantity q); /* rounded up, as MilliValue(); capped */
double quantity_double(struct quantity q);
bool quantity_is_zero(struct quantity q);

#endif
