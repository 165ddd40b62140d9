/* SPDX-License-Identifier: Apache-2.0 */
/* The scale subresource: an autoscaling/v1 Scale made of an object's replicas, and written back to them. */
#include "api/codec.h"
#include "api/meta.h"
#include "api/selector.h"
#include "api/validation/validation.h"
#include "server/apiserver/decode.h"
#include "server/apiserver/patch.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources.h"
#include "server/apiserver/update.h"

static const struct api_type *scale_type(const struct api_request *r)
{
	return r->sub && r->sub->type ? r->sub->type : api_type_find(STR("autoscaling/v1.Scale"));
}

static json_t *selector_text(const json_t *object)
{
	const json_t *s = tree_get(object, "spec", "selector", NULL);
	struct selector *parsed = NULL;
	auto_buf text = { 0 };
	const char *key;
	json_t *value;
	if (json_object_get(s, "matchLabels") || json_object_get(s, "matchExpressions")) {
		if (selector_from_json(s, &parsed, NULL) == 0)
			selector_format(parsed, &text);
		selector_free(parsed);
	} else { /* a ReplicationController's is a plain map */
		json_object_foreach ((json_t *)s, key, value)
			buf_printf(&text, "%s%s=%s", text.n ? "," : "", key,
				   json_string_value(value));
	}
	return json_stringn(text.p ? text.p : "", text.n);
}

static json_t *scale_of(const json_t *object)
{
	json_t *meta = json_object(), *scale = json_object();
	static const char *const fields[] = { "name", "namespace", "uid", "resourceVersion",
					      "creationTimestamp" };
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (json_object_get(meta_of(object), fields[i]))
			json_object_set(meta, fields[i],
					json_object_get(meta_of(object), fields[i]));
	json_object_set_new(scale, "kind", json_string("Scale"));
	json_object_set_new(scale, "apiVersion", json_string("autoscaling/v1"));
	json_object_set_new(scale, "metadata", meta);
	json_object_set_new(
		scale, "spec",
		json_pack("{s:I}", "replicas",
			  (json_int_t)tree_int(tree_get(object, "spec", "replicas", NULL), 0)));
	json_object_set_new(
		scale, "status",
		json_pack("{s:I,s:o}", "replicas",
			  (json_int_t)tree_int(tree_get(object, "status", "replicas", NULL), 0),
			  "selector", selector_text(object)));
	return scale;
}

static void scale_respond(struct api_request *r, const struct object *o)
{
	auto_err err = { 0 };
	json_t *tree = object_tree(o, &err);
	if (!tree) {
		respond_err(r, &err);
		return;
	}
	if (o->revision) /* a dry run's object has none of its own */
		meta_set_text(tree, "resourceVersion",
			      str_from(arena_printf(&r->arena, "%lld", (long long)o->revision)));
	json_t *scale = scale_of(tree);
	respond_tree(r, 200, scale_type(r), scale);
	json_decref(scale);
	json_decref(tree);
}

void scale_get(struct api_request *r)
{
	auto_err err = { 0 };
	struct object *o =
		respond_negotiate(r, false, false, &err) < 0 ? NULL : lookup_target(r, &err);
	if (o)
		scale_respond(r, o);
	else
		respond_err(r, &err);
	object_unref(o);
}

static void scale_answer(struct write *w)
{
	scale_respond(w->r, w->object);
}

static int replicas_set(struct write *w, const json_t *scale, struct err *err)
{
	int64_t replicas = tree_int(tree_get(scale, "spec", "replicas", NULL), 0);
	if (replicas < 0) {
		request_about(w->r, "autoscaling", "Scale", w->name);
		err_cause(err, "FieldValueInvalid", "spec.replicas",
			  "Invalid value: %lld: must be greater than or equal to 0",
			  (long long)replicas);
		return validate_finish("Scale", "autoscaling", w->name, err);
	}
	w->tree = json_deep_copy(w->old);
	json_t *spec = json_object_get(w->tree, "spec");
	if (json_is_object(spec))
		json_object_set_new(spec, "replicas", json_integer(replicas));
	meta_set_text(w->tree, "resourceVersion", meta_revision(scale));
	meta_set_text(w->tree, "uid", meta_uid(scale));
	return 0;
}

static int scale_put(struct write *w, struct err *err)
{
	return replicas_set(w, w->body, err);
}

static int scale_patched(struct write *w, struct err *err)
{
	enum patch_kind kind = *(enum patch_kind *)w->extra;
	json_t *scale = scale_of(w->old);
	struct decode_expect x = decode_expected(w->r);
	x.type = scale_type(w->r);
	int e = patch_apply(x.type, kind, w->body, &scale, err);
	if (e == 0)
		e = decode_patched(w->r, &x, scale, err);
	if (e == 0)
		e = replicas_set(w, scale, err);
	json_decref(scale);
	return e;
}

static struct write *scale_write(struct api_request *r, json_t *body)
{
	struct write *w = write_new(r, r->resource, "scale", r->ns, r->name);
	w->body = body;
	w->answer = scale_answer;
	write_managed_by(w, "Update");
	return w;
}

static void scale_update_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct decode_expect x = { scale_type(r), "autoscaling", "v1", "Scale" };
	int e = decode_body(r, &x, &tree, &err);
	if (e == 0)
		e = update_check_name(r, tree, &err);
	if (e < 0) {
		json_decref(tree);
		respond_err(r, &err);
		return;
	}
	struct write *w = scale_write(r, tree);
	w->modify = scale_put;
	write_update(w);
}

void scale_update(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, false, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, scale_update_body);
}

static void scale_patch_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *patch = NULL;
	enum patch_kind *kind = r->state;
	if (patch_parse(r, *kind, &patch, &err) < 0) {
		json_decref(patch);
		respond_err(r, &err);
		return;
	}
	if (*kind == PATCH_APPLY) /* a Scale has one field to apply: merging it is the same */
		*kind = PATCH_MERGE;
	struct write *w = scale_write(r, patch);
	w->extra = kind;
	w->modify = scale_patched;
	write_update(w);
}

void scale_patch(struct api_request *r)
{
	auto_err err = { 0 };
	enum patch_kind *kind = arena_alloc(&r->arena, sizeof(*kind));
	int e = patch_kind_of(r->content_type, kind, &err);
	if (e == 0)
		e = respond_negotiate(r, false, false, &err);
	if (e < 0) {
		respond_err(r, &err);
		return;
	}
	r->state = kind;
	r->responder->body(r, scale_patch_body);
}
