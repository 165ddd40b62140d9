/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server keeps per loop (LOOP_SLOT_API). Loop thread only. */
#ifndef SERVER_APISERVER_LOCAL_LOOP_STATE_H
#define SERVER_APISERVER_LOCAL_LOOP_STATE_H

#include "net/http_client.h"
#include "server/apiserver/read/event_cache.h"

struct loop_state {
	struct list watches; /* open ones, so that a stopping server can end them */
	struct event_cache events;
	struct http_client *http; /* towards nodes and pods; made when first asked for */
};
struct loop_state *loop_state_of(struct loop *l); /* made when first asked for */
struct http_client *loop_http_client(struct loop *l);
void loop_http_close(struct loop *l); /* cancels what is under way */
void loop_state_free(struct loop *l); /* after its thread has ended */

#endif
