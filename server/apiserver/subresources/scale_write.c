/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the scale subresource: the number goes back to the object, and so does who owns it. */
#include "api/apply/apply.h"
#include "api/apply/managed_scale.h"
#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/scale.h"
#include "server/apiserver/subresources/subresources.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/patch.h"
#include "server/apiserver/write/update.h"

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
	const char *custom = scale_custom_path(r, 0);
	return custom ? custom : "spec.replicas";
}

static struct managed_by scale_manager(const struct write *w)
{
	struct managed_by by = w->by;
	by.api_version = STR(MANAGED_SCALE_VERSION);
	by.convert = NULL; /* every owner of a Scale speaks this version */
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
	const char *custom = scale_custom_path(w->r, 0);
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
