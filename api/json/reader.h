/* SPDX-License-Identifier: Apache-2.0 */
/* Pulls JSON text apart without a tree and without allocation: for the decoder of structs, the scan of objects at rest and the
 * parser of trees. RFC 8259; errors in the words of Go's encoding/json. Plain value on the stack, borrows the text.
 *
 *	reader_init(&r, text);
 *	if (reader_object(&r))
 *		while (reader_member(&r, &key))
 *			... one of reader_string, reader_number, reader_skip, … for the value
 *	if (r.failed) return reader_error(&r, err);
 *
 * After a failure every call returns false, so that it is enough to look once, at the end. */
#ifndef API_JSON_READER_H
#define API_JSON_READER_H

#include "base/err.h"
#include "base/str.h"

enum reader_type {
	READ_NOTHING, /* end of the text, or something that is no value */
	READ_NULL,
	READ_BOOL,
	READ_NUMBER,
	READ_STRING,
	READ_OBJECT,
	READ_ARRAY,
};

struct reader {
	const char *p, *end, *start;
	int depth;
	bool fresh; /* an object or array was opened and nothing of it read yet */
	bool failed;
	const char *wrong;  /* where the text stops being JSON */
	const char *reason; /* "looking for beginning of value"; NULL: the text ends too early */
};

struct reader_text {
	struct str raw; /* between the quotes */
	bool cooked;    /* raw is not yet the text: it holds escapes or bytes that are no UTF-8 */
};

void reader_init(struct reader *r, struct str text);
enum reader_type reader_peek(struct reader *r);
bool reader_null(struct reader *r); /* true: it was a null, and is read */
bool reader_bool(struct reader *r, bool *out);
bool reader_number(struct reader *r, struct str *out, bool *integer);
bool reader_string(struct reader *r, struct reader_text *out);
bool reader_object(struct reader *r);                          /* opens */
bool reader_member(struct reader *r, struct reader_text *key); /* false: it is closed, or failed */
bool reader_array(struct reader *r);
bool reader_item(struct reader *r);
bool reader_skip(struct reader *r);                        /* any value */
bool reader_value(struct reader *r, struct str *out);      /* any value, as its text */
bool reader_end(struct reader *r);                         /* nothing but white space is left */
int reader_error(const struct reader *r, struct err *err); /* BadRequest */

/* Text of a string, as Go reads it: what is no UTF-8 becomes U+FFFD. `out` has room for 3 * raw.n bytes; returns the length. */
size_t reader_cook(struct str raw, char *out);
/* Whether the text of a member's name is this one. */
bool reader_text_eq(const struct reader_text *t, struct str name);

#endif
