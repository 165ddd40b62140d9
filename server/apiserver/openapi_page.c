/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/openapi_page.h"

#include <stdio.h>

#include "api/openapi.h"
#include "base/encode.h"
#include "server/apiserver/respond.h"

static bool wants_json(struct api_request *r)
{
	return r->accept.n == 0 || str_contains(r->accept, STR("json")) ||
	       str_contains(r->accept, STR("*/*"));
}

static void not_acceptable(struct api_request *r)
{
	auto_err err = { 0 };
	err_set(&err, ERR_NOT_ACCEPTABLE,
		"only the following media types are accepted: application/json");
	respond_err(r, &err);
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

void page_openapi_v2(struct api_request *r, struct str rest)
{
	struct buf text = { 0 };
	struct discovery d = discovery_builtin();
	(void)rest;
	bool protobuf = str_contains(r->accept, STR("proto-openapi.spec.v2")) &&
			!str_starts(r->accept, STR("application/json"));
	if (!wants_json(r) && !protobuf) {
		not_acceptable(r);
		return;
	}
	openapi_v2(&d, &text);
	if (protobuf) {
		respond_v2_protobuf(r, &text);
		return;
	}
	respond_document(r, "application/json", &text);
}

void page_openapi_v3_root(struct api_request *r, struct str rest)
{
	struct buf text = { 0 };
	struct discovery d = discovery_builtin();
	(void)rest;
	openapi_v3_index(&d, &text);
	respond_document(r, "application/json", &text);
}

/* "api/v1" or "apis/GROUP/VERSION" */
static bool document_of(struct str rest, struct str *group, struct str *version)
{
	struct str first;
	if (!str_next(&rest, '/', &first))
		return false;
	*group = STR("");
	if (str_eqz(first, "apis") && !str_next(&rest, '/', group))
		return false;
	return (str_eqz(first, "apis") || str_eqz(first, "api")) && str_next(&rest, '/', version);
}

void page_openapi_v3(struct api_request *r, struct str rest)
{
	struct str group, version;
	char etag[DISCOVERY_ETAG_MAX];
	struct buf text = { 0 };
	struct discovery d = discovery_builtin();
	if (!wants_json(r)) {
		not_acceptable(r);
		return;
	}
	if (document_of(rest, &group, &version) && openapi_v3(&d, group, version, &text)) {
		openapi_etag(&d, group, version, etag);
		page_with_etag(r, "application/json", arena_strdup(&r->arena, str_from(etag)),
			       &text);
		return;
	}
	buf_reset(&text);
	buf_puts(&text, "404 page not found\n");
	respond_text(r, 404, "text/plain; charset=utf-8", &text);
}
