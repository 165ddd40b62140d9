/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/bootstrap.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "server/apiserver/bootstrap_objects.h"
#include "server/apiserver/local/local_client.h"
#include "server/apiserver/server.h"

struct item {
	const char *group, *version, *plural, *ns, *name;
	void (*write)(struct apiserver *s, const struct item *i, struct buf *out);
	const char *text; /* JSON behind the metadata, when there is no writer */
	bool replace;     /* put again at each start: it says where we are */
	bool merge;       /* of that: what others added stays */
};

static void write_plain(struct apiserver *s, const struct item *i, struct buf *out)
{
	(void)s;
	buf_printf(out, "{\"metadata\":{\"name\":\"%s\"}%s}", i->name, i->text);
}

static void first_service_ip(struct apiserver *s, char out[IP_TEXT_MAX])
{
	ip_range_text(&s->ranges.range[0], 1, out);
}

static void write_service(struct apiserver *s, const struct item *i, struct buf *out)
{
	char ip[IP_TEXT_MAX];
	first_service_ip(s, ip);
	buf_printf(out,
		   "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"component\":\"apiserver\","
		   "\"provider\":\"kubernetes\"}},\"spec\":{\"type\":\"ClusterIP\","
		   "\"clusterIP\":\"%s\",\"ipFamilyPolicy\":\"SingleStack\","
		   "\"sessionAffinity\":\"None\",\"ports\":[{\"name\":\"https\",\"protocol\":"
		   "\"TCP\",\"port\":443,\"targetPort\":%d}]}}",
		   i->name, ip, s->port);
}

/* The name server has no pods: every node answers for its address itself. */
static void write_dns_service(struct apiserver *s, const struct item *i, struct buf *out)
{
	char tenth[IP_TEXT_MAX];
	ip_range_text(&s->ranges.range[0], 10, tenth);
	buf_printf(
		out,
		"{\"metadata\":{\"name\":\"%s\",\"labels\":{\"k8s-app\":\"kube-dns\","
		"\"kubernetes.io/cluster-service\":\"true\",\"kubernetes.io/name\":\"CoreDNS\"}},"
		"\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"%s\",\"ports\":["
		"{\"name\":\"dns\",\"protocol\":\"UDP\",\"port\":53},"
		"{\"name\":\"dns-tcp\",\"protocol\":\"TCP\",\"port\":53}]}}",
		i->name, s->cluster_dns ? s->cluster_dns : tenth);
}

static void write_endpoints(struct apiserver *s, const struct item *i, struct buf *out)
{
	buf_printf(out,
		   "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"endpointslice.kubernetes.io/"
		   "skip-mirror\":\"true\"}},"
		   "\"subsets\":[{\"addresses\":[{\"ip\":\"%s\"}],\"ports\":[{\"name\":\"https\","
		   "\"port\":%d,\"protocol\":\"TCP\"}]}]}",
		   i->name, s->advertise_address, s->port);
}

static void write_slice(struct apiserver *s, const struct item *i, struct buf *out)
{
	buf_printf(out,
		   "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"kubernetes.io/"
		   "service-name\":\"kubernetes\"}},\"addressType\":\"%s\","
		   "\"endpoints\":[{\"addresses\":[\"%s\"],\"conditions\":{\"ready\":true}}],"
		   "\"ports\":[{\"name\":\"https\",\"port\":%d,\"protocol\":\"TCP\"}]}",
		   i->name, service_ip_family(s->advertise_address) == 6 ? "IPv6" : "IPv4",
		   s->advertise_address, s->port);
}

static void write_authentication(struct apiserver *s, const struct item *i, struct buf *out)
{
	buf_printf(out, "{\"metadata\":{\"name\":\"%s\"},\"data\":{\"client-ca-file\":", i->name);
	buf_json_string(out, buf_view(&s->pki.ca[CA_CLIENT].pem));
	buf_puts(out, ",\"requestheader-client-ca-file\":");
	buf_json_string(out, buf_view(&s->pki.ca[CA_REQUEST_HEADER].pem));
	buf_puts(out, ",\"requestheader-allowed-names\":\"[\\\"system:auth-proxy\\\"]\","
		      "\"requestheader-extra-headers-prefix\":\"[\\\"X-Remote-Extra-\\\"]\","
		      "\"requestheader-group-headers\":\"[\\\"X-Remote-Group\\\"]\","
		      "\"requestheader-uid-headers\":\"[\\\"X-Remote-Uid\\\"]\","
		      "\"requestheader-username-headers\":\"[\\\"X-Remote-User\\\"]\"}}");
}

