/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/respond.h"

#include "api/codec.h"
#include "base/log.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/flow.h"
#include "server/apiserver/gzip.h"
#include "server/apiserver/pages/request_metrics.h"
#include "server/apiserver/server.h"
#include "server/apiserver/status.h"
#include "server/apiserver/write/yaml.h"

#define SMALL_BODY (64 << 10)

static void object_release(void *owner)
{
	object_unref(owner);
}

struct chunk chunk_of_object(const struct object *o)
{
	return (struct chunk){ o->json.p, o->json.n, object_release, object_ref(o) };
}

struct chunk chunk_of_buf(struct buf *take)
{
	size_t n = take->n;
	return chunk_take(buf_take(take), n);
}

/* Subresources whose handlers upstream gave no way to make a Table. */
static bool has_no_table(const struct api_request *r)
{
	static const char *const rows[][2] = { { "pods", "ephemeralcontainers" },
					       { "pods", "resize" },
					       { "resourceclaims", "status" },
					       { "apiservices", "status" },
					       { "certificatesigningrequests", "approval" } };
	for (size_t i = 0; r->sub && r->resource && i < COUNT_OF(rows); i++)
		if (!strcmp(r->resource->plural, rows[i][0]) && !strcmp(r->sub->name, rows[i][1]))
			return !r->resource->crd;
	return false;
}

int respond_negotiate(struct api_request *r, bool shapes, bool stream, struct err *err)
{
	int e = media_negotiate(r->accept, shapes, stream, &r->media, err);
	bool custom = r->resource && r->resource->crd && !(r->sub && r->sub->paths);
	if (e == 0 && custom && r->media.format == MEDIA_PROTOBUF && r->media.shape == SHAPE_OBJECT)
		return err_set(err, ERR_NOT_ACCEPTABLE,
			       "only the following media types are accepted: application/json, "
			       "application/yaml, application/vnd.kubernetes.protobuf");
	if (e == 0 && r->media.shape == SHAPE_TABLE && has_no_table(r))
		e = -(int)ERR_NOT_ACCEPTABLE;
	bool routed = str_trim(r->accept).n == 0 || media_known(r->accept);
	if ((e == 0 && routed) || !r->resource)
		return e;
	if (routed)
		return err_set(err, ERR_NOT_ACCEPTABLE,
			       "only the following media types are accepted: %s",
			       stream ? MEDIA_STREAM_TYPES_TEXT : MEDIA_TYPES_TEXT);
	request_about(r, "", "", STR("")); /* refused before the handler, with empty details */
	bool listed = r->verb & (API_LIST_VERB | API_WATCH);
	return err_set(err, ERR_NOT_ACCEPTABLE, "%s",
		       listed ? MEDIA_NOT_ACCEPTABLE : MEDIA_NOT_ACCEPTABLE_ONE);
}

int respond_table_include(struct api_request *r, enum table_include *out, struct err *err)
{
	struct str word = query_get(&r->arena, r->query, "includeObject");
	if (table_include_from_text(word, out))
		return 0;
	return err_set(err, ERR_BAD_REQUEST,
		       "Unable to convert to Table as requested: includeObject: Invalid value: "
		       "\"%.*s\": must be 'Metadata', 'Object', 'None', or empty",
		       STR_ARG(word));
}

const char *respond_go_type(struct api_request *r, const char *kind)
{
	struct str group = r->group.n ? r->group : STR("core");
	return arena_printf(&r->arena, "*%.*s.%s", (int)str_find(group, '.'), group.p, kind);
}

static size_t warning_fields(struct api_request *r, struct http_field *fields, size_t n)
{
	for (size_t i = 0; i < r->warned.n && n < RESPOND_FIELDS_MAX - 8; i++) {
		auto_buf text = { 0 };
		if (warned_header(&r->warned, i, &text))
			fields[n++] = (struct http_field){ STR("warning"),
							   arena_str(&r->arena, buf_view(&text)) };
	}
	return n;
}

size_t respond_fields(struct api_request *r, const char *content_type, struct http_field *fields)
{
	size_t n = 0;
	fields[n++] =
		(struct http_field){ STR("audit-id"), str_of(r->audit_id, UUID_TEXT_SIZE - 1) };
	fields[n++] = (struct http_field){ STR("cache-control"),
					   str_from(r->cache_control ? r->cache_control
								     : "no-cache, private") };
	if (content_type)
		fields[n++] = (struct http_field){ STR("content-type"), str_from(content_type) };
	if (r->nosniff)
		fields[n++] = (struct http_field){ STR("x-content-type-options"), STR("nosniff") };
	return warning_fields(r, fields, n);
}

