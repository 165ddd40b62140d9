/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/kubelet/passage.h"

#include "server/apiserver/flow.h"
#include "server/apiserver/local/loop_state.h"
#include "server/apiserver/pages/request_metrics.h"
#include "server/apiserver/respond.h"

static void passage_closed(void *ctx)
{
	struct api_request *r = ctx;
	r->gone = true;
	r->http = NULL;
	request_metrics_watch(r, -1);
	respond_finished(r, 200, 0);
	request_unref(r); /* the transport's: the proxy took over its callbacks */
}

void passage_open(struct api_request *r, const struct passage *p)
{
	static const char *const drop[] = { "authorization", "x-remote-user", "x-remote-group",
					    "x-remote-uid", NULL };
	auto_err err = { 0 };
	if (!r->http) {
		err_set(&err, ERR_BAD_REQUEST, "streams need a connection");
		respond_err(r, &err);
		return;
	}
	struct proxy_spec spec = { .client = loop_http_client(r->loop),
				   .tls = p->tls,
				   .host = p->host,
				   .port = p->port,
				   .target = p->target,
				   .drop = drop,
				   .prefix = p->prefix,
				   .closed = passage_closed,
				   .ctx = r };
	request_metrics_watch(r, 1);
	flow_release(r);
	proxy_request(r->http, &spec);
}

struct str passage_subpath(const struct api_request *r)
{
	struct str path = r->http ? r->http->path : r->path;
	int segments =
		r->resource->namespaced
			? 7
			: 5; /* /api/v1/namespaces/NS/pods/NAME/proxy, /api/v1/nodes/NAME/proxy */
	size_t i = 0;
	while (i < path.n && segments > 0) {
		i++;
		while (i < path.n && path.p[i] != '/')
			i++;
		segments--;
	}
	return str_of(path.p + i, path.n - i);
}
