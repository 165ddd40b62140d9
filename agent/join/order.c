/* SPDX-License-Identifier: Apache-2.0 */
/* create ─► watch it by its name ─► signed: done; denied, failed, or five minutes over: done with an err. */
#include "agent/join/order.h"

#include "agent/join/pair.h"
#include "api/object/meta.h"
#include "base/encode.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define PATIENCE_MS 300000

static const struct {
	const char *signer, *usage;
	const char *user; /* NULL: the node */
} kinds[ORDER_KINDS] = {
	[ORDER_KUBELET] = { "kubernetes.io/kube-apiserver-client-kubelet", "client auth", NULL },
	[ORDER_SERVING] = { "kubernetes.io/kubelet-serving", "server auth", NULL },
	[ORDER_PROXY] = { "kubernetes.io/kube-apiserver-client", "client auth", ORDER_PROXY_USER },
	[ORDER_DNS] = { "kubernetes.io/kube-apiserver-client", "client auth", ORDER_DNS_USER },
};

struct order {
	struct client *client;
	order_done done;
	void *ctx;
	struct buf key;
	struct buf cert;
	struct err why;
	bool calling, cancelled, over;
	char *name;
	struct reflector *watch;
	struct loop_timer timer; /* patience; and, of 0 ms, the end outside of others' callbacks */
};

static void timer_closed(struct loop_timer *t)
{
	struct order *o = CONTAINER_OF(t, struct order, timer);
	if (o->key.p)
		explicit_bzero(o->key.p, o->key.n);
	buf_free(&o->key);
	buf_free(&o->cert);
	err_clear(&o->why);
	free(o->name);
	free(o);
}

static void order_free(struct order *o)
{
	if (o->watch)
		client_unwatch(o->client, TAKE(o->watch));
	loop_timer_close(&o->timer, timer_closed);
}

static void on_timer(struct loop_timer *t)
{
	struct order *o = CONTAINER_OF(t, struct order, timer);
	if (!o->over)
		err_set(&o->why, ERR_TIMEOUT, "the certificate was not signed in time");
	if (o->watch) /* done may be the client's end */
		client_unwatch(o->client, TAKE(o->watch));
	o->done(o->ctx, buf_view(&o->cert), buf_view(&o->key), o->why.reason ? &o->why : NULL);
	order_free(o);
}

static void end(struct order *o)
{
	o->over = true;
	loop_timer_start(&o->timer, 0);
}

static const json_t *condition(const json_t *csr, const char *type)
{
	size_t i;
	json_t *one, *list = tree_get(csr, "status", "conditions", NULL);
	json_array_foreach (list, i, one)
		if (str_eqz(tree_get_str(one, "type", NULL), type))
			return one;
	return NULL;
}

static void on_request(void *ctx, const struct object *old, const struct object *new)
{
	struct order *o = ctx;
	json_t *csr = new && !o->over ? object_tree(new, NULL) : NULL;
	struct str cert = tree_get_str(csr, "status", "certificate", NULL);
	const json_t *no = condition(csr, "Denied");
	(void)old;
	if (!no)
		no = condition(csr, "Failed");
	if (no) {
		err_set(&o->why, ERR_FORBIDDEN, "the certificate was refused: %.*s",
			STR_ARG(tree_get_str(no, "message", NULL)));
		end(o);
	} else if (cert.n) {
		if (!base64_decode(&o->cert, cert))
			err_set(&o->why, ERR_INTERNAL, "the certificate is no base64");
		end(o);
	}
	json_decref(csr);
}

static void on_created(void *ctx, const struct client_result *r)
{
	struct order *o = ctx;
	o->calling = false;
	if (o->cancelled) {
		order_free(o);
		return;
	}
	if (r->err) {
		err_copy(&o->why, r->err);
		end(o);
		return;
	}
	json_t *tree = json_loadb(r->body.p, r->body.n, 0, NULL);
	o->name = str_dup(meta_name(tree));
	json_decref(tree);
	auto_free char *selector = str_printf("metadata.name=%s", o->name);
	const struct watch_handler h = { .resource = API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS,
					 .field_selector = str_from(selector),
					 .on_change = on_request,
					 .ctx = o };
	o->watch = client_watch(o->client, &h);
	loop_timer_start(&o->timer, PATIENCE_MS);
}

static void order_send(struct order *o, enum order_kind kind, struct str request)
{
	auto_buf body = { 0 };
	buf_puts(&body, "{\"apiVersion\":\"certificates.k8s.io/v1\",\"kind\":"
			"\"CertificateSigningRequest\",\"metadata\":{\"generateName\":\"csr-\"},"
			"\"spec\":{\"request\":\"");
	base64_encode(&body, request.p, request.n);
	buf_printf(&body, "\",\"signerName\":\"%s\",\"usages\":[\"digital signature\",\"%s\"]}}",
		   kinds[kind].signer, kinds[kind].usage);
	const struct client_call call = { .verb = API_CREATE,
					  .resource =
						  API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS,
					  .body = buf_view(&body),
					  .done = on_created,
					  .ctx = o };
	o->calling = true;
	client_do(o->client, &call);
}

struct order *order_start(struct client *c, enum order_kind kind, const char *node_name,
			  order_done done, void *ctx)
{
	struct order *o = NEW(struct order);
	auto_buf request = { 0 };
	auto_free char *node = str_printf("system:node:%s", node_name);
	const char *user = kinds[kind].user;
	const struct pair_subject subject = { .common_name = user ? user : node,
					      .organization = user ? NULL : "system:nodes",
					      .dns_name =
						      kind == ORDER_SERVING ? node_name : NULL };
	o->client = c;
	o->done = done;
	o->ctx = ctx;
	loop_timer_init(c->loop, &o->timer, on_timer);
	if (pair_request(&subject, &o->key, &request, &o->why) < 0)
		end(o);
	else
		order_send(o, kind, buf_view(&request));
	return o;
}

void order_cancel(struct order *o)
{
	if (!o)
		return;
	o->cancelled = true;
	loop_timer_stop(&o->timer);
	if (!o->calling)
		order_free(o);
}
