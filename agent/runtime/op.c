/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/op.h"

#include "base/mem.h"

static void run_next(struct sandbox *s);

static void run_work(void *ctx)
{
	struct op *op = ctx;
	op->work(op);
}

static void run_finish(void *ctx)
{
	struct op *op = ctx;
	struct sandbox *s = op->sandbox;
	struct runtime *rt = s->rt;
	auto_free char *uid = str_dup(str_from(s->uid));
	list_del(&op->link);
	s->op_runs = false;
	op->finish(op);
	if (sandbox_find(rt, uid) == s) /* it may have ended itself */
		run_next(s);
}

static void run_next(struct sandbox *s)
{
	if (s->op_runs || list_empty(&s->ops))
		return;
	s->op_runs = true;
	loop_work(s->rt->loop, run_work, run_finish, LIST_ITEM(s->ops.next, struct op, link));
}

void op_queue(struct sandbox *s, struct op *op)
{
	op->sandbox = s;
	list_add_tail(&s->ops, &op->link);
	run_next(s);
}

void op_done(struct op *op)
{
	if (op->done)
		op->done(op->ctx, op->err.reason ? &op->err : NULL);
	err_clear(&op->err);
}

struct late_done {
	struct err err;
	runtime_done done;
	void *ctx;
};

static void run_done(void *ctx)
{
	struct late_done *d = ctx;
	if (d->done)
		d->done(d->ctx, d->err.reason ? &d->err : NULL);
	err_clear(&d->err);
	free(d);
}

void done_later(struct loop *l, runtime_done done, void *ctx, const struct err *err)
{
	struct late_done *d = NEW(struct late_done);
	d->done = done;
	d->ctx = ctx;
	if (err)
		err_copy(&d->err, err);
	loop_call(l, run_done, d);
}
