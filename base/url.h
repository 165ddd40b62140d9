/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoded paths and query strings (RFC 3986, and '+' for a space in queries as browsers and Go have it). Decoded text lives in
 * the arena; a parameter that is malformed counts as absent. Pure. */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/arena.h"

/* %XX (and, in queries, '+') undone; false: malformed. */
bool percent_decode(struct arena *a, struct str in, bool plus, struct str *out);
/* Takes the first pair, still encoded, off the front of *rest; false: there is none. */
bool query_next(struct str *rest, struct str *key, struct str *value);
/* The first value of a parameter, decoded; p == NULL when absent. */
struct str query_get(struct arena *a, struct str query, const char *name);
bool query_has(struct str query, const char *name);
/* Calls fn for each pair, decoded. */
void query_each(struct arena *a, struct str query,
		void (*fn)(void *ctx, struct str key, struct str value), void *ctx);

#endif
