/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP GET that a probe or a hook makes. Redirects are followed as long as they stay with the host. Loop thread only. Follows upstream's
 * pkg/probe/http, for the words, too. */
#ifndef AGENT_KUBELET_POD_HTTP_GET_H
#define AGENT_KUBELET_POD_HTTP_GET_H

#include "base/arena.h"
#include "base/buf.h"
#include "generated/api_structs.h"
#include "net/http_client.h"

struct http_get;
struct http_get_spec { /* borrowed for the call */
	struct http_client *client;
	const struct core_v1_http_get_action *action;
	const char *address; /* the pod's, or the action's own host */
	int port;
	const char *purpose; /* "probe", "lifecycle": for the user agent */
};
struct http_get_answer {
	int status; /* 0: none came */
	const char *
		output; /* the body (at most 10 KiB), or why there is no answer; borrowed for the call */
};
/* Once, never from inside http_get_start(). */
typedef void (*http_get_done)(void *ctx, const struct http_get_answer *a);
/* NULL: it could not begin. */
struct http_get *http_get_start(const struct http_get_spec *s, http_get_done done, void *ctx,
				struct err *err);
const char *http_get_url(const struct http_get *g); /* that it began with */
void http_get_cancel(struct http_get *g);           /* before done: done is not called */

#endif
