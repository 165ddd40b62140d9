/* SPDX-License-Identifier: Apache-2.0 */
/* A patch is applied to the newest version and, when someone else was faster, to the next one: the client only hears of a
 * conflict when its patch names a version. */
#include "server/apiserver/patch.h"

#include "api/meta.h"
#include "api/patch_json.h"
#include "api/patch_merge.h"
#include "api/patch_strategic.h"
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
	return err_set(err, ERR_UNSUPPORTED_MEDIA_TYPE,
		       "the body of the request was in an unknown format - accepted media types "
		       "include: application/json-patch+json, "
		       "application/merge-patch+json, application/strategic-merge-patch+json, "
		       "application/apply-patch+yaml");
}

int patch_parse(struct api_request *r, enum patch_kind kind, json_t **out, struct err *err)
{
	struct api_strings dup = { 0 }, unknown = { 0 };
	struct decode_expect expect = decode_expected(r);
	int e = decode_untyped(r, kind == PATCH_APPLY, out, &dup, err);
	if (e == 0)
		e = decode_strictness(r, &expect, &dup, &unknown, err);
	api_strings_free(&dup);
	return e;
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
	if (e == 0 && !json_is_object(w->tree))
		e = err_set(err, ERR_BAD_REQUEST, "the patched object is no object");
	if (e == 0)
		e = decode_conform(w->r, &expect, w->tree, err);
	if (e == 0)
		e = update_check_name(w->r, w->tree, err);
	if (e < 0)
		return e;
	normalize_tree(w->res, w->tree);
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

void verb_patch(struct api_request *r)
{
	auto_err err = { 0 };
	enum patch_kind *kind = arena_alloc(&r->arena, sizeof(*kind));
	int e = patch_kind_of(r->content_type, kind, &err);
	if (e == 0)
		e = respond_negotiate(r, true, false, &err);
	if (e == 0 && r->opt.has_force && *kind != PATCH_APPLY)
		e = err_set(&err, ERR_INVALID,
			    "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not "
			    "be specified for non-apply patch");
	if (e < 0) {
		respond_err(r, &err);
		return;
	}
	r->state = kind;
	r->responder->body(r, patch_body);
}
