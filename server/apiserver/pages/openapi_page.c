/* SPDX-License-Identifier: Apache-2.0 */
/* Follows kube-openapi (pkg/handler, pkg/handler3). */
#include "server/apiserver/pages/openapi_page.h"

#include <stdio.h>
#include <time.h>

#include "api/openapi/openapi.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/gzip.h"
#include "server/apiserver/options.h"
#include "server/apiserver/pages/openapi_documents.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

struct page { /* the request's state while its document is written */
	enum openapi_form form;
	struct str where;
	char etag[DISCOVERY_ETAG_MAX];
	bool packed;
	const char *expires; /* NULL: the address doesn't name the content */
};

static bool wants_json(struct api_request *r)
{
	return r->accept.n == 0 || str_contains(r->accept, STR("json")) ||
	       str_contains(r->accept, STR("*/*"));
}

/* Upstream's handlers of these pages say no more than a code. */
static void respond_code(struct api_request *r, int code)
{
	struct buf nothing = { 0 };
	respond_text(r, code, NULL, &nothing);
}

static void respond_page(struct api_request *r, int code, const char *type, struct chunk *text)
{
	struct page *p = r->state;
	struct http_field fields[5] = { { STR("etag"), str_from(p->etag) },
					{ STR("vary"), STR("Accept") } };
	size_t n = 2;
	if (p->expires) {
		r->cache_control = "public, immutable";
		fields[n++] = (struct http_field){ STR("expires"), str_from(p->expires) };
	}
	if (p->packed && text) {
		fields[n++] = (struct http_field){ STR("content-encoding"), STR("gzip") };
		fields[n++] = (struct http_field){ STR("vary"), STR("Accept-Encoding") };
	}
	respond_encoded(r, code, type, fields, n, text, text ? 1 : 0);
}

static void on_document(struct api_request *r, struct chunk text, const struct err *err)
{
	static const char protobuf[] = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
	struct page *p = r->state;
	if (text.n)
		respond_page(r, 200, p->form == OPENAPI_V2_PROTOBUF ? protobuf : "application/json",
			     &text);
	else
		respond_err(r, err);
}

static void respond_document(struct api_request *r, struct page *p, struct crd_set *set)
{
	struct str known = r->http ? http_header(r->http, "if-none-match") : (struct str){ 0 };
	r->state = p;
	p->packed = gzip_wanted(r);
	if (known.n && str_eqz(known, p->etag)) {
		respond_page(r, 304, NULL, NULL);
		return;
	}
	const struct openapi_wish wish = { p->form, p->where, p->packed, p->etag, set };
	openapi_documents_get(r->server->openapi, r, &wish, on_document);
}

static void respond_of_all(struct api_request *r, enum openapi_form form, const char *name)
{
	struct page *p = ARENA_NEW(&r->arena, struct page);
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = crd_set_discovery(now);
	p->form = form;
	openapi_etag_of_all(&d, name, p->etag);
	respond_document(r, p, now);
	crd_set_unref(now);
}

void page_openapi_v2(struct api_request *r, struct str rest)
{
	(void)rest;
	bool protobuf = str_contains(r->accept, STR("proto-openapi.spec.v2")) &&
			!str_starts(r->accept, STR("application/json"));
	if (protobuf)
		respond_of_all(r, OPENAPI_V2_PROTOBUF, "v2 protobuf");
	else if (wants_json(r))
		respond_of_all(r, OPENAPI_V2, "v2");
	else
		respond_code(r, 406);
}

void page_openapi_v3_root(struct api_request *r, struct str rest)
{
	(void)rest;
	respond_of_all(r, OPENAPI_V3_INDEX, "v3");
}

/* The index names each document with its hash: what is asked for so may be kept for a year. */
static const char *in_a_year(struct api_request *r)
{
	char text[64];
	struct tm tm;
	time_t then = clock_wall_s(r->server->clock);
	gmtime_r(&then, &tm);
	tm.tm_year++;
	timegm(&tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S UTC", &tm);
	return arena_strdup(&r->arena, str_from(text));
}

static void respond_moved(struct api_request *r, struct str where, const char *etag)
{
	struct http_field fields[] = {
		{ STR("location"), str_from(arena_printf(&r->arena, "/openapi/v3/%.*s?hash=%.64s",
							 STR_ARG(where), etag + 1)) },
		{ STR("etag"), str_from(etag) },
		{ STR("vary"), STR("Accept") },
	};
	respond_chunks(r, 301, NULL, fields, COUNT_OF(fields), NULL, 0);
}

void page_openapi_v3(struct api_request *r, struct str rest)
{
	struct str hash = query_get(&r->arena, r->query, "hash");
	struct page *p = ARENA_NEW(&r->arena, struct page);
	if (!wants_json(r)) {
		respond_code(r, 406);
		return;
	}
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = crd_set_discovery(now);
	p->form = OPENAPI_V3;
	p->where = rest;
	if (!openapi_etag(&d, rest, p->etag)) {
		respond_code(r, 404);
	} else if (hash.n && !str_eq(hash, str_of(p->etag + 1, strlen(p->etag) - 2))) {
		respond_moved(r, rest, p->etag);
	} else {
		p->expires = hash.n ? in_a_year(r) : NULL;
		respond_document(r, p, now);
	}
	crd_set_unref(now);
}
