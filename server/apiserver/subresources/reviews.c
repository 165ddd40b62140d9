/* SPDX-License-Identifier: Apache-2.0 */
/* authentication.k8s.io: TokenReview (who does this token stand for) and SelfSubjectReview (who am I). */
#include <stdio.h>

#include "api/apply/managed_fields.h"
#include "api/codec.h"
#include "api/object/meta.h"
#include "server/apiserver/authn/bearer.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/review.h"
#include "server/apiserver/subresources/subresources.h"
#include "server/apiserver/user_json.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/object_meta.h"

static json_t *text(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

json_t *user_json(const struct api_user *u)
{
	json_t *groups = json_array(), *extra = json_object(), *out = json_object();
	for (size_t i = 0; i < u->ngroups; i++)
		json_array_append_new(groups, text(u->groups[i]));
	for (size_t i = 0; i < u->nextra; i++) {
		struct str key = u->extra[i].key;
		json_t *list = json_object_getn(extra, key.p, key.n);
		if (!list)
			json_object_setn_new(extra, key.p, key.n, list = json_array());
		json_array_append_new(list, text(u->extra[i].value));
	}
	json_object_set_new(out, "username", text(u->name));
	if (u->uid.n)
		json_object_set_new(out, "uid", text(u->uid));
	json_object_set_new(out, "groups", groups);
	json_object_set_new(out, "extra", extra);
	return out;
}

void review_own(struct api_request *r, const struct decode_expect *x, json_t *tree)
{
	struct api_resource res = *r->resource;
	struct str manager = r->opt.field_manager;
	char version[256];
	snprintf(version, sizeof(version), "%s/%s", x->group, x->version);
	res.type = x->type;
	const struct managed_by by = { .manager = manager.n ? manager
							    : managed_default_name(r->user_agent),
				       .operation = STR("Update"),
				       .subresource = str_from(r->sub ? r->sub->name : ""),
				       .api_version = str_from(version),
				       .now_s = clock_wall_s(r->server->clock) };
	managed_update(&res, NULL, tree, &by, NULL);
}

static void review_run(struct api_request *r, int (*check)(const json_t *tree, struct err *err),
		       void (*judge)(struct api_request *r, json_t *tree))
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct decode_expect x = decode_expected(r);
	if (decode_body(r, &x, &tree, &err) < 0 || object_meta_namespace(r, tree, &err) < 0 ||
	    (check && check(tree, &err) < 0)) {
		json_decref(tree);
		respond_err(r, &err);
		return;
	}
	review_own(r, &x, tree);
	judge(r, tree);
	respond_tree(r, 201, x.type, tree);
	json_decref(tree);
}

static void self_judge(struct api_request *r, json_t *tree)
{
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(r->server->clock), now);
	meta_set_text(tree, "creationTimestamp", str_from(now));
	json_object_set_new(tree, "status", json_pack("{s:o}", "userInfo", user_json(&r->user)));
}

static void self_body(struct api_request *r)
{
	review_run(r, NULL, self_judge);
}

static json_t *texts(const struct str *list, size_t n)
{
	json_t *out = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, text(list[i]));
	return out;
}

static void token_judge(struct api_request *r, json_t *tree)
{
	const json_t *asked = tree_get(tree, "spec", "audiences", NULL);
	struct str *audiences = ARENA_ARRAY(&r->arena, struct str, json_array_size(asked) + 1);
	struct bearer b = { .token = tree_get_str(tree, "spec", "token", NULL),
			    .audiences = audiences };
	auto_err err = { 0 };
	json_t *status = json_object();
	for (; b.naudiences < json_array_size(asked); b.naudiences++)
		audiences[b.naudiences] = tree_str(json_array_get(asked, b.naudiences));
	if (bearer_authenticate(r, &b, &err) == 0) {
		json_object_set_new(status, "authenticated", json_true());
		json_object_set_new(status, "user", user_json(&b.user));
		json_object_set_new(status, "audiences", texts(b.matched, b.nmatched));
	} else {
		json_object_set_new(status, "user", json_object());
		json_object_set_new(status, "error", json_string(err_text(&err)));
	}
	json_object_set_new(tree, "status", status);
}

static int token_check_body(const json_t *tree, struct err *err)
{
	if (tree_get_str(tree, "spec", "token", NULL).n)
		return 0;
	return err_set(err, ERR_BAD_REQUEST, "token is required for TokenReview in authentication");
}

static void token_body(struct api_request *r)
{
	review_run(r, token_check_body, token_judge);
}

void review_start(struct api_request *r, void (*body)(struct api_request *r))
{
	auto_err err = { 0 };
	if (respond_negotiate(r, false, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, body);
}

void review_self(struct api_request *r)
{
	review_start(r, self_body);
}

void review_token(struct api_request *r)
{
	review_start(r, token_body);
}