/* The day from which on the use of old tokens has been watched. */
static void write_tracking(struct apiserver *s, const struct item *i, struct buf *out)
{
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(s->clock), now);
	buf_printf(out, "{\"metadata\":{\"name\":\"%s\"},\"data\":{\"since\":\"%.10s\"}}", i->name,
		   now);
}

/* For who has nothing but a bootstrap token: where the cluster is. Its signatures are a controller's. */
static void write_cluster_info(struct apiserver *s, const struct item *i, struct buf *out)
{
	bool v6 = strchr(s->advertise_address, ':') != NULL;
	auto_buf ca = { 0 }, text = { 0 };
	base64_encode(&ca, s->pki.ca[CA_SERVER].pem.p, s->pki.ca[CA_SERVER].pem.n);
	buf_printf(&text,
		   "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: %s\n"
		   "    server: https://%s%s%s:%d\n  name: \"\"\ncontexts: null\n"
		   "current-context: \"\"\nkind: Config\nusers: null\n",
		   ca.p, v6 ? "[" : "", s->advertise_address, v6 ? "]" : "", s->port);
	buf_printf(out, "{\"metadata\":{\"name\":\"%s\"},\"data\":{\"kubeconfig\":", i->name);
	buf_json_string(out, buf_view(&text));
	buf_puts(out, "}}");
}

/* What a machine that joins has to know beside where the cluster is. */
static void write_node_config(struct apiserver *s, const struct item *i, struct buf *out)
{
	char tenth[IP_TEXT_MAX];
	ip_range_text(&s->ranges.range[0], 10, tenth);
	const struct {
		const char *key;
		struct str value;
	} facts[] = {
		{ "client-ca.crt", buf_view(&s->pki.ca[CA_CLIENT].pem) },
		{ "cluster-cidr", str_from(s->cluster_cidr) },
		{ "cluster-dns", str_from(*s->cluster_dns_all ? s->cluster_dns_all : tenth) },
		{ "cluster-domain", str_from(s->cluster_domain) },
	};
	buf_printf(out, "{\"metadata\":{\"name\":\"%s\"},\"data\":{", i->name);
	for (size_t k = 0; k < COUNT_OF(facts); k++) {
		buf_printf(out, "%s\"%s\":", k ? "," : "", facts[k].key);
		buf_json_string(out, facts[k].value);
	}
	buf_puts(out, "}}");
}

static const struct item items[] = {
	{ "", "v1", "namespaces", "", "kube-system", write_plain, "" },
	{ "", "v1", "namespaces", "", "kube-public", write_plain, "" },
	{ "", "v1", "namespaces", "", "kube-node-lease", write_plain, "" },
	{ "", "v1", "namespaces", "", "default", write_plain, "" },
	{ "scheduling.k8s.io", "v1", "priorityclasses", "", "system-cluster-critical", write_plain,
	  ",\"value\":2000000000,\"description\":\"Used for system critical pods that must run in "
	  "the cluster, but can be moved to another node if "
	  "necessary.\"" },
	{ "scheduling.k8s.io", "v1", "priorityclasses", "", "system-node-critical", write_plain,
	  ",\"value\":2000001000,\"description\":\"Used for system critical pods that must not be "
	  "moved from their current node.\"" },
	{ "", "v1", "services", "default", "kubernetes", write_service },
	{ "", "v1", "services", "kube-system", "kube-dns", write_dns_service },
	{ "", "v1", "endpoints", "default", "kubernetes", write_endpoints, NULL, true },
	{ "discovery.k8s.io", "v1", "endpointslices", "default", "kubernetes", write_slice, NULL,
	  true },
	{ "", "v1", "configmaps", "kube-system", "extension-apiserver-authentication",
	  write_authentication, NULL, true },
	{ "", "v1", "configmaps", "kube-system", "allinone-node-config", write_node_config, NULL,
	  true },
	{ "", "v1", "configmaps", "kube-public", "cluster-info", write_cluster_info, NULL, true,
	  true },
	{ "", "v1", "configmaps", "kube-system",
	  "kube-apiserver-legacy-service-account-token-tracking", write_tracking },
};

