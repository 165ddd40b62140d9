/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/1.1 connection of the server, in three files: http1_server.c parses and lives, http1_answer.c answers, http1_check.c
 * refuses heads. Private to them.
 *
 *          bytes          head complete              answer ended, body read or discarded
 *   IDLE ────────► HEAD ───────────────► EXCHANGE ──────────────────────────────────────► IDLE
 *                    │ malformed, too slow    │ close wanted          upgrade
 *                    └──────────► LINGER ◄────┘                       └──────► UPGRADED */
#ifndef NET_HTTP1_CONN_H
#define NET_HTTP1_CONN_H

#include <llhttp.h>

#include "net/http1.h"
#include "net/http_conn.h"

enum http1_state { HTTP1_IDLE, HTTP1_HEAD, HTTP1_EXCHANGE, HTTP1_LINGER, HTTP1_UPGRADED };

struct http1;
struct http1_exchange {
	struct http_exchange x;
	struct http1 *conn; /* NULL: gone */
	bool chunked, keep_alive, expects_continue, body_began;
	size_t discarded;
};

struct http1 {
	struct http_conn conn;
	llhttp_t parser;
	struct http1_head head;
	struct buf input; /* read and not yet parsed */
	struct http1_exchange *x;
	struct loop_timer timer;
	struct loop_later resume;
	enum http1_state state;
	int refusal;        /* status to answer a parser error with */
	size_t linger_left; /* bytes unsent when the linger timer last looked */
	bool body_stopped;  /* by its consumer; the end may be due without another byte */
	bool head_complete, message_complete, parsing, closing, draining, ended, stopped_reading;
	struct stream *upgraded;
};

/* http1_answer.c */
extern const struct http_exchange_ops http1_exchange_ops;
void http1_refuse(struct http1 *h, int status, const char *text); /* a Status, then the end */
void http1_settle(struct http1 *h);        /* ends an exchange that is over */
void http1_drop_exchange(struct http1 *h); /* its client is gone */
void http1_close(struct http1 *h);
void http1_arm(struct http1 *h, uint64_t ms);

/* http1_server.c */
void http1_conn_free(struct http1 *h);

/* http1_check.c: what the parser lets pass and HTTP does not. Text of the refusal, or NULL. */
const char *http1_check_head(struct http1 *h, struct http1_exchange *x, int *status);

#endif
