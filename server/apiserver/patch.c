/* SPDX-License-Identifier: Apache-2.0 */
/* A patch is applied to the newest version and, when someone else was faster, to the next one: the client only hears of a
 * conflict when its patch names a version. */
#include "server/apiserver/patch.h"

#include "api/meta.h"
#include "api/patch_json.h"
#include "api/patch_merge.h"
#include "api/patch_strategic.h"
#include "api/validation/validation.h"
#include "server/apiserver/canonical.h"
#include "server/apiserver/decode.h"
#include "server/apiserver/normalize.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/update.h"
#include "server/apiserver/verbs.h"

static const struct {
	const char *type;
	enum patch_kind kind;
} kinds[] = {
	{ "application/json-patch+json", PATCH_JSON },
	{ "application/merge-patch+json", PATCH_MERGE },
	{ "application/strategic-merge-patch+json", PATCH_STRATEGIC },
	{ "application/apply-patch+yaml", PATCH_APPLY },
};

int patch_kind_of(struct str content_type, enum patch_kind *out, struct err *err)
{
	struct str bare = media_bare(content_type);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!str_ieq(bare, str_from(kinds[i].type)))
			continue;
		*out = kinds[i].kind;
		return 0;
	}
	return err_set(err, ERR_UNSUPPORTED_MEDIA_TYPE, "415: Unsupported Media Type");
}

static const char *json_word(const json_t *v)
{
	static const char *const words[] = {
		[JSON_OBJECT] = "object",  [JSON_ARRAY] = "array", [JSON_STRING] = "string",
		[JSON_INTEGER] = "number", [JSON_REAL] = "number", [JSON_TRUE] = "bool",
		[JSON_FALSE] = "bool",     [JSON_NULL] = "null"
	};
	return words[json_typeof(v)];
}

static int patch_shape_check(enum patch_kind kind, const json_t *patch, struct err *err)
{
	bool fits = kind == PATCH_JSON ? json_is_array(patch) : json_is_object(patch);
	if (fits || kind == PATCH_APPLY)
		return 0;
	return err_set(err, ERR_BAD_REQUEST,
		       "error decoding patch: json: cannot unmarshal %s into Go value of type %s",
		       json_word(patch),
		       kind == PATCH_JSON ? "[]handlers.jsonPatchOp" : "map[string]interface {}");
}

int patch_parse(struct api_request *r, enum patch_kind kind, json_t **out, struct err *err)
{
	struct api_strings dup = { 0 }, unknown = { 0 };
	struct decode_expect expect = decode_expected(r);
	int e = decode_untyped(r, kind == PATCH_APPLY, out, &dup, err);
	if (e == 0)
		e = decode_strictness(r, &expect, &dup, &unknown, err);
	api_strings_free(&dup);
	return e < 0 ? e : patch_shape_check(kind, *out, err);
}

int patch_apply(const struct api_type *t, enum patch_kind kind, const json_t *patch, json_t **doc,
		struct err *err)
{
	switch (kind) {
	case PATCH_JSON: return patch_json_apply(doc, patch, err);
	case PATCH_MERGE: return patch_merge_apply(doc, patch, err);
	default: return patch_strategic_apply(t, doc, patch, err);
	}
}

static int patch_modify(struct write *w, struct err *err)
{
	enum patch_kind kind = *(enum patch_kind *)w->extra;
	struct decode_expect expect = decode_expected(w->r);
	w->tree = json_deep_copy(w->old);
	int e = patch_apply(w->res->type, kind, w->body, &w->tree, err);
	if (e ==
	    -ERR_INVALID) { /* an operation that can't be done is about nothing of the object */
		auto_free char *why = str_dup(str_from(err_text(err)));
		request_about(w->r, "", "", STR(""));
		err_clear(err);
		return err_set(err, ERR_INVALID, "%s", why);
	}
	if (e == 0 && !json_is_object(w->tree))
		e = err_set(err, ERR_BAD_REQUEST, "the patched object is no object");
	if (e == 0)
		e = decode_patched(w->r, &expect, w->tree, err);
	if (e == 0)
		e = update_check_name(w->r, w->tree, err);
	if (e < 0)
		return e;
	normalize_tree(w->res, w->tree);
	canonical_prune(w->res->type, w->tree);
	api_default(w->res->type, w->tree);
	return 0;
}

static void patch_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *patch = NULL;
	enum patch_kind *kind = r->state;
	if (*kind == PATCH_APPLY) {
		patch_server_side(r);
		return;
	}
	if (patch_parse(r, *kind, &patch, &err) < 0) {
		json_decref(patch);
		respond_err(r, &err);
		return;
	}
	struct write *w = write_new(r, r->resource, update_subresource(r), r->ns, r->name);
	w->body = patch;
	w->extra = kind;
	w->modify = patch_modify;
	write_managed_by(w, "Update");
	write_update(w);
}

static int force_refused(struct api_request *r, struct err *err)
{
	request_about(r, "meta.k8s.io", "PatchOptions", STR(""));
	err_cause(err, "FieldValueForbidden", "force",
		  "Forbidden: may not be specified for non-apply patch");
	return validate_finish("PatchOptions", "meta.k8s.io", STR(""), err);
}

void verb_patch(struct api_request *r)
{
	auto_err err = { 0 };
	enum patch_kind *kind = arena_alloc(&r->arena, sizeof(*kind));
	int e = patch_kind_of(r->content_type, kind, &err);
	if (e == 0 && *kind == PATCH_STRATEGIC && r->resource->crd)
		e = err_set(
			&err, ERR_UNSUPPORTED_MEDIA_TYPE,
			"the body of the request was in an unknown format - accepted media types "
			"include: application/json-patch+json, application/merge-patch+json, "
			"application/apply-patch+yaml");
	if (e < 0)
		request_about(r, "", "", STR(""));
	else
		e = respond_negotiate(r, true, false, &err);
	if (e == 0 && r->opt.has_force && *kind != PATCH_APPLY)
		e = force_refused(r, &err);
	if (e < 0) {
		respond_err(r, &err);
		return;
	}
	r->state = kind;
	r->responder->body(r, patch_body);
}
