/* SPDX-License-Identifier: Apache-2.0 */
/* What a client is warned of: each text once, in the order of their coming, as many as fit into some 4,096 characters; when they don't, each
 * is cut to 256. Follows apiserver's endpoints/filters/warning.go. Lives with its request, on its loop. */
#ifndef SERVER_APISERVER_WARNED_H
#define SERVER_APISERVER_WARNED_H

#include "base/buf.h"

struct warned {
	struct str *texts; /* whole; owned */
	size_t n, cap;
	size_t runes; /* of what is sent of them */
	bool cut;     /* they did not fit */
};
/* False when no more is heard: what comes then is dropped. */
bool warned_add(struct warned *w, struct str text);
/* The value of a Warning header; false: upstream sends none of such a text (control characters). */
bool warned_header(const struct warned *w, size_t i, struct buf *out);
void warned_free(struct warned *w);

#endif