struct bootstrap {
	struct apiserver *server;
	struct client *client;
	size_t wave, pending;
	struct bootstrap_objects objects;
	struct store_txn txn;
	void (*done)(struct apiserver *s);
};

static void wave_send(struct bootstrap *b);

static void one_done(struct bootstrap *b)
{
	if (--b->pending)
		return;
	b->wave++;
	wave_send(b);
}

static void item_done(void *ctx, const struct client_result *r)
{
	if (r->err && r->err->reason != ERR_ALREADY_EXISTS)
		log_error("cannot make a system object", LOG_S("error", err_text(r->err)));
	one_done(ctx);
}

static bool item_exists(const struct bootstrap *b, const struct item *i,
			const struct api_resource *res)
{
	auto_buf key = { 0 };
	object_key(res, str_from(i->ns), str_from(i->name), &key);
	const struct object *o = cache_get(server_cache(b->server, res), buf_view(&key));
	object_unref(o);
	return o != NULL;
}

/* What is there is left alone, but for what must tell the truth about this very process. */
static void item_send(struct bootstrap *b, const struct item *i)
{
	const struct api_resource *res =
		api_resource_find(str_from(i->group), str_from(i->version), str_from(i->plural));
	bool exists = item_exists(b, i, res);
	auto_buf body = { 0 };
	if (exists && !i->replace)
		return;
	i->write(b->server, i, &body);
	struct client_call call = { .verb = !exists    ? API_CREATE
					    : i->merge ? API_PATCH
						       : API_UPDATE,
				    .content_type = exists && i->merge
							    ? STR("application/merge-patch+json")
							    : STR(""),
				    .resource = res,
				    .ns = str_from(i->ns),
				    .name = exists ? str_from(i->name) : STR(""),
				    .query = STR("fieldManager=kube-apiserver"),
				    .body = buf_view(&body),
				    .done = item_done,
				    .ctx = b };
	b->pending++;
	client_do(b->client, &call);
}

static void objects_done(struct store_txn *txn)
{
	struct bootstrap *b = CONTAINER_OF(txn, struct bootstrap, txn);
	if (txn->err.reason)
		log_error("cannot make the system's objects", LOG_S("error", err_text(&txn->err)));
	err_clear(&txn->err);
	one_done(b);
}

static void objects_send(struct bootstrap *b)
{
	struct store *store = b->server->store;
	bootstrap_objects_make(b->server, &b->objects);
	if (b->objects.n == 0)
		return;
	b->txn = (struct store_txn){ .ops = b->objects.ops,
				     .nops = b->objects.n,
				     .loop = b->server->loops[0],
				     .done = objects_done,
				     .failed_op = -1 };
	b->pending++;
	store->ops->txn(store, &b->txn);
}

static void bootstrap_end(struct bootstrap *b)
{
	b->done(b->server);
	bootstrap_objects_free(&b->objects);
	local_client_free(b->client);
	free(b);
}

/* First the namespaces and what needs none, then what lives in them: all of a wave at once. */
static void wave_send(struct bootstrap *b)
{
	if (b->wave == 2) {
		bootstrap_end(b);
		return;
	}
	b->pending = 1; /* the wave itself, until all of it is sent */
	for (size_t i = 0; i < COUNT_OF(items); i++)
		if ((items[i].ns[0] != 0) == (b->wave == 1))
			item_send(b, &items[i]);
	if (b->wave == 0)
		objects_send(b);
	one_done(b);
}

static void bootstrap_run(void *ctx)
{
	wave_send(ctx);
}

void bootstrap_start(struct apiserver *s, void (*done)(struct apiserver *s))
{
	struct bootstrap *b = NEW(struct bootstrap);
	b->server = s;
	b->done = done;
	b->client = local_client_new(s, s->loops[0], "system:apiserver",
				     (const char *const[]){ "system:masters", NULL });
	loop_call(s->loops[0], bootstrap_run, b);
}
