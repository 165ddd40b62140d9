/* SPDX-License-Identifier: Apache-2.0 */
/* What a controller has asked for and not yet seen: pods on their way in or out, per key, so that it doesn't ask twice while
 * its view is behind. Forgotten after five minutes. Start with {0}. Control loop only. */
#ifndef SERVER_CONTROLLERS_EXPECTATIONS_H
#define SERVER_CONTROLLERS_EXPECTATIONS_H

#include "base/map.h"

struct expectations {
	struct map keys;
};
void expectations_free(struct expectations *x);
void expect_created(struct expectations *x, struct str key, int n,
		    int64_t now_ms); /* n more; negative: it failed, or was seen */
void expect_deleted(struct expectations *x, struct str key, struct str uid, int64_t now_ms);
void expectation_deletion_seen(struct expectations *x, struct str key, struct str uid);
bool expectation_pending(const struct expectations *x, struct str key,
			 struct str uid); /* of a deletion */
bool expectations_met(const struct expectations *x, struct str key, int64_t now_ms);
void expectations_forget(struct expectations *x, struct str key);

#endif
