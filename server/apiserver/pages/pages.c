/* SPDX-License-Identifier: Apache-2.0 */
/* A table of paths. A row ending in "/" stands for all that is below it. Discovery answers are made on demand: they are asked
 * for once per client, and carry an ETag, so that asking again costs 304. */
#include "server/apiserver/pages/pages.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "api/discovery.h"
#include "base/metrics.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/pages/openapi_page.h"
#include "server/apiserver/pages/root_page.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

#define AGGREGATED "apidiscovery.k8s.io"
#define ETAG_MAX   DISCOVERY_ETAG_MAX

static const char page_json[] = "application/json";

static void page_not_found(struct api_request *r)
{
	static const struct http_field nosniff = { STR_INIT("x-content-type-options"),
						   STR_INIT("nosniff") };
	struct chunk c = CHUNK_STATIC("404 page not found\n");
	respond_chunks(r, 404, "text/plain; charset=utf-8", &nosniff, 1, &c, 1);
}

/* A page that is an object, in the form that the client wants. Upstream's web service looks at the bare types first (`routed`),
 * and says it in other words. */
static void page_object(struct api_request *r, const char *type, bool routed, struct buf *take)
{
	auto_err err = { 0 };
	if (media_negotiate(r->accept, false, false, &r->media, &err) == 0) {
		respond_json(r, 200, api_type_find(str_from(type)), take);
		return;
	}
	bool early = routed && !media_known(r->accept);
	buf_free(take);
	if (early)
		request_about(r, "", "", STR(""));
	err_set(&err, ERR_NOT_ACCEPTABLE, "%s" MEDIA_TYPES_TEXT,
		early ? "406: Not Acceptable\n\nAvailable representations: "
		      : "only the following media types are accepted: ");
	respond_err(r, &err);
}

/* 304 when the client has these bytes. */
static void page_with_etag(struct api_request *r, const char *type, const char *etag,
			   struct buf *take)
{
	struct http_field fields[] = { { STR("etag"), str_from(etag) },
				       { STR("vary"), STR("Accept") } };
	struct str known = r->http ? http_header(r->http, "if-none-match") : (struct str){ 0 };
	if (known.n && str_eqz(known, etag)) {
		buf_free(take);
		respond_chunks(r, 304, NULL, fields, 2, NULL, 0);
		return;
	}
	struct chunk c = chunk_of_buf(take);
	respond_chunks(r, 200, type, fields, 2, &c, 1);
}

/* Accept asks for the aggregated form; v2beta1 has left upstream. */
static bool aggregated_wanted(const struct api_request *r, enum media_format *out)
{
	struct str rest = r->accept, one;
	while (rest.p && str_next(&rest, ',', &one)) {
		if (!str_contains(one, STR("g=" AGGREGATED)) ||
		    !str_contains(one, STR("as=APIGroupDiscoveryList")) ||
		    !str_contains(one, STR("v=v2")) || str_contains(one, STR("v=v2beta1")))
			continue;
		auto_err err = { 0 };
		if (media_of_body(media_bare(str_trim(one)), out, &err) == 0)
			return true;
	}
	return false;
}

static bool page_aggregated(struct api_request *r, bool core)
{
	enum media_format format;
	char etag[ETAG_MAX];
	struct buf text = { 0 };
	if (!aggregated_wanted(r, &format))
		return false;
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = crd_set_discovery(now);
	discovery_aggregated(&d, core, &text, etag);
	crd_set_unref(now);
	const struct api_type *t = api_type_find(STR("apidiscovery/v2.APIGroupDiscoveryList"));
	auto_err err = { 0 };
	if (respond_encode(format, t, &text, &err) < 0) {
		buf_free(&text);
		respond_err(r, &err);
		return true;
	}
	r->cache_control = "public";
	page_with_etag(r,
		       arena_printf(&r->arena, "%s;g=" AGGREGATED ";v=v2;as=APIGroupDiscoveryList",
				    media_text(format)),
		       etag, &text);
	return true;
}

static void page_versions(struct api_request *r, struct str rest)
{
	(void)rest;
	struct buf text = { 0 };
	if (page_aggregated(r, true))
		return;
	char *address =
		arena_printf(&r->arena, "%s:%d", r->server->advertise_address, r->server->port);
	discovery_versions(str_from(address), &text);
	page_object(r, "meta/v1.APIVersions", false, &text);
}

static void page_groups(struct api_request *r, struct str rest)
{
	(void)rest;
	struct buf text = { 0 };
	if (page_aggregated(r, false))
		return;
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = crd_set_discovery(now);
	discovery_groups(&d, &text);
	crd_set_unref(now);
	page_object(r, "meta/v1.APIGroupList", false, &text);
}

