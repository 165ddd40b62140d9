/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/shim_conn.h"

#include <errno.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/list.h"

struct call {
	struct list link;
	int64_t seq;
	shim_answer answer;
	void *ctx;
};

struct shim_conn {
	uv_poll_t poll;
	int fd;
	bool failed, closed;
	int64_t seq;
	struct list calls;
	struct loop *loop;
	struct loop_later fail;
	const struct shim_conn_ops *ops;
	void *ctx;
};

static struct call *take_call(struct shim_conn *c, int64_t seq)
{
	LIST_EACH(&c->calls, it)
	{
		struct call *call = LIST_ITEM(it, struct call, link);
		if (call->seq == seq) {
			list_del(&call->link);
			return call;
		}
	}
	return NULL;
}

static void answer_all(struct shim_conn *c)
{
	while (!list_empty(&c->calls)) {
		struct call *call = LIST_ITEM(c->calls.next, struct call, link);
		list_del(&call->link);
		if (call->answer)
			call->answer(call->ctx, NULL);
		free(call);
	}
}

static void on_closed(uv_handle_t *h)
{
	struct shim_conn *c = h->data;
	close(c->fd);
	free(c);
}

static void run_fail(struct loop_later *later)
{
	struct shim_conn *c = CONTAINER_OF(later, struct shim_conn, fail);
	uv_poll_stop(&c->poll);
	answer_all(c);
	if (!c->closed)
		c->ops->gone(c->ctx);
}

static void fail(struct shim_conn *c)
{
	if (c->failed)
		return;
	c->failed = true;
	uv_poll_stop(&c->poll);
	loop_later(c->loop, &c->fail);
}

static void handle(struct shim_conn *c, struct shim_message *m)
{
	const char *verb = message_word(m, 0);
	if (strcmp(verb, "ok") != 0 && strcmp(verb, "error") != 0) {
		c->ops->told(c->ctx, m);
		message_close_fds(m);
		return;
	}
	struct call *call = take_call(c, message_i64(m, 1));
	if (call && call->answer)
		call->answer(call->ctx, m);
	else
		message_close_fds(m);
	free(call);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
	struct shim_conn *c = p->data;
	struct shim_message m;
	(void)events;
	for (int i = 0; i < 32 && !c->closed && !c->failed; i++) {
		int r = status < 0 ? 0 : message_receive(c->fd, &m);
		if (r == -EAGAIN)
			return;
		if (r <= 0)
			fail(c);
		else
			handle(c, &m);
	}
}

struct shim_conn *shim_conn_new(struct loop *l, int fd, const struct shim_conn_ops *ops, void *ctx)
{
	struct shim_conn *c = NEW(struct shim_conn);
	c->loop = l;
	c->fd = fd;
	c->ops = ops;
	c->ctx = ctx;
	c->seq = (int64_t)(rand_u64() &
			   0xffffffff); /* answers to an earlier connection are not ours */
	list_init(&c->calls);
	loop_later_init(&c->fail, run_fail);
	uv_poll_init(&l->uv, &c->poll, fd);
	c->poll.data = c;
	uv_poll_start(&c->poll, UV_READABLE, on_poll);
	return c;
}

void shim_conn_close(struct shim_conn *c)
{
	if (!c || c->closed)
		return;
	c->closed = true;
	loop_later_cancel(&c->fail);
	uv_poll_stop(&c->poll);
	answer_all(c);
	uv_close((uv_handle_t *)&c->poll, on_closed);
}

void shim_request(struct shim_conn *c, struct shim_message *m, const char *verb)
{
	message_start(m, verb);
	message_add_i64(m, ++c->seq);
}

void shim_send(struct shim_conn *c, struct shim_message *m, shim_answer answer, void *ctx)
{
	struct call *call = NEW(struct call);
	call->seq = c->seq;
	call->answer = answer;
	call->ctx = ctx;
	list_add_tail(&c->calls, &call->link);
	if (c->failed || message_send(c->fd, m) < 0)
		fail(c);
	if (c->failed)
		loop_later(c->loop, &c->fail);
}

bool shim_refused(const struct shim_message *m, struct err *err)
{
	if (m && strcmp(message_word(m, 0), "ok") == 0)
		return false;
	err_set(err, m ? ERR_INTERNAL : ERR_UNAVAILABLE, "%s",
		m ? message_word(m, 2) : "the pod's shim is gone");
	return true;
}
