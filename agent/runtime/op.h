/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of blocking work for a sandbox: work() on the pool, finish() back on the loop; those of one sandbox run one after
 * the other, in the order asked for. work() reads what the op holds and what of the sandbox never changes after it was made
 * (names and paths); it changes nothing in memory but its op. */
#ifndef AGENT_RUNTIME_OP_H
#define AGENT_RUNTIME_OP_H

#include "agent/runtime/state.h"

struct op {
	struct list link;
	struct sandbox *sandbox;
	void (*work)(struct op *op);
	void (*finish)(struct op *op); /* owns and frees it; may free the sandbox */
	struct err err;
	runtime_done done;
	void *ctx;
};
void op_queue(struct sandbox *s, struct op *op);
void op_done(struct op *op); /* tells `done`, clears err; the memory stays the caller's */
/* `done` with an error, at the end of the loop's turn, for what fails before there is an op. */
void done_later(struct loop *l, runtime_done done, void *ctx, const struct err *err);

#endif
