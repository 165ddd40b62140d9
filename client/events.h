/* SPDX-License-Identifier: Apache-2.0 */
/* Events about objects, as client-go's recorder writes them: core/v1; the same one again raises the count of the first; more
 * than ten similar ones in ten minutes become one "(combined from similar events)"; and each object may cause 25 at once, then
 * one in five minutes. Fire and forget. Loop thread of the client only. */
#ifndef CLIENT_EVENTS_H
#define CLIENT_EVENTS_H

#include "base/clock.h"
#include "client/client.h"

struct event_recorder;
struct event_recorder *event_recorder_new(struct client *c, struct clock *clock,
					  const char *component);
void event_recorder_free(struct event_recorder *r);

#define EVENT_NORMAL  "Normal"
#define EVENT_WARNING "Warning"
/* `action` ("Binding") may be NULL. */
void event_record(struct event_recorder *r, const struct object *about, const char *type,
		  const char *reason, const char *action, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

#endif
