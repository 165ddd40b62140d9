/* SPDX-License-Identifier: Apache-2.0 */
/* A patch is applied to the newest version and, when someone else was faster, to the next one: the client only hears of a
 * conflict when its patch names a version. */
#include "server/apiserver/write/patch.h"

#include <stdio.h>
#include <string.h>

#include "api/object/meta.h"
#include "api/patch/json.h"
#include "api/patch/merge.h"
#include "api/patch/strategic.h"
#include "api/validation/validation.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/verbs.h"
#include "server/apiserver/write/canonical.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/normalize.h"
#include "server/apiserver/write/update.h"

static const struct {
	const char *type;
	enum patch_kind kind;
} kinds[] = {
	{ "application/json-patch+json", PATCH_JSON },
	{ "application/merge-patch+json", PATCH_MERGE },
	{ "application/strategic-merge-patch+json", PATCH_STRATEGIC },
	{ "application/apply-patch+yaml", PATCH_APPLY },
};

/* Of several types, which no handler takes together. */
static bool one_is_known(struct str list)
{
	struct str part;
	while (str_next(&list, ',', &part))
		for (size_t i = 0; i < COUNT_OF(kinds); i++)
			if (str_eqz(str_trim(part), kinds[i].type))
				return true;
	return false;
}

int patch_kind_of(struct str content_type, enum patch_kind *out, struct err *err)
{
	struct str bare = media_bare(content_type);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!str_eq(bare, str_from(kinds[i].type)))
			continue;
		*out = kinds[i].kind;
		return 0;
	}
	if (!one_is_known(bare)) /* refused before the handler */
		return err_set(err, ERR_UNSUPPORTED_MEDIA_TYPE, "415: Unsupported Media Type");
	return err_set(
		err, ERR_UNSUPPORTED_MEDIA_TYPE,
		"the body of the request was in an unknown format - accepted media types include: "
		"application/json-patch+json, application/merge-patch+json, "
		"application/strategic-merge-patch+json, application/apply-patch+yaml");
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

static int shape_mismatch(const json_t *v, const char *words, const char *type, struct err *err)
{
	return err_set(err, ERR_BAD_REQUEST, "%sjson: cannot unmarshal %s into Go %s", words,
		       json_word(v), type);
}

/* The operations of a JSON patch, as upstream's decoder reads them; further members are unknown fields. */
static int operations_check(const json_t *patch, struct api_strings *unknown, struct err *err)
{
	static const char words[] = "error decoding patch: ";
	static const char *const known[] = { "op", "path", "from", "value" };
	char name[64];
	size_t i;
	json_t *op;
	json_array_foreach (patch, i, op) {
		const char *key;
		json_t *value;
		if (json_is_null(op))
			continue;
		if (!json_is_object(op))
			return shape_mismatch(op, words, "value of type handlers.jsonPatchOp", err);
		json_object_foreach (op, key, value) {
			size_t k = 0;
			while (k < COUNT_OF(known) && strcmp(key, known[k]))
				k++;
			if (k < 3 && !json_is_string(value) && !json_is_null(value)) {
				snprintf(name, sizeof(name),
					 "struct field jsonPatchOp.%s of type string", key);
				return shape_mismatch(value, words, name, err);
			}
			if (k == COUNT_OF(known)) {
				api_strings_add(unknown, str_printf("[%zu].%s", i, key));
			}
		}
	}
	return 0;
}

/* null is an empty patch but for a merge patch. */
static int patch_shape_check(enum patch_kind kind, json_t **patch, struct err *err)
{
	static const char map[] = "value of type map[string]interface {}";
	const char *words = kind == PATCH_STRATEGIC ? "" : "error decoding patch: ";
	if (json_is_null(*patch)) {
		if (kind == PATCH_MERGE)
			return err_set(err, ERR_BAD_REQUEST, "Invalid JSON Patch");
		json_decref(*patch);
		*patch = kind == PATCH_JSON ? json_array() : json_object();
	}
	if (kind == PATCH_JSON && !json_is_array(*patch))
		return shape_mismatch(*patch, words, "value of type []handlers.jsonPatchOp", err);
	if (kind != PATCH_JSON && !json_is_object(*patch))
		return shape_mismatch(*patch, words, map, err);
	return 0;
}

