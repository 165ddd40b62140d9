/* SPDX-License-Identifier: Apache-2.0 */
/* One event of a watch stream in the negotiated form: framed JSON lines, length-delimited protobuf, a Table of one row,
 * metadata only. */
#ifndef SERVER_APISERVER_READ_EVENT_H
#define SERVER_APISERVER_READ_EVENT_H

#include "api/table/table.h"
#include "server/apiserver/request.h"

enum event_type { EVENT_ADDED, EVENT_MODIFIED, EVENT_DELETED, EVENT_BOOKMARK, EVENT_ERROR };
#define EVENT_CHUNKS 3

struct event_encoder {
	struct api_request *r;
	bool converts; /* another version than the stored one */
	struct table_options table;
};
int event_encoder_init(struct event_encoder *e, struct api_request *r, struct err *err);
/* Fills at most EVENT_CHUNKS chunks, returns how many. */
size_t event_encode(struct event_encoder *e, enum event_type type, const struct object *o,
		    struct chunk *out);
size_t event_encode_bookmark(struct event_encoder *e, int64_t revision, bool initial_end,
			     struct chunk *out);
size_t event_encode_error(struct event_encoder *e, const struct err *err, struct chunk *out);

#endif
