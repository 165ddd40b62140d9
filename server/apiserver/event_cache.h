/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the batch that a loop is delivering, encoded once per form for all of its watchers: a hub goes through events outside
 * and watchers inside, so a few slots are enough. Holds objects until it is cleared at the end of the batch. One per loop. */
#ifndef SERVER_APISERVER_EVENT_CACHE_H
#define SERVER_APISERVER_EVENT_CACHE_H

#include "net/http_frame.h"
#include "server/apiserver/event.h"

#define EVENT_CACHE_SLOTS 8

struct event_form {                  /* what makes two watchers' events the same bytes */
	const struct object *object; /* a reference */
	const struct api_resource *resource;
	enum event_type type;
	struct media media;
	enum table_include include;
	bool headers;
};
struct event_cache {
	struct {
		struct event_form form;
		struct http_frame *frame;
	} slots[EVENT_CACHE_SLOTS];
	unsigned next; /* slot to be taken over */
	bool used;
};

/* Borrowed until the next call. */
struct http_frame *event_cache_frame(struct event_cache *c, struct event_encoder *e,
				     enum event_type type, const struct object *o);
void event_cache_clear(struct event_cache *c);

#endif