void respond_finished(struct api_request *r, int status, size_t bytes)
{
	r->answered = true;
	flow_release(r);
	request_metrics_observe(r, status, bytes);
	request_unref(r);
}

static void chunks_release(struct chunk *body, size_t n)
{
	for (size_t i = 0; i < n; i++)
		chunk_release(&body[i]);
}

static void respond_body(struct api_request *r, int status, const char *content_type,
			 const struct http_field *extra, size_t nextra, struct chunk *body,
			 size_t n, bool encoded)
{
	struct http_field fields[RESPOND_FIELDS_MAX + 8];
	struct chunk squeezed;
	size_t nf = respond_fields(r, content_type, fields), bytes = 0;
	for (size_t i = 0; i < nextra && i < 6; i++)
		fields[nf++] = extra[i];
	for (size_t i = 0; i < n; i++)
		bytes += body[i].n;
	if (!encoded && gzip_pays(r, bytes) && gzip_chunks(body, n, &squeezed)) {
		chunks_release(body, n);
		body = &squeezed;
		n = 1;
		fields[nf++] = (struct http_field){ STR("content-encoding"), STR("gzip") };
		fields[nf++] = (struct http_field){ STR("vary"), STR("Accept-Encoding") };
	}
	if (r->gone)
		chunks_release(body, n);
	else
		r->responder->reply(r, status, fields, nf, body, n);
	respond_finished(r, status, bytes);
}

void respond_chunks(struct api_request *r, int status, const char *content_type,
		    const struct http_field *extra, size_t nextra, struct chunk *body, size_t n)
{
	respond_body(r, status, content_type, extra, nextra, body, n, false);
}

void respond_encoded(struct api_request *r, int status, const char *content_type,
		     const struct http_field *extra, size_t nextra, struct chunk *body, size_t n)
{
	respond_body(r, status, content_type, extra, nextra, body, n, true);
}

void respond_text(struct api_request *r, int status, const char *content_type, struct buf *take)
{
	struct chunk c = chunk_of_buf(take);
	respond_chunks(r, status, content_type, NULL, 0, &c, 1);
}

/* What is our fault is logged, once, here. */
static void log_failure(const struct api_request *r, const struct err *err)
{
	if (err->reason == ERR_INTERNAL)
		log_error("request failed", LOG_STR("method", r->method), LOG_STR("path", r->path),
			  LOG_STR("user", r->user.name), LOG_S("error", err_text(err)));
}

/* A small body on its way is waited for: some clients take an answer before it for a broken stream. */
static bool body_comes(const struct api_request *r)
{
	int64_t n = 0;
	return r->http && !r->body_asked && !r->gone &&
	       str_to_i64(http_header(r->http, "content-length"), &n) && n > 0 && n <= SMALL_BODY;
}

static void respond_late(struct api_request *r)
{
	respond_err(r, &r->late);
}

void respond_err(struct api_request *r, const struct err *err)
{
	if (body_comes(r)) {
		err_copy(&r->late, err);
		r->responder->body(r, respond_late);
		return;
	}
	log_failure(r, err);
	struct buf text = { 0 };
	int code = err_code(err);
	struct http_field retry = { STR("retry-after"), { 0 } };
	if (err->retry_after_s > 0)
		retry.value = str_from(arena_printf(&r->arena, "%d", err->retry_after_s));
	status_write(r, err, &text);
	struct media m = { 0 };
	auto_err none = { 0 };
	if (media_negotiate(r->accept, false, false, &m, &none) < 0 ||
	    respond_encode(m.format, api_type_find(STR("meta/v1.Status")), &text, &none) < 0)
		m.format = MEDIA_JSON;
	struct chunk c = chunk_of_buf(&text);
	respond_chunks(r, code, media_text(m.format), &retry, err->retry_after_s > 0 ? 1 : 0, &c,
		       1);
}

static int tree_encode(enum media_format f, const struct api_type *t, const json_t *tree,
		       struct buf *out, struct err *err)
{
	if (f == MEDIA_PROTOBUF)
		return api_protobuf_write(t, tree, out, err);
	if (f == MEDIA_YAML) {
		yaml_write(tree, out);
		return 0;
	}
	int e = api_json_write(t, tree, false, out, err);
	buf_putc(out, '\n');
	return e;
}