static void page_refused(struct api_request *r, enum err_reason reason, const char *text)
{
	auto_err err = { 0 };
	request_about(r, "", "", STR(""));
	err_set(&err, reason, "%s", text);
	respond_err(r, &err);
}

static bool group_known(struct str group)
{
	for (size_t i = 0; i < api_builtin_count; i++)
		if (str_eqz(group, api_builtin[i]->group))
			return true;
	return false;
}

static void page_resources(struct api_request *r, struct str group, struct str version)
{
	struct buf text = { 0 };
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = crd_set_discovery(now);
	bool served = discovery_resources(&d, group, version, &text);
	crd_set_unref(now);
	if (served) {
		page_object(r, "meta/v1.APIResourceList", true, &text);
		return;
	}
	buf_free(&text);
	if (group_known(group))
		page_refused(r, ERR_NOT_FOUND, "the server could not find the requested resource");
	else
		page_not_found(r);
}

static void page_core_version(struct api_request *r, struct str rest)
{
	page_resources(r, STR(""), rest);
}

static void page_group(struct api_request *r, struct str rest)
{
	struct buf text = { 0 };
	size_t slash = str_find(rest, '/');
	if (slash < rest.n) {
		page_resources(r, str_of(rest.p, slash),
			       str_of(rest.p + slash + 1, rest.n - slash - 1));
		return;
	}
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = crd_set_discovery(now);
	bool served = discovery_group(&d, rest, &text);
	crd_set_unref(now);
	if (served) {
		page_object(r, "meta/v1.APIGroup", false, &text);
	} else {
		buf_free(&text);
		page_not_found(r);
	}
}

static void page_healthz(struct api_request *r, struct str rest)
{
	health_respond(r, HEALTH_HEALTHZ, "healthz", rest);
}

static void page_livez(struct api_request *r, struct str rest)
{
	health_respond(r, HEALTH_LIVEZ, "livez", rest);
}

static void page_readyz(struct api_request *r, struct str rest)
{
	health_respond(r, HEALTH_READYZ, "readyz", rest);
}

static const char *go_arch(const char *machine)
{
	if (!strcmp(machine, "x86_64"))
		return "amd64";
	return !strcmp(machine, "aarch64") ? "arm64" : machine;
}

/* Made of JSON alone: who wants something else hears so. */
static bool page_only_json(struct api_request *r)
{
	struct str accept = r->accept, part;
	bool fits = str_trim(accept).n == 0;
	while (str_next(&accept, ',', &part))
		fits |= str_eqz(media_bare(part), page_json) || str_eqz(media_bare(part), "*/*");
	if (!fits)
		page_refused(r, ERR_NOT_ACCEPTABLE,
			     "406: Not Acceptable\n\nAvailable representations: application/json");
	return !fits;
}

static void page_version(struct api_request *r, struct str rest)
{
	(void)rest;
	struct buf text = { 0 };
	struct utsname u;
	if (page_only_json(r))
		return;
	uname(&u);
	buf_printf(&text,
		   "{\n  \"major\": \"1\",\n  \"minor\": \"37\",\n  \"emulationMajor\": \"1\",\n  "
		   "\"emulationMinor\": \"37\",\n"
		   "  \"minCompatibilityMajor\": \"1\",\n  \"minCompatibilityMinor\": \"36\",\n  "
		   "\"gitVersion\": \"%s\",\n  \"gitCommit\": \"\",\n"
		   "  \"gitTreeState\": \"clean\",\n  \"buildDate\": \"1970-01-01T00:00:00Z\",\n  "
		   "\"goVersion\": \"none\",\n  \"compiler\": \"%s\",\n"
		   "  \"platform\": \"linux/%s\"\n}",
		   API_VERSION_TEXT, "gcc", go_arch(u.machine));
	respond_text(r, 200, page_json, &text);
}

static void metrics_respond(struct api_request *r, struct buf *take)
{
	struct chunk c = chunk_of_buf(take);
	const char *since = arena_printf(&r->arena, "%lld", (long long)r->server->started_s);
	struct http_field started = { STR("process-start-time-unix"), str_from(since) };
	respond_chunks(r, 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
		       &started, 1, &c, 1);
}

static void page_metrics(struct api_request *r, struct str rest)
{
	(void)rest;
	struct buf text = { 0 };
	if (str_eqz(r->method,
		    "DELETE")) { /* ours count on: what they tell belongs to all who read them */
		buf_puts(&text, "metrics reset\n");
		respond_text(r, 200, "text/plain; charset=utf-8", &text);
		return;
	}
	metrics_render(&text);
	metrics_respond(r, &text);
}

