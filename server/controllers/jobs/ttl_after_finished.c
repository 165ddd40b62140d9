/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes Jobs some time after their end (spec.ttlSecondsAfterFinished), with their pods. Key: the Job. */
#include "base/mem.h"
#include "server/controllers/jobs/job_plan.h"

static void delete_job(struct controller *c, struct str key, const struct object *o)
{
	auto_buf body = { 0 };

	const struct controller_write w =
		controller_removal(o, ",\"propagationPolicy\":\"Foreground\"", &body);
	controller_write(c, key, &w);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	auto_arena arena = { 0 };
	struct batch_v1_job job = { 0 };
	struct str ns, name;
	const struct object *o;
	int64_t ms = -1;

	controller_key_split(key, &ns, &name);
	o = informer_get(controller_informer(c, API_BATCH_V1_JOBS), ns, name);
	if (o && object_decode(o, &arena, api_struct_batch_v1_job, &job, NULL) == 0)
		ms = job_expires_ms(&job, clock_wall_us(clock_real()));
	if (ms == 0) {
		delete_job(c, key, o);
		return;
	}
	if (ms > 0)
		work_queue_add_after(c->queue, key, ms);
	controller_done(c, key, false);
}

static void on_job(void *ctx, const struct object *old, const struct object *new)
{
	(void)old;
	if (!new || new->deleting)
		return;
	controller_wake(ctx, new);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_BATCH_V1_JOBS), on_job, NULL, c);
	return 0;
}

const struct controller_row controller_ttl_after_finished = {
	.name = "ttl-after-finished-controller", .start = start
};
