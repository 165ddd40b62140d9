/* SPDX-License-Identifier: Apache-2.0 */
#include "client/remote.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/version.h"
#include "client/remote_parts.h"

#define CONNECT_TIMEOUT_MS 10000

void remote_path(const struct api_resource *res, struct str ns, struct buf *out)
{
	if (*res->group)
		buf_printf(out, "/apis/%s/%s", res->group, res->version);
	else
		buf_printf(out, "/api/%s", res->version);
	if (res->namespaced && ns.n) {
		buf_puts(out, "/namespaces/");
		percent_encode(out, ns);
	}
	buf_printf(out, "/%s", res->plural);
}

struct http_call *remote_send(struct remote *r, const struct remote_request *request)
{
	struct http_field fields[4] = { { STR("accept"), STR("application/json") },
					{ STR("user-agent"), str_from(r->agent) } };
	size_t n = 2;
	if (r->authorization)
		fields[n++] =
			(struct http_field){ STR("authorization"), str_from(r->authorization) };
	if (request->body.n)
		fields[n++] =
			(struct http_field){ STR("content-type"),
					     request->content_type.n ? request->content_type
								     : STR("application/json") };
	const struct http_call_spec spec = { .tls = r->identity->tls,
					     .host = r->host,
					     .port = r->port,
					     .method = request->method,
					     .target = request->target,
					     .fields = fields,
					     .nfields = n,
					     .body = request->body,
					     .connect_timeout_ms = CONNECT_TIMEOUT_MS,
					     .timeout_ms = request->timeout_ms,
					     .ops = request->ops,
					     .ctx = request->ctx };
	return http_call_start(r->http, &spec);
}

/* --- the client --- */

static const struct client_ops remote_ops = { .call = remote_call,
					      .watch = remote_watch,
					      .unwatch = remote_unwatch };

static int identity_add(struct remote *r, struct str cert, struct str key, struct err *err)
{
	static const char *const alpn[] = { "http/1.1", NULL };
	const struct tls_client_config c = { .ca_pem = buf_view(&r->ca),
					     .cert_pem = cert,
					     .key_pem = key,
					     .server_name = r->host,
					     .insecure = r->ca.n == 0,
					     .alpn = alpn };
	struct tls_client *tls;
	int e = tls_client_new(&c, &tls, err);
	if (e < 0)
		return err_wrap(err, e, "credentials of %s", r->user);
	struct remote_identity *fresh = NEW(struct remote_identity);
	*fresh = (struct remote_identity){ r->identity, tls };
	r->identity = fresh;
	return 0;
}

static void remote_release(struct remote *r)
{
	while (r->identity) {
		struct remote_identity *former = r->identity->former;
		tls_client_free(r->identity->tls);
		free(r->identity);
		r->identity = former;
	}
	if (r->authorization)
		explicit_bzero(r->authorization, strlen(r->authorization));
	free(r->authorization);
	free(r->agent);
	free(r->user);
	free(r->host);
	buf_free(&r->ca);
	free(r);
}

int remote_client_new(const struct remote_config *c, struct client **out, struct err *err)
{
	struct remote *r = NEW(struct remote);
	r->host = str_dup(str_from(c->host));
	r->port = c->port;
	r->user = str_dup(str_from(c->user));
	r->agent = str_printf("%s/%s (linux) allinone", c->agent, KUBERNETES_VERSION);
	r->authorization = c->token ? str_printf("Bearer %s", c->token) : NULL;
	buf_str(&r->ca, c->ca_pem);
	list_init(&r->calls);
	list_init(&r->reflectors);
	r->client = (struct client){ .ops = &remote_ops, .loop = c->loop, .user = r->user };
	int e = identity_add(r, c->cert_pem, c->key_pem, err);
	if (e < 0) {
		remote_release(r);
		return e;
	}
	r->http = http_client_new(c->loop);
	*out = &r->client;
	return 0;
}

int remote_client_renew(struct client *client, struct str cert_pem, struct str key_pem,
			struct err *err)
{
	struct remote *r = CONTAINER_OF(client, struct remote, client);
	int e = identity_add(r, cert_pem, key_pem, err);
	if (e < 0)
		return e;
	LIST_EACH_SAFE(&r->reflectors, it)
	remote_reflector_renew(it);
	return 0;
}

static void release_later(void *ctx)
{
	remote_release(ctx);
}

void remote_client_free(struct client *client)
{
	if (!client)
		return;
	struct remote *r = CONTAINER_OF(client, struct remote, client);
	remote_calls_drop(r);
	LIST_EACH_SAFE(&r->reflectors, it)
	remote_reflector_drop(it);
	http_client_free(r->http);
	loop_call(client->loop, release_later, r); /* after what the calls still say */
}
