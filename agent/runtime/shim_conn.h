/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of a shim's socket: requests with answers, and what the shim tells by itself. Loop thread only. */
#ifndef AGENT_RUNTIME_SHIM_CONN_H
#define AGENT_RUNTIME_SHIM_CONN_H

#include "agent/runtime/shim/message.h"
#include "net/loop.h"

struct shim_conn;
/* m == NULL: the shim is gone, no answer will come. Descriptors in m belong to the callee (message_close_fds for the rest). */
typedef void (*shim_answer)(void *ctx, struct shim_message *m);
struct shim_conn_ops {
	void (*told)(void *ctx, const struct shim_message *m); /* "state", "exec-exit" */
	void (*gone)(void *ctx); /* after all answers; not after shim_conn_close() */
};

struct shim_conn *shim_conn_new(struct loop *l, int fd, const struct shim_conn_ops *ops,
				void *ctx); /* owns fd */
void shim_conn_close(struct shim_conn *c);  /* answers still open get NULL; NULL is fine */
void shim_request(struct shim_conn *c, struct shim_message *m,
		  const char *verb); /* starts m; add words, then shim_send() */
void shim_send(struct shim_conn *c, struct shim_message *m, shim_answer answer,
	       void *ctx); /* answer may be NULL */
/* Is it an answer that says no? Then err has its text. */
bool shim_refused(const struct shim_message *m, struct err *err);

#endif
