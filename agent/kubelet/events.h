/* SPDX-License-Identifier: Apache-2.0 */
/* Events as the kubelet's recorder writes them: core/v1, the same one again within ten minutes raises its count instead of
 * making another. Fire and forget. Loop thread only. */
#ifndef AGENT_KUBELET_EVENTS_H
#define AGENT_KUBELET_EVENTS_H

#include "base/clock.h"
#include "client/client.h"

struct events;
struct event_subject {
	const char *kind; /* "Pod", "Node" */
	struct str ns, name, uid, revision;
	const char *field_path; /* "spec.containers{web}" or NULL */
};
struct events *events_new(struct client *c, struct clock *clock, const char *node_name);
void event_normal(struct events *e, const struct event_subject *s, const char *reason,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void event_warning(struct events *e, const struct event_subject *s, const char *reason,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
