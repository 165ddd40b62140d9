/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/flow.h"

#include "server/apiserver/server.h"

static const int limits[FLOW_KINDS] = {
	[FLOW_READ] = FLOW_READ_MAX, [FLOW_WRITE] = FLOW_WRITE_MAX
};

static int flow_kind(const struct api_request *r)
{
	if (r->verb == API_WATCH || r->verb == API_CONNECT || str_eqz(r->subresource, "log"))
		return -1;
	if (user_in_group(&r->user, "system:masters"))
		return -1;
	return str_eqz(r->method, "GET") || str_eqz(r->method, "HEAD") ? FLOW_READ : FLOW_WRITE;
}

int flow_acquire(struct api_request *r, struct err *err)
{
	int kind = flow_kind(r);
	if (kind < 0)
		return 0;
	int before = atomic_fetch_add(&r->server->in_flight[kind], 1);
	r->flow = kind;
	if (before < limits[kind])
		return 0;
	flow_release(r);
	err_set(err, ERR_TOO_MANY_REQUESTS, "Too many requests, please try again later.");
	if (err)
		err->retry_after_s = 1;
	return -ERR_TOO_MANY_REQUESTS;
}

void flow_release(struct api_request *r)
{
	if (r->flow < 0)
		return;
	atomic_fetch_sub(&r->server->in_flight[r->flow], 1);
	r->flow = -1;
}