static void findings_add(struct api_request *r, struct patch_state *state, const char *what,
			 const struct api_strings *paths)
{
	struct decode_patch *f = &state->findings;
	struct str *all = arena_alloc(&r->arena, (f->nstrict + paths->n) * sizeof(*all));
	for (size_t i = 0; i < f->nstrict; i++)
		all[i] = f->strict[i];
	for (size_t i = 0; i < paths->n; i++)
		all[f->nstrict++] =
			str_from(arena_printf(&r->arena, "%s%s field \"%s\"",
					      state->kind == PATCH_JSON ? "json patch " : "", what,
					      paths->items[i]));
	f->strict = all;
}

/* What is applied is YAML, and complaints are those of its parser. They are told when it could be applied. */
static int configuration_parse(struct api_request *r, struct patch_state *state, json_t **out,
			       struct err *err)
{
	struct api_strings dup = { 0 };
	int e = r->body.n ? api_yaml_parse_lines(r->body, out, &dup, err)
			  : decode_untyped(r, true, out, &dup, err);
	struct str *all = arena_alloc(&r->arena, dup.n * sizeof(*all));
	for (size_t i = 0; i < dup.n; i++)
		all[i] = arena_str(&r->arena, str_from(dup.items[i]));
	state->findings.strict = all;
	state->findings.nstrict = dup.n;
	api_strings_free(&dup);
	return e < 0 ? err_wrap(err, e, "error encoding patch") : e;
}

int patch_parse(struct api_request *r, struct patch_state *state, json_t **out, struct err *err)
{
	struct api_strings dup = { 0 }, unknown = { 0 };
	if (state->kind == PATCH_APPLY)
		return configuration_parse(r, state, out, err);
	int e = decode_untyped(r, false, out, &dup, err);
	e = e < 0 ? err_set(err, ERR_BAD_REQUEST, "invalid JSON patch")
		  : patch_shape_check(state->kind, out, err);
	if (e == 0 && state->kind == PATCH_JSON)
		e = operations_check(*out, &unknown, err);
	findings_add(r, state, "duplicate", &dup);
	findings_add(r, state, "unknown", &unknown);
	if (state->kind == PATCH_STRATEGIC)
		state->findings.shown = *out;
	api_strings_free(&dup);
	api_strings_free(&unknown);
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
	const struct patch_state *state = w->extra;
	struct decode_expect expect = decode_expected(w->r);
	w->tree = tree_copy(w->old);
	int e = patch_apply(w->res->type, state->kind, w->body, &w->tree, err);
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
		e = decode_patched(w->r, &expect, &state->findings, w->tree, err);
	if (e == 0)
		e = update_check_name(w->r, w->tree, err);
	if (e < 0)
		return e;
	normalize_whole(w->res, w->tree);
	canonical_prune(w->res->type, w->tree);
	api_default(w->res->type, w->tree);
	return 0;
}

static void patch_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *patch = NULL;
	struct patch_state *state = r->state;
	if (state->kind == PATCH_APPLY) {
		patch_server_side(r);
		return;
	}
	if (patch_parse(r, state, &patch, &err) < 0) {
		json_decref(patch);
		respond_err(r, &err);
		return;
	}
	struct write *w = write_new(r, r->resource, update_subresource(r), r->ns, r->name);
	w->body = patch;
	w->extra = state;
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
	struct patch_state *state = arena_alloc(&r->arena, sizeof(*state));
	int e = patch_kind_of(r->content_type, &state->kind, &err);
	if (e == 0 && state->kind == PATCH_STRATEGIC && r->resource->crd)
		e = err_set(
			&err, ERR_UNSUPPORTED_MEDIA_TYPE,
			"the body of the request was in an unknown format - accepted media types "
			"include: application/json-patch+json, application/merge-patch+json, "
			"application/apply-patch+yaml");
	if (e < 0 && !strncmp(err_text(&err), "415:", 4))
		request_about(r, "", "", STR(""));
	if (e == 0)
		e = respond_negotiate(r, true, false, &err);
	if (e == 0 && r->opt.has_force && state->kind != PATCH_APPLY)
		e = force_refused(r, &err);
	if (e < 0) {
		respond_err(r, &err);
		return;
	}
	r->state = state;
	r->responder->body(r, patch_body);
}
