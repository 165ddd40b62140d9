/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the batch that a loop is delivering, encoded once per form for all of its watchers. A hub gives each watcher a portion
 * of events before it turns to the next: there is a row for each event of a portion, and in it slots for a few forms. Holds
 * objects until it is cleared at the end of the batch. One per loop. */
#ifndef SERVER_APISERVER_READ_EVENT_CACHE_H
#define SERVER_APISERVER_READ_EVENT_CACHE_H

#include "net/http_frame.h"
#include "server/apiserver/read/event.h"

#define EVENT_CACHE_ROWS \
	64 /* by revision: those of a portion mostly follow each other; bits of `used` */
#define EVENT_CACHE_FORMS 4

struct event_form {                  /* what makes two watchers' events the same bytes */
	const struct object *object; /* a reference */
	const struct api_resource *resource;
	enum event_type type;
	struct media media;
	enum table_include include;
	bool headers;
};
struct event_slot {
	struct event_form form;
	struct http_frame *frame; /* NULL: empty */
};
struct event_row {
	struct event_slot slots[EVENT_CACHE_FORMS];
	unsigned next; /* slot to be taken over */
};
struct event_cache {
	struct event_row *rows; /* made when first wanted */
	uint64_t used;          /* rows that keep something */
};

/* Borrowed until the next call. */
struct http_frame *event_cache_frame(struct event_cache *c, struct event_encoder *e,
				     enum event_type type, const struct object *o);
void event_cache_clear(struct event_cache *c);
void event_cache_free(struct event_cache *c); /* for good */

#endif