/* Of each health check, what it says now. */
static void page_slis(struct api_request *r, struct str rest)
{
	(void)rest;
	struct buf text = { 0 };
	health_slis(&r->server->health, &text);
	metrics_respond(r, &text);
}

static void page_keys(struct api_request *r, struct str rest)
{
	(void)rest;
	struct buf text = { 0 };
	auto_err err = { 0 };
	if (token_jwks(r->server->tokens, &text, &err) < 0) {
		buf_free(&text);
		respond_err(r, &err);
		return;
	}
	r->cache_control = "public, max-age=3600";
	respond_text(r, 200, "application/jwk-set+json", &text);
}

static void page_issuer(struct api_request *r, struct str rest)
{
	(void)rest;
	struct buf text = { 0 };
	buf_printf(&text,
		   "{\"issuer\":\"%s\",\"jwks_uri\":\"https://%s:%d/openid/v1/"
		   "jwks\",\"response_types_supported\":[\"id_token\"],"
		   "\"subject_types_supported\":[\"public\"],\"id_token_signing_alg_values_"
		   "supported\":[\"ES256\"]}",
		   token_issuer(r->server->tokens), r->server->advertise_address, r->server->port);
	r->cache_control = "public, max-age=3600";
	respond_text(r, 200, page_json, &text);
}

static void page_root(struct api_request *r, struct str rest);

enum page_methods {
	PAGE_ANY,     /* upstream's plain handlers don't look at the method */
	PAGE_READS,   /* GET and HEAD; others 405 */
	PAGE_UNKNOWN, /* GET and HEAD; others 404 */
};

static const struct page {
	const char *path;
	void (*run)(struct api_request *r, struct str rest);
	enum page_methods methods;
} pages[] = {
	{ "/", page_root, PAGE_UNKNOWN },
	{ "/api", page_versions, PAGE_READS },
	{ "/api/", page_core_version, PAGE_READS },
	{ "/apis", page_groups, PAGE_ANY },
	{ "/apis/", page_group, PAGE_ANY },
	{ "/healthz", page_healthz, PAGE_ANY },
	{ "/healthz/", page_healthz, PAGE_ANY },
	{ "/livez", page_livez, PAGE_ANY },
	{ "/livez/", page_livez, PAGE_ANY },
	{ "/readyz", page_readyz, PAGE_ANY },
	{ "/readyz/", page_readyz, PAGE_ANY },
	{ "/version", page_version, PAGE_READS },
	{ "/metrics", page_metrics, PAGE_ANY },
	{ "/metrics/slis", page_slis, PAGE_ANY },
	{ "/openapi/v2", page_openapi_v2, PAGE_ANY },
	{ "/openapi/v3", page_openapi_v3_root, PAGE_ANY },
	{ "/openapi/v3/", page_openapi_v3, PAGE_ANY },
	{ "/openid/v1/jwks", page_keys, PAGE_READS },
	{ "/.well-known/openid-configuration", page_issuer, PAGE_READS },
};

static void page_root(struct api_request *r, struct str rest)
{
	const char *own[COUNT_OF(pages)];
	size_t n = 0;
	(void)rest;
	for (size_t i = 1; i < COUNT_OF(pages); i++)
		if (!str_ends(str_from(pages[i].path), STR("/")))
			own[n++] = pages[i].path;
	root_page_respond(r, own, n);
}

static bool page_fits(const struct page *p, struct str path, struct str *rest)
{
	struct str own = str_from(p->path);
	bool below = own.n > 1 && own.p[own.n - 1] == '/';
	*rest = (struct str){ 0 };
	if (!below)
		return str_eq(path, own);
	*rest = path;
	return str_cut_prefix(rest, own) && rest->n > 0;
}

/* Of a group's versions only reading is served, of the group itself anything. */
static bool reads_only(const struct page *p, struct str rest)
{
	return p->methods == PAGE_READS || (p->run == page_group && str_find(rest, '/') < rest.n);
}

void page_respond(struct api_request *r)
{
	struct str path = r->path, rest;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	bool reads = str_eqz(r->method, "GET") || str_eqz(r->method, "HEAD");
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		bool slash = path.n < r->path.n && pages[i].methods == PAGE_ANY &&
			     !str_starts(path, STR("/apis"));
		if (!page_fits(&pages[i], path, &rest) || slash)
			continue;
		if (!reads && reads_only(&pages[i], rest))
			page_refused(r, ERR_METHOD_NOT_ALLOWED,
				     "the server does not allow this method on the requested "
				     "resource");
		else if (!reads && pages[i].methods == PAGE_UNKNOWN)
			page_not_found(r);
		else
			pages[i].run(r, rest);
		return;
	}
	page_not_found(r);
}