void respond_tree(struct api_request *r, int status, const struct api_type *t, const json_t *tree)
{
	auto_err err = { 0 };
	struct buf text = { 0 };
	if (tree_encode(r->media.format, t, tree, &text, &err) < 0) {
		buf_free(&text);
		respond_err(r, &err);
		return;
	}
	respond_text(r, status, media_text(r->media.format), &text);
}

void respond_json(struct api_request *r, int status, const struct api_type *t, struct buf *take)
{
	if (r->media.format == MEDIA_JSON || (!t && r->media.format != MEDIA_YAML)) {
		respond_text(r, status, media_text(MEDIA_JSON), take);
		return;
	}
	auto_err err = { 0 };
	json_t *tree = NULL;
	int e = api_json_parse(buf_view(take), &tree, NULL, &err);
	buf_free(take);
	if (e < 0)
		respond_err(r, &err);
	else
		respond_tree(r, status, t, tree);
	json_decref(tree);
}

int respond_encode(enum media_format f, const struct api_type *t, struct buf *text, struct err *err)
{
	json_t *tree = NULL;
	struct buf out = { 0 };
	if (f == MEDIA_JSON)
		return 0;
	int e = api_json_parse(buf_view(text), &tree, NULL, err);
	if (e == 0)
		e = tree_encode(f, t, tree, &out, err);
	json_decref(tree);
	buf_free(text);
	*text = out;
	return e;
}

void respond_shape(struct api_request *r, int status, const struct api_resource *res,
		   const struct object *o)
{
	struct buf text = { 0 };
	struct table_options to = { .version = r->media.shape_version,
				    .now_s = clock_wall_s(r->server->clock),
				    .convert = convert_tree };
	struct list_meta m = { .revision = o->revision, .remaining = -1 };
	auto_err err = { 0 };
	if (r->media.shape == SHAPE_METADATA) {
		partial_write(o, r->media.shape_version, &text);
	} else if (r->media.shape == SHAPE_METADATA_LIST) {
		err_set(&err, ERR_NOT_ACCEPTABLE,
			"you requested PartialObjectMetadataList, but the requested object is not "
			"a list (%s)",
			respond_go_type(r, res->kind));
	} else if (respond_table_include(r, &to.include, &err) < 0) {
		/* said below */
	} else {
		table_write(res, &o, 1, &m, &to, &text);
	}
	if (err.reason) {
		buf_free(&text);
		respond_err(r, &err);
		return;
	}
	respond_json(r, status, api_type_find(STR("meta/v1.PartialObjectMetadata")), &text);
}

/* With the fields that the other version always writes. */
static void spell_out(const struct api_type *t, json_t **tree)
{
	auto_buf text = { 0 };
	json_t *whole = NULL;
	if (api_json_write(t, *tree, false, &text, NULL) < 0 ||
	    api_json_parse(buf_view(&text), &whole, NULL, NULL) < 0)
		return;
	json_decref(*tree);
	*tree = whole;
}

static int object_encode(struct api_request *r, const struct object *o, struct buf *out,
			 struct err *err)
{
	json_t *tree = object_tree(o, err);
	if (!tree)
		return -(int)ERR_INTERNAL;
	const struct api_type *t = o->resource->type;
	if (convert_needed(o->resource, r->resource)) {
		convert_tree(o->resource, r->resource, tree);
		t = r->resource->type;
		spell_out(t, &tree);
	}
	int e = tree_encode(r->media.format, t, tree, out, err);
	json_decref(tree);
	return e;
}

void respond_object(struct api_request *r, int status, const struct object *o)
{
	if (r->media.shape != SHAPE_OBJECT) {
		respond_shape(r, status, r->resource, o);
		return;
	}
	auto_err err = { 0 };
	struct str proto;
	bool same = !convert_needed(o->resource, r->resource);
	if (same && r->media.format == MEDIA_JSON) {
		struct chunk c[2] = { chunk_of_object(o), CHUNK_STATIC("\n") };
		respond_chunks(r, status, media_text(MEDIA_JSON), NULL, 0, c, 2);
	} else if (same && r->media.format == MEDIA_PROTOBUF &&
		   object_protobuf(o, &proto, &err) == 0) {
		struct chunk c = { proto.p, proto.n, object_release, object_ref(o) };
		respond_chunks(r, status, media_text(MEDIA_PROTOBUF), NULL, 0, &c, 1);
	} else {
		struct buf text = { 0 };
		err_clear(&err);
		if (object_encode(r, o, &text, &err) < 0) {
			buf_free(&text);
			respond_err(r, &err);
			return;
		}
		respond_text(r, status, media_text(r->media.format), &text);
	}
}
