/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/pod_batch.h"

#include "base/mem.h"

#define FIRST  1
#define GROWTH 8

struct body {
	size_t at, n; /* in `text` */
};
struct pod_batch {
	struct round *round;
	struct pod_op *op; /* one for all */
	struct buf text;
	struct body *bodies;
	size_t n, cap, next, pending, size;
	bool failed;
};

struct pod_batch *pod_batch_new(struct round *r, const struct pod_owner *o)
{
	struct pod_batch *b = NEW(struct pod_batch);

	*b = (struct pod_batch){ .round = r, .op = pod_op_new(o, NULL), .size = FIRST };
	return b;
}

void pod_batch_add(struct pod_batch *b, const struct core_v1_pod *pod, size_t times)
{
	size_t at = b->text.n;

	if (!times)
		return;
	struct_write_json(api_struct_core_v1_pod, pod, &b->text);
	b->bodies = mem_array_grow(b->bodies, &b->cap, b->n + times, sizeof(*b->bodies));
	while (times--)
		b->bodies[b->n++] = (struct body){ at, b->text.n - at };
}

static void batch_free(struct pod_batch *b)
{
	pod_op_free(b->op);
	buf_free(&b->text);
	free(b->bodies);
	free(b);
}

static void send_batch(struct pod_batch *b);

static void on_answer(void *ctx, const struct client_result *r)
{
	struct pod_batch *b = ctx;

	pod_op_created(b->op, r);
	b->failed |= r->err != NULL;
	if (--b->pending)
		return;
	if (!b->failed && b->next < b->n) {
		b->size *= GROWTH;
		send_batch(b);
		return;
	}
	pod_op_expect(b->op, -(int)(b->n - b->next)); /* those that were not tried */
	batch_free(b);
}

static void send_batch(struct pod_batch *b)
{
	size_t end = b->n - b->next < b->size ? b->n : b->next + b->size;
	size_t from = b->next;

	b->pending = end - from;
	b->next = end;
	for (size_t i = from; i < end; i++) {
		const struct controller_write w = { .verb = API_CREATE,
						    .resource = API_CORE_V1_PODS,
						    .ns = pod_op_ns(b->op),
						    .body = str_of(b->text.p + b->bodies[i].at,
								   b->bodies[i].n) };

		round_call(b->round, &w, on_answer, b);
	}
}

void pod_batch_start(struct pod_batch *b)
{
	if (!b->n) {
		batch_free(b);
		return;
	}
	pod_op_expect(b->op, (int)b->n);
	send_batch(b);
}
