/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/update.h"

#include "api/object/meta.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/verbs.h"
#include "server/apiserver/write/canonical.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/normalize.h"
#include "server/apiserver/write/object_meta.h"

const char *update_subresource(const struct api_request *r)
{
	return r->sub ? r->sub->name : "";
}

int update_check_name(const struct api_request *r, const json_t *tree, struct err *err)
{
	struct str name = meta_name(tree), ns = meta_namespace(tree);
	if (name.n == 0)
		return err_set(err, ERR_BAD_REQUEST,
			       "the name of the object (%.*s based on URL) was undeterminable: "
			       "name must be provided",
			       STR_ARG(r->name));
	if (!str_eq(name, r->name))
		return err_set(
			err, ERR_BAD_REQUEST,
			"the name of the object (%.*s) does not match the name on the URL (%.*s)",
			STR_ARG(name), STR_ARG(r->name));
	if (r->resource->namespaced && ns.n && !str_eq(ns, r->ns))
		return err_set(err, ERR_BAD_REQUEST,
			       "the namespace of the provided object does not match the namespace "
			       "sent on the request");
	return 0;
}

int update_may_create(struct api_request *r, struct err *err)
{
	struct authz_attributes a = { .user = &r->user,
				      .verb = STR("create"),
				      .is_resource = true,
				      .group = r->group,
				      .resource = r->plural,
				      .ns = r->ns,
				      .name = r->name };
	return authz_check(r->server->authorizer, &a, err);
}

/* Upstream's registry speaks of the resource here, not of the kind. */
static int unversioned(struct write *w, struct err *err)
{
	static const char text[] = "Invalid value: 0: must be specified for an update";
	request_about(w->r, w->res->group, w->res->plural, w->name);
	err_cause(err, "FieldValueInvalid", "metadata.resourceVersion", "%s", text);
	return err_set(err, ERR_INVALID, "%s \"%.*s\" is invalid: metadata.resourceVersion: %s",
		       lookup_qualified(w->r, w->res), STR_ARG(w->name), text);
}

static int update_modify(struct write *w, struct err *err)
{
	if (!w->old_object && update_may_create(w->r, err) < 0)
		return -(int)ERR_FORBIDDEN;
	int e = w->old_object ? 0 : object_meta_absent(w, w->body, err);
	if (e < 0)
		return e;
	if (w->old_object && w->strategy->flags & STRATEGY_NEEDS_VERSION &&
	    meta_revision(w->body).n == 0 &&
	    (meta_uid(w->body).n == 0 || str_eq(meta_uid(w->body), w->old_object->uid)))
		return unversioned(w, err);
	w->tree = tree_copy(w->body);
	return 0;
}

static void update_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct decode_expect expect = decode_expected(r);
	int e = decode_body(r, &expect, &tree, &err);
	if (e == 0)
		e = update_check_name(r, tree, &err);
	if (e == 0)
		e = object_meta_namespace(r, tree, &err);
	if (e < 0) {
		json_decref(tree);
		respond_err(r, &err);
		return;
	}
	normalize_whole(r->resource, tree);
	canonical_prune(expect.type, tree);
	api_default(expect.type, tree);
	struct write *w = write_new(r, r->resource, update_subresource(r), r->ns, r->name);
	w->body = tree;
	w->modify = update_modify;
	w->create_on_update = !r->sub && w->strategy->flags & STRATEGY_CREATE_ON_UPDATE;
	write_managed_by(w, "Update");
	write_update(w);
}

void verb_update(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, true, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, update_body);
}
