/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pages/openapi_page.h"

#include <stdio.h>

#include "api/openapi/openapi.h"
#include "base/encode.h"
#include "generated/api_tables.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

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

static void respond_document(struct api_request *r, const char *type, struct buf *take)
{
	char digest[2 * SHA256_SIZE + 1], etag[2 * SHA256_SIZE + 3];
	sha256_hex(take->p, take->n, digest);
	snprintf(etag, sizeof(etag), "\"%s\"", digest);
	page_with_etag(r, type, arena_strdup(&r->arena, str_from(etag)), take);
}

/* The only form that kubectl up to 1.26 takes. */
static void respond_v2_protobuf(struct api_request *r, struct buf *json)
{
	auto_err err = { 0 };
	struct buf message = { 0 };
	int code = openapi_v2_protobuf(buf_view(json), &message, &err);
	buf_free(json);
	if (code < 0)
		respond_err(r, &err);
	else
		respond_document(r, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
				 &message);
}

/* What the stored definition says about this version. */
static json_t *schema_of(void *ctx, const struct api_resource *r)
{
	struct apiserver *s = ctx;
	auto_buf key = { 0 }, name = { 0 };
	const struct api_resource *definitions = API_APIEXTENSIONS_V1_CUSTOMRESOURCEDEFINITIONS;
	buf_printf(&name, "%s.%s", r->plural, r->group);
	object_key(definitions, STR(""), buf_view(&name), &key);
	const struct object *o = cache_get(server_cache(s, definitions), buf_view(&key));
	json_t *tree = o ? object_tree(o, NULL) : NULL, *schema = NULL, *version;
	size_t i;
	json_array_foreach (json_object_get(json_object_get(tree, "spec"), "versions"), i, version)
		if (strcmp(json_string_value(json_object_get(version, "name")), r->version) == 0)
			schema = json_incref(json_object_get(json_object_get(version, "schema"),
							     "openAPIV3Schema"));
	json_decref(tree);
	object_unref(o);
	return schema;
}

static struct discovery documents_of(struct api_request *r, const struct crd_set *now)
{
	struct discovery d = crd_set_discovery(now);
	d.schema_of = schema_of;
	d.ctx = r->server;
	return d;
}

void page_openapi_v2(struct api_request *r, struct str rest)
{
	struct buf text = { 0 };
	(void)rest;
	bool protobuf = str_contains(r->accept, STR("proto-openapi.spec.v2")) &&
			!str_starts(r->accept, STR("application/json"));
	if (!wants_json(r) && !protobuf) {
		respond_code(r, 406);
		return;
	}
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = documents_of(r, now);
	openapi_v2(&d, &text);
	crd_set_unref(now);
	if (protobuf) {
		respond_v2_protobuf(r, &text);
		return;
	}
	respond_document(r, "application/json", &text);
}

void page_openapi_v3_root(struct api_request *r, struct str rest)
{
	struct buf text = { 0 };
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = documents_of(r, now);
	(void)rest;
	openapi_v3_index(&d, &text);
	crd_set_unref(now);
	respond_document(r, "application/json", &text);
}

void page_openapi_v3(struct api_request *r, struct str rest)
{
	char etag[DISCOVERY_ETAG_MAX];
	struct buf text = { 0 };
	if (!wants_json(r)) {
		respond_code(r, 406);
		return;
	}
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = documents_of(r, now);
	bool found = openapi_v3(&d, rest, &text);
	if (found)
		openapi_etag(&d, rest, etag);
	crd_set_unref(now);
	if (found) {
		page_with_etag(r, "application/json", arena_strdup(&r->arena, str_from(etag)),
			       &text);
		return;
	}
	buf_free(&text);
	respond_code(r, 404);
}
