/* SPDX-License-Identifier: Apache-2.0 */
/* Other limits for what already runs: written into its cgroup. */
#include <stdlib.h>

#include "agent/runtime/cgroup.h"
#include "agent/runtime/op.h"
#include "agent/runtime/state.h"
#include "base/mem.h"

struct update {
	struct op op;
	struct container_resources resources;
	char *cgroup_path;
	char **ended; /* cgroups of containers that have exited; their limits would still count (v1) */
	size_t nended;
};

static void update_work(struct op *op)
{
	struct update *u = CONTAINER_OF(op, struct update, op);
	for (size_t i = 0; i < u->nended; i++)
		cgroup_remove(&op->sandbox->rt->cgroups, u->ended[i]);
	cgroup_set(&op->sandbox->rt->cgroups, u->cgroup_path, &u->resources, &op->err);
}

static void update_finish(struct op *op)
{
	struct update *u = CONTAINER_OF(op, struct update, op);
	op_done(op);
	for (size_t i = 0; i < u->nended; i++)
		free(u->ended[i]);
	free(u->ended);
	free(u->cgroup_path);
	free(u);
}

static struct update *update_new(const char *path, const struct container_resources *r,
				 runtime_done done, void *ctx)
{
	struct update *u = NEW(struct update);
	u->op = (struct op){
		.work = update_work, .finish = update_finish, .done = done, .ctx = ctx
	};
	u->resources = *r;
	u->cgroup_path = str_dup(str_from(path));
	return u;
}

static void add_ended(struct update *u, const struct sandbox *s)
{
	size_t cap = 0;
	LIST_EACH(&s->containers, it)
	{
		const struct ctr *c = LIST_ITEM(it, struct ctr, link);
		if (c->state != CONTAINER_EXITED || !c->cgroup_path)
			continue;
		u->ended = mem_array_grow(u->ended, &cap, u->nended + 1, sizeof(*u->ended));
		u->ended[u->nended++] = str_dup(str_from(c->cgroup_path));
	}
}

void runtime_container_update(struct runtime *rt, const char *id,
			      const struct container_resources *r, runtime_done done, void *ctx)
{
	struct ctr *c = ctr_find(rt, id);
	auto_err err = { 0 };
	if (c && c->state == CONTAINER_RUNNING) {
		op_queue(c->sandbox, &update_new(c->cgroup_path, r, done, ctx)->op);
		return;
	}
	err_set(&err, ERR_NOT_FOUND, "container %s does not run", id);
	done_later(rt->loop, done, ctx, &err);
}

void runtime_sandbox_update(struct runtime *rt, const char *pod_uid,
			    const struct container_resources *r, runtime_done done, void *ctx)
{
	struct sandbox *s = sandbox_find(rt, pod_uid);
	auto_err err = { 0 };
	if (s && !s->removing) {
		struct update *u = update_new(s->cgroup_path, r, done, ctx);
		add_ended(u, s);
		op_queue(s, &u->op);
		return;
	}
	err_set(&err, ERR_NOT_FOUND, "sandbox %s does not run", pod_uid);
	done_later(rt->loop, done, ctx, &err);
}
