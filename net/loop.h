/* SPDX-License-Identifier: Apache-2.0 */
/* One libuv loop on one thread, and messages between loops. Loops share nothing mutable: who wants something of another
 * loop posts a message to it. Everything that takes a `struct loop` runs on that loop's thread unless it says otherwise. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <pthread.h>
#include <uv.h>

#include "base/err.h"
#include "base/list.h"

struct loop {
	uv_loop_t uv;
	const char *name; /* thread name, at most 15 characters */
	uv_async_t wake;
	pthread_t thread;
	_Atomic(struct loop_msg *) inbox;
	void *user[8]; /* per-loop state of the rooms, indexed by enum loop_slot */
	bool stopping;
	uv_prepare_t before_sleep; /* private: runs what loop_later() collected */
	uv_idle_t no_sleep;        /* private */
	struct list later;         /* private: struct loop_later */
	char *read_buffer;         /* private: LOOP_READ_BYTES, shared by all sockets of the loop */
	uv_timer_t delay_timer;    /* private: of the loop_delay that is due first */
	struct list delays;        /* private: struct loop_delay */
	struct loop_trim *trim;    /* private: loop.c */
};
#define LOOP_READ_BYTES (64 * 1024)
enum loop_slot { LOOP_SLOT_HTTP, LOOP_SLOT_WATCH_HUB, LOOP_SLOT_API, LOOP_SLOT_CLIENT };

/* Embedded in what is sent; owned by the receiver from the post on. Messages of one sender arrive in order. */
struct loop_msg {
	struct loop_msg *next; /* private */
	void (*run)(struct loop_msg *);
};

/* Also makes the process ignore SIGPIPE: children that are not started by libuv have to set it back. */
int loop_init(struct loop *l, const char *name, struct err *err);
int loop_spawn(struct loop *l, size_t stack_bytes, struct err *err); /* runs it on a new thread */
void loop_run(struct loop *l);                      /* runs it on this thread until loop_stop() */
void loop_post(struct loop *l, struct loop_msg *m); /* any thread; wakes the loop */
/* any thread; a heap message around fn */
void loop_call(struct loop *l, void (*fn)(void *), void *ctx);
void loop_stop(struct loop *l); /* any thread */
void loop_join(struct loop *l);
void loop_close(struct loop *l); /* after join: closes what is left, frees */
bool loop_is_current(const struct loop *l);

/* Work put off to the end of the loop's turn (before it sleeps), so that what many callbacks of one turn ask for is done once.
 * Embedded in its owner; asking again before it ran changes nothing. */
struct loop_later {
	struct list link; /* private */
	void (*run)(struct loop_later *);
};
void loop_later_init(struct loop_later *t, void (*run)(struct loop_later *));
void loop_later(struct loop *l, struct loop_later *t);
void loop_later_cancel(struct loop_later *t); /* before its owner is freed */

/* Work put off by some milliseconds. Unlike a timer it holds nothing of the loop: it may be freed as soon as it is cancelled, also by
 * another thread once the loop has ended. Meant for a few per loop. */
struct loop_delay {
	struct list link; /* private */
	uint64_t due_ms;  /* private */
	void (*run)(struct loop_delay *);
};
void loop_delay_init(struct loop_delay *d, void (*run)(struct loop_delay *));
void loop_delay_start(struct loop *l, struct loop_delay *d, uint64_t ms); /* again: counts anew */
void loop_delay_cancel(struct loop_delay *d);

/* Blocking work on a worker thread of the process-wide pool, `done` back on the loop. */
void loop_work(struct loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);

/* One-shot timer embedded in its owner. Safe to stop or start again at any time, also in its own callback. */
struct loop_timer {
	uv_timer_t uv;
	void (*fire)(struct loop_timer *);
};
void loop_timer_init(struct loop *l, struct loop_timer *t, void (*fire)(struct loop_timer *));
void loop_timer_start(struct loop_timer *t, uint64_t ms);
void loop_timer_stop(struct loop_timer *t);
/* owner may be freed in closed() (may be NULL) */
void loop_timer_close(struct loop_timer *t, void (*closed)(struct loop_timer *));

#endif
