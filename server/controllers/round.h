/* SPDX-License-Identifier: Apache-2.0 */
/* One reconcile of one key that makes several calls: when the last of them has ended, the key is done, and tried again with
 * back-off if one of them failed. Control loop only.
 *
 *	struct round *r = round_new(c, key);
 *	round_call(r, &write, NULL, NULL);      any number
 *	round_close(r, false, 0);               nothing may be added after it; r is gone when all have answered */
#ifndef SERVER_CONTROLLERS_ROUND_H
#define SERVER_CONTROLLERS_ROUND_H

#include "server/controllers/controller.h"

struct round;
struct round *round_new(struct controller *c, struct str key);
/* `ended` (may be NULL) sees the answer before the round counts it. */
void round_call(struct round *r, const struct controller_write *w,
		void (*ended)(void *ctx, const struct client_result *result), void *ctx);
/* The PUT of a changed status: `whole` is the object as `object` describes it, with the status `now` in it. Nothing is sent when `now`
 * says the same as `old`; returns whether it was. */
struct status_write {
	const struct api_struct *object, *status;
	const void *old, *now, *whole;
	bool more; /* other parts of it have changed, too */
	void (*ended)(void *ctx,
		      const struct client_result *result); /* when it was sent; may be NULL */
	void *ctx;
};
bool round_status(struct round *r, const struct object *o, const struct status_write *w);
void round_close(struct round *r, bool retry,
		 int64_t again_ms); /* again_ms > 0: look again then, whatever happens */

#endif
