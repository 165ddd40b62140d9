/* SPDX-License-Identifier: Apache-2.0 */
/* One list and watch over HTTPS: remote_reflector.c sends one request after the other, remote_answers.c reads what comes and tells it.
 * Private to client/. The client's loop. */
#ifndef CLIENT_REMOTE_REFLECTOR_H
#define CLIENT_REMOTE_REFLECTOR_H

#include "base/map.h"
#include "client/remote_parts.h"

enum phase { PHASE_IDLE, PHASE_LIST, PHASE_WATCH };
struct reflector {
	struct list link; /* of the client's; alone once it stopped */
	struct remote *remote;
	struct loop *loop;
	struct watch_handler handler;
	char *ns, *labels, *fields;
	struct map known;   /* struct object by key */
	struct map listing; /* the same, of the list under way */
	struct http_call *http;
	enum phase phase;
	int status;
	struct buf body; /* of a page, or the frame of a watch that is not complete yet */
	char *next_page;
	int64_t revision; /* up to which we know everything; 0: list first */
	bool synced, stopped, expired, deaf;
	bool heard;          /* an event of this watch */
	uint64_t watched_ms; /* when it was granted, by the loop's clock */
	struct loop_timer again, silence;
	int closing; /* timers that are still to close */
	uint64_t pause_ms;
	int64_t wait_ms; /* that the answer asks for at least; below 0: none */
	struct loop_msg begin;
	bool begun;
};

/* The page in `body`, added to `listing`. *revision: the list's. false: it can't be read. */
bool reflector_take_page(struct reflector *r, int64_t *revision);
/* The list is whole: the differences to what is known are told. The handler may stop us meanwhile. */
void reflector_tell_list(struct reflector *r);
void reflector_list_drop(struct reflector *r);
void reflector_known_drop(struct reflector *r);
/* Bytes of a watch. Sets `deaf` when nothing more of it counts, `expired` when only a new list helps. */
void reflector_take_stream(struct reflector *r, const char *p, size_t n);

#endif
