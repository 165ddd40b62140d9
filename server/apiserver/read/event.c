/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/event.h"

#include "api/codec.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"
#include "server/apiserver/status.h"
#include "server/apiserver/wire.h"

static const char *const type_names[] = { "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR" };
static const struct chunk json_heads[] = {
	CHUNK_STATIC("{\"type\":\"ADDED\",\"object\":"),
	CHUNK_STATIC("{\"type\":\"MODIFIED\",\"object\":"),
	CHUNK_STATIC("{\"type\":\"DELETED\",\"object\":"),
	CHUNK_STATIC("{\"type\":\"BOOKMARK\",\"object\":"),
	CHUNK_STATIC("{\"type\":\"ERROR\",\"object\":"),
};

static void object_release(void *owner)
{
	object_unref(owner);
}

int event_encoder_init(struct event_encoder *e, struct api_request *r, struct err *err)
{
	const struct api_resource *res = r->resource;
	e->r = r;
	e->converts = !res->crd && convert_needed(res->storage ? res->storage : res, res);
	e->table.version = r->media.shape_version;
	e->table.convert = convert_tree;
	if (r->media.shape == SHAPE_TABLE)
		return respond_table_include(r, &e->table.include, err);
	return 0;
}

static size_t frame_json(enum event_type type, struct chunk object, struct chunk *out)
{
	out[0] = json_heads[type];
	out[1] = object;
	out[2] = CHUNK_STATIC("}\n");
	return 3;
}

static size_t frame_protobuf(enum event_type type, struct chunk object, struct chunk *out)
{
	struct buf head = { 0 };
	wire_event_head(type_names[type], object.n, &head);
	out[0] = chunk_of_buf(&head);
	out[1] = object;
	return 2;
}

static size_t frame(struct event_encoder *e, enum event_type type, struct chunk object,
		    struct chunk *out)
{
	return e->r->media.format == MEDIA_PROTOBUF ? frame_protobuf(type, object, out)
						    : frame_json(type, object, out);
}

/* JSON text of a type in the stream's format; an empty chunk when it can't be encoded. */
static struct chunk text_chunk(struct event_encoder *e, const struct api_type *t, struct buf *take)
{
	if (e->r->media.format != MEDIA_PROTOBUF)
		return chunk_of_buf(take);
	struct buf out = { 0 };
	json_t *tree = NULL;
	if (api_json_parse(buf_view(take), &tree, NULL, NULL) == 0)
		api_protobuf_write(t, tree, &out, NULL);
	json_decref(tree);
	buf_free(take);
	return chunk_of_buf(&out);
}

static struct chunk converted_chunk(struct event_encoder *e, const struct object *o)
{
	struct buf out = { 0 };
	const struct api_resource *res = e->r->resource;
	json_t *tree = object_tree(o, NULL);
	if (tree) {
		convert_tree(o->resource, res, tree);
		if (e->r->media.format == MEDIA_PROTOBUF)
			api_protobuf_write(res->type, tree, &out, NULL);
		else
			api_json_write(res->type, tree, false, &out, NULL);
	}
	json_decref(tree);
	return chunk_of_buf(&out);
}

static struct chunk shaped_chunk(struct event_encoder *e, const struct object *o)
{
	struct buf out = { 0 };
	struct list_meta m = { .revision = o->revision, .remaining = -1 };
	if (e->r->media.shape != SHAPE_TABLE) {
		partial_write(o, e->r->media.shape_version, &out);
		return text_chunk(e, api_type_find(STR("meta/v1.PartialObjectMetadata")), &out);
	}
	e->table.now_s = clock_wall_s(e->r->server->clock);
	table_write(e->r->resource, &o, 1, &m, &e->table, &out);
	e->table.no_headers = true;
	return chunk_of_buf(&out);
}

static struct chunk plain_chunk(struct event_encoder *e, const struct object *o)
{
	struct str proto = { 0 };
	if (e->r->media.format != MEDIA_PROTOBUF)
		return chunk_of_object(o);
	if (object_protobuf(o, &proto, NULL) < 0)
		return CHUNK_STATIC("");
	return (struct chunk){ proto.p, proto.n, object_release, object_ref(o) };
}

size_t event_encode(struct event_encoder *e, enum event_type type, const struct object *o,
		    struct chunk *out)
{
	struct chunk body;
	if (e->r->media.shape != SHAPE_OBJECT)
		body = shaped_chunk(e, o);
	else if (e->converts || (o->resource->crd && convert_needed(o->resource, e->r->resource)))
		body = converted_chunk(e, o);
	else
		body = plain_chunk(e, o);
	return frame(e, type, body, out);
}

static void bookmark_meta(int64_t revision, bool initial_end, struct buf *out)
{
	buf_printf(out, "\"metadata\":{\"resourceVersion\":\"%lld\"", (long long)revision);
	if (initial_end)
		buf_puts(out, ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}");
	buf_puts(out, "}");
}

size_t event_encode_bookmark(struct event_encoder *e, int64_t revision, bool initial_end,
			     struct chunk *out)
{
	struct buf text = { 0 };
	char version[256];
	const struct api_resource *res = e->r->resource;
	const struct api_type *t = res->type;
	if (e->r->media.shape == SHAPE_TABLE) {
		buf_printf(&text,
			   "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/"
			   "%s\",\"metadata\":{\"resourceVersion\":\"%lld\"},"
			   "\"columnDefinitions\":null,\"rows\":[{\"cells\":[],\"object\":{"
			   "\"kind\":\"PartialObjectMetadata\","
			   "\"apiVersion\":\"meta.k8s.io/v1\",",
			   e->r->media.shape_version, (long long)revision);
		bookmark_meta(revision, initial_end, &text);
		buf_puts(&text, "}}]}");
	} else {
		bool partial = e->r->media.shape == SHAPE_METADATA ||
			       e->r->media.shape == SHAPE_METADATA_LIST;
		api_version_text(res, version, sizeof(version));
		buf_printf(&text, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",",
			   partial ? "PartialObjectMetadata" : res->kind,
			   partial ? "meta.k8s.io/v1" : version);
		bookmark_meta(revision, initial_end, &text);
		buf_putc(&text, '}');
		if (partial)
			t = api_type_find(STR("meta/v1.PartialObjectMetadata"));
	}
	return frame(e, EVENT_BOOKMARK, text_chunk(e, t, &text), out);
}

size_t event_encode_error(struct event_encoder *e, const struct err *err, struct chunk *out)
{
	struct buf text = { 0 };
	status_write(NULL, err, &text);
	text.n = str_trim(buf_view(&text)).n; /* an event is one line */
	return frame(e, EVENT_ERROR, text_chunk(e, api_type_find(STR("meta/v1.Status")), &text),
		     out);
}
