/* SPDX-License-Identifier: Apache-2.0 */
/* Times that grow with each repetition, per key: the first is `min_ms`, each next one twice the one before, at most `max_ms`; what was
 * quiet for twice that is forgotten (client-go's flowcontrol.Backoff). Start with {0}. Control loop only. */
#ifndef SERVER_CONTROLLERS_BACKOFFS_H
#define SERVER_CONTROLLERS_BACKOFFS_H

#include "base/map.h"

struct backoffs {
	struct map keys;
	int64_t min_ms, max_ms;
};
void backoffs_free(struct backoffs *b);
int64_t backoff_left_ms(const struct backoffs *b, struct str key, int64_t now_ms); /* 0: go */
void backoff_next(struct backoffs *b, struct str key, int64_t now_ms);
void backoff_forget(struct backoffs *b, struct str key);

#endif
