/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/local/loop_state.h"

struct loop_state *loop_state_of(struct loop *l)
{
	struct loop_state *s = l->user[LOOP_SLOT_API];
	if (s)
		return s;
	s = NEW(struct loop_state);
	list_init(&s->watches);
	l->user[LOOP_SLOT_API] = s;
	return s;
}

struct http_client *loop_http_client(struct loop *l)
{
	struct loop_state *s = loop_state_of(l);
	if (!s->http)
		s->http = http_client_new(l);
	return s->http;
}

void loop_http_close(struct loop *l)
{
	struct loop_state *s = loop_state_of(l);
	if (s->http)
		http_client_free(TAKE(s->http));
}

void loop_state_free(struct loop *l)
{
	struct loop_state *s = TAKE(l->user[LOOP_SLOT_API]);
	if (s)
		event_cache_free(&s->events);
	free(s);
}
