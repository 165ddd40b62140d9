/* SPDX-License-Identifier: Apache-2.0 */
/* The scale subresource: an autoscaling/v1 Scale made of an object's replicas, and written back to them. */
#include "api/apply/apply.h"
#include "api/apply/managed_scale.h"
#include "api/codec.h"
#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "api/validation/validation.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/subresources.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/patch.h"
#include "server/apiserver/write/update.h"

static const struct api_type *scale_type(const struct api_request *r)
{
	return r->sub && r->sub->type ? r->sub->type : api_type_find(STR("autoscaling/v1.Scale"));
}

/* Where a custom resource keeps it; NULL: nowhere. */
static const char *custom_path(const struct api_request *r, size_t which)
{
	return r->sub && r->sub->paths ? r->sub->paths[which] : NULL;
}

static json_t *by_path(const json_t *v, const char *dotted)
{
	struct str rest = str_from(dotted ? dotted : ""), step;
	if (!rest.n)
		return NULL;
	while (v && rest.n && str_next(&rest, '.', &step))
		v = json_object_getn(v, step.p, step.n);
	return (json_t *)v;
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

static json_t *status_of(const struct api_request *r, const json_t *object)
{
	bool custom = r->sub && r->sub->paths;
	const json_t *replicas = custom ? by_path(object, custom_path(r, 1))
					: tree_get(object, "status", "replicas", NULL);
	json_t *selector =
		custom ? json_incref(by_path(object, custom_path(r, 2))) : selector_text(object);
	json_t *status = json_pack("{s:I}", "replicas", (json_int_t)tree_int(replicas, 0));
	if (selector)
		json_object_set_new(status, "selector", selector);
	return status;
}

static json_t *scale_of(const struct api_request *r, const json_t *object)
{
	const json_t *replicas = r->sub && r->sub->paths
					 ? by_path(object, custom_path(r, 0))
					 : tree_get(object, "spec", "replicas", NULL);
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
	json_object_set_new(scale, "spec",
			    json_pack("{s:I}", "replicas", (json_int_t)tree_int(replicas, 0)));
	json_object_set_new(scale, "status", status_of(r, object));
	return scale;
}

static const struct api_column columns[] = {
	{ "Name", "string", "", "Its name.", 0, ".metadata.name", NULL, NULL },
	{ "Desired", "integer", "", "How many are wanted.", 0, ".spec.replicas", "int", NULL },
	{ "Available", "integer", "", "How many there are.", 0, ".status.replicas", "int", NULL },
	{ "Age", "string", "", "How long ago it was made.", 0, ".metadata.creationTimestamp", "age",
	  NULL },
};

/* A Scale as if it were a resource: its columns, its type, its version. */
static struct api_resource scale_resource(const struct api_request *r)
{
	struct api_resource res = *r->resource;
	res.group = "autoscaling";
	res.version = "v1";
	res.kind = "Scale";
	res.type = scale_type(r);
	res.columns = columns;
	res.ncolumns = COUNT_OF(columns);
	return res;
}

static void shape_respond(struct api_request *r, const json_t *scale)
{
	struct api_resource res = scale_resource(r);
	struct object *o = NULL;
	auto_err err = { 0 };
	auto_free char *text = json_dumps(scale, JSON_COMPACT | JSON_ENCODE_ANY);
	if (object_from_served(&res, str_from(text), &o, &err) == 0)
		respond_shape(r, 200, &res, o);
	else
		respond_err(r, &err);
	object_unref(o);
}

static void scale_respond(struct api_request *r, const struct object *o)
{
	auto_err err = { 0 };
	json_t *tree = object_tree(o, &err);
	if (!tree) {
		respond_err(r, &err);
		return;
	}
	if (r->sub && r->sub->paths && !by_path(tree, custom_path(r, 0))) {
		err_set(&err, ERR_INTERNAL,
			"Internal error occurred: the spec replicas field \".%s\" does not exist",
			custom_path(r, 0));
		err_cause(&err, "", NULL, "the spec replicas field \".%s\" does not exist",
			  custom_path(r, 0));
		respond_err(r, &err);
		json_decref(tree);
		return;
	}
	if (o->revision) /* a dry run's object has none of its own */
		meta_set_text(tree, "resourceVersion",
			      str_from(arena_printf(&r->arena, "%lld", (long long)o->revision)));
	json_t *scale = scale_of(r, tree);
	if (r->media.shape != SHAPE_OBJECT)
		shape_respond(r, scale);
	else
		respond_tree(r, 200, scale_type(r), scale);
	json_decref(scale);
	json_decref(tree);
}

/* A custom resource need not have the number that its definition speaks of. */
static bool has_replicas(struct api_request *r, const struct object *o, struct err *err)
{
	const char *path = custom_path(r, 0);
	json_t *tree = path ? object_tree(o, err) : NULL;
	bool has = !path || (tree && by_path(tree, path));
	if (!has) {
		err_cause(err, "", "", "the spec replicas field \".%s\" does not exist", path);
		err_set(err, ERR_INTERNAL, "Internal error occurred: %s", err->causes[0].message);
	}
	json_decref(tree);
	return has;
}

void scale_get(struct api_request *r)
{
	auto_err err = { 0 };
	struct object *o =
		respond_negotiate(r, true, false, &err) < 0 ? NULL : lookup_target(r, &err);
	if (o && has_replicas(r, o, &err))
		scale_respond(r, o);
	else
		respond_err(r, &err);
	object_unref(o);
}

static void scale_answer(struct write *w)
{
	scale_respond(w->r, w->object);
}

/* Sets the number where the definition has its place, making objects on the way. */
static void custom_replicas_set(json_t *tree, const char *dotted, int64_t replicas)
{
	struct str rest = str_from(dotted), step;
	while (json_is_object(tree) && str_next(&rest, '.', &step)) {
		json_t *below = json_object_getn(tree, step.p, step.n);
		if (!rest.n) {
			json_object_setn_new_nocheck(tree, step.p, step.n, json_integer(replicas));
			return;
		}
		if (!below) {
			below = json_object();
			json_object_setn_new_nocheck(tree, step.p, step.n, below);
		}
		tree = below;
	}
}

/* --- who owns the number --- */

static const char *replicas_path(const struct api_request *r)
{
	const char *custom = custom_path(r, 0);
	return custom ? custom : "spec.replicas";
}

static struct managed_by scale_manager(const struct write *w)
{
	struct managed_by by = w->by;
	by.api_version = STR(MANAGED_SCALE_VERSION);
	return by;
}

static void managed_set(json_t *tree, json_t *list)
{
	if (list)
		json_object_set_new(meta_of(tree), "managedFields", list);
	else
		json_object_del(meta_of(tree), "managedFields");
}

/* The Scale of what is stored, with the owners of its number. */
static json_t *owned_scale(struct write *w)
{
	json_t *scale = scale_of(w->r, w->old);
	managed_set(scale, managed_to_scale(json_object_get(meta_of(w->old), "managedFields"),
					    replicas_path(w->r)));
	return scale;
}

/* What became of the owners of `scale` becomes of those of the object. */
static void owners_set(struct write *w, const json_t *scale)
{
	managed_set(w->tree, managed_from_scale(json_object_get(meta_of(w->old), "managedFields"),
						json_object_get(meta_of(scale), "managedFields"),
						w->by.api_version, replicas_path(w->r)));
	w->managed_done = true;
}

/* --- writing --- */

static int replicas_set(struct write *w, const json_t *scale, struct err *err)
{
	int64_t replicas = tree_int(tree_get(scale, "spec", "replicas", NULL), 0);
	const char *custom = custom_path(w->r, 0);
	if (replicas < 0 && !custom) { /* of a custom resource: validation says it */
		request_about(w->r, "autoscaling", "Scale", w->name);
		err_cause(err, "FieldValueInvalid", "spec.replicas",
			  "Invalid value: %lld: must be greater than or equal to 0",
			  (long long)replicas);
		return validate_finish("Scale", "autoscaling", w->name, err);
	}
	w->tree = tree_copy(w->old);
	json_t *spec = json_object_get(w->tree, "spec");
	if (custom)
		custom_replicas_set(w->tree, custom, replicas);
	else if (json_is_object(spec))
		json_object_set_new(spec, "replicas", json_integer(replicas));
	meta_set_text(w->tree, "resourceVersion", meta_revision(scale));
	meta_set_text(w->tree, "uid", meta_uid(scale));
	return 0;
}

static int scale_changed(struct write *w, const json_t *old, json_t *scale, struct err *err)
{
	struct api_resource res = scale_resource(w->r);
	struct managed_by by = scale_manager(w);
	int e = replicas_set(w, scale, err);
	if (e == 0)
		e = managed_update(&res, old, scale, &by, err);
	if (e == 0)
		owners_set(w, scale);
	return e;
}

static int scale_put(struct write *w, struct err *err)
{
	json_t *old = owned_scale(w), *scale = json_copy(w->body);
	int e = scale_changed(w, old, scale, err);
	json_decref(old);
	json_decref(scale);
	return e;
}

static int scale_applied(struct write *w, struct err *err)
{
	struct api_resource res = scale_resource(w->r);
	struct managed_by by = scale_manager(w);
	json_t *old = owned_scale(w), *scale = NULL;
	int e = apply_merge(&res, old, w->body, &by, w->r->opt.force, &scale, err);
	if (e == -ERR_CONFLICT)
		request_about(w->r, "", "", STR(""));
	if (e == 0)
		e = replicas_set(w, scale, err);
	if (e == 0)
		owners_set(w, scale);
	json_decref(old);
	json_decref(scale);
	return e;
}

static int scale_patched(struct write *w, struct err *err)
{
	const struct patch_state *state = w->extra;
	json_t *old = owned_scale(w), *scale = tree_copy(old);
	struct decode_expect x = decode_expected(w->r);
	x.type = scale_type(w->r);
	int e = patch_apply(x.type, state->kind, w->body, &scale, err);
	if (e == 0)
		e = decode_patched(w->r, &x, &state->findings, scale, err);
	if (e == 0)
		e = scale_changed(w, old, scale, err);
	json_decref(old);
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
	if (respond_negotiate(r, true, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, scale_update_body);
}

static void scale_apply(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *applied = NULL;
	if (apply_parse(r, &applied, &err) < 0) {
		json_decref(applied);
		respond_err(r, &err);
		return;
	}
	struct write *w = scale_write(r, applied);
	w->modify = scale_applied;
	write_managed_by(w, "Apply");
	write_update(w);
}

static void scale_patch_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *patch = NULL;
	struct patch_state *state = r->state;
	if (state->kind == PATCH_APPLY) {
		scale_apply(r);
		return;
	}
	if (patch_parse(r, state, &patch, &err) < 0) {
		json_decref(patch);
		respond_err(r, &err);
		return;
	}
	struct write *w = scale_write(r, patch);
	w->extra = state;
	w->modify = scale_patched;
	write_update(w);
}

void scale_patch(struct api_request *r)
{
	auto_err err = { 0 };
	struct patch_state *state = arena_alloc(&r->arena, sizeof(*state));
	int e = patch_kind_of(r->content_type, &state->kind, &err);
	if (e == 0)
		e = respond_negotiate(r, true, false, &err);
	if (e < 0) {
		respond_err(r, &err);
		return;
	}
	r->state = state;
	r->responder->body(r, scale_patch_body);
}
