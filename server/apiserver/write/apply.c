/* SPDX-License-Identifier: Apache-2.0 */
/* Server-side apply: what the manager applies is merged by schema; what isn't there yet is created. */
#include "api/apply/apply.h"

#include "api/apply/merge.h"
#include "api/object/meta.h"
#include "api/unstructured.h"
#include "api/validation/validation.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/normalize.h"
#include "server/apiserver/write/patch.h"
#include "server/apiserver/write/update.h"

static int apply_options_check(struct api_request *r, struct err *err)
{
	if (r->opt.field_manager.n)
		return 0;
	request_about(r, "meta.k8s.io", "PatchOptions", STR(""));
	err_cause(err, "FieldValueRequired", "fieldManager",
		  "Required value: is required for apply patch");
	return validate_finish("PatchOptions", "meta.k8s.io", STR(""), err);
}

static int invalid_type(struct str version, struct str kind, struct err *err)
{
	struct str group = STR("");
	size_t slash = str_find(version, '/');
	if (slash < version.n) {
		group = str_of(version.p, slash);
		version = str_of(version.p + slash + 1, version.n - slash - 1);
	}
	return err_set(err, ERR_BAD_REQUEST, "invalid object type: %.*s/%.*s, Kind=%.*s",
		       STR_ARG(group), STR_ARG(version), STR_ARG(kind));
}

/* An error, with what was tried in front, and with which object. */
static int about_applied(const struct decode_expect *x, const char *version, const json_t *tree,
			 const char *tried, const char *to, struct err *err)
{
	auto_free char *why = str_dup(str_from(err_text(err)));
	return err_set(err, ERR_UNKNOWN, "%s (%.*s/%.*s; %s%s, Kind=%s)%s: %s", tried,
		       STR_ARG(meta_namespace(tree)), STR_ARG(meta_name(tree)),
		       x->group[0] ? "" : "/", version, x->kind, to, why);
}

/* A configuration says what it is, and every field of it must be known: who applies owns fields by name. */
static int apply_conform(struct api_request *r, json_t *tree, struct err *err)
{
	struct decode_expect x = decode_expected(r);
	char version[256];
	snprintf(version, sizeof(version), "%s%s%s", x.group, *x.group ? "/" : "", x.version);
	if (!json_is_object(tree) && !json_is_null(tree))
		return err_set(err, ERR_BAD_REQUEST,
			       "error decoding patch: error unmarshaling JSON: while decoding "
			       "JSON: json: cannot unmarshal %s into Go value of type "
			       "map[string]interface {}",
			       json_is_array(tree)    ? "array"
			       : json_is_string(tree) ? "string"
			       : json_is_number(tree) ? "number"
						      : "bool");
	if (!str_eqz(meta_kind(tree), x.kind) || !str_eqz(meta_api_version(tree), version))
		return invalid_type(meta_api_version(tree), meta_kind(tree), err);
	int e = apply_check(x.type, tree, err);
	if (e < 0)
		return about_applied(&x, version, tree, "failed to create typed patch object", "",
				     err);
	e = api_from_unstructured(x.type, tree, err);
	if (e < 0) {
		char to[400];
		snprintf(to, sizeof(to),
			 " to proper version: unable to convert unstructured object to %s%s, "
			 "Kind=%s",
			 x.group[0] ? "" : "/", version, x.kind);
		return about_applied(&x, version, tree, "failed to convert new object", to, err);
	}
	json_t *canonical =
		tree_copy(tree); /* who writes 1.5 where 1500m is differs: what was sent stays */
	e = api_conform(x.type, canonical, NULL, err);
	json_decref(canonical);
	normalize_managed(tree);
	return e;
}

/* Keys that stand twice in what was applied. Told once, though a write may start over. */
static int duplicates_tell(struct api_request *r, struct err *err)
{
	struct patch_state *state = r->state;
	struct decode_patch *f = &state->findings;
	auto_buf all = { 0 };
	for (size_t i = 0; i < f->nstrict; i++)
		if (r->opt.field_validation == VALIDATE_STRICT)
			buf_printf(&all, "\n  %.*s", STR_ARG(f->strict[i]));
		else if (r->opt.field_validation != VALIDATE_IGNORE)
			request_warn(r, "%.*s", STR_ARG(f->strict[i]));
	f->nstrict = 0;
	if (!all.n)
		return 0;
	return err_set(
		err, ERR_BAD_REQUEST,
		"error strict decoding patch: error converting YAML to JSON: yaml: unmarshal "
		"errors:%s",
		all.p);
}

static int apply_modify(struct write *w, struct err *err)
{
	if (!w->old_object && update_may_create(w->r, err) < 0)
		return -(int)ERR_FORBIDDEN;
	int e = apply_merge(w->res, w->old, w->body, &w->by, w->r->opt.force, &w->tree, err);
	if (e == -ERR_CONFLICT)
		request_about(w->r, "", "", STR(""));
	if (e == 0)
		e = duplicates_tell(w->r, err);
	if (e < 0)
		return e;
	if (!w->old_object)
		meta_unset(w->tree, "resourceVersion");
	meta_set_text(w->tree, "namespace", w->ns);
	w->managed_done = true;
	e = api_conform(w->res->type, w->tree, NULL, err);
	if (e < 0)
		return e;
	normalize_tree(w->res, w->tree); /* what is owned is owned as it was applied */
	api_default(w->res->type, w->tree);
	return 0;
}

int apply_parse(struct api_request *r, json_t **tree, struct err *err)
{
	int e = apply_options_check(r, err);
	if (e == 0)
		e = patch_parse(r, r->state, tree, err);
	if (e == 0)
		e = apply_conform(r, *tree, err);
	if (e == 0 && meta_name(*tree).n == 0 && json_object_get(meta_of(*tree), "name"))
		e = err_set(err, ERR_BAD_REQUEST,
			    "the name of the object (%.*s based on URL) was undeterminable: "
			    "name must be provided",
			    STR_ARG(r->name));
	if (e == 0 && meta_name(*tree).n == 0)
		meta_set_text(*tree, "name", r->name);
	return e == 0 ? update_check_name(r, *tree, err) : e;
}

void patch_server_side(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	if (apply_parse(r, &tree, &err) < 0) {
		json_decref(tree);
		respond_err(r, &err);
		return;
	}
	struct write *w = write_new(r, r->resource, update_subresource(r), r->ns, r->name);
	w->body = tree;
	w->modify = apply_modify;
	w->create_on_update = !r->sub;
	write_managed_by(w, "Apply");
	write_update(w);
}
