/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/verbs.h"
#include "server/apiserver/write/canonical.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/normalize.h"
#include "server/apiserver/write/object_meta.h"

static int create_decode(struct api_request *r, json_t **tree, struct err *err)
{
	struct decode_expect expect = decode_expected(r);
	int e = decode_body(r, &expect, tree, err);
	if (e < 0)
		return e;
	normalize_whole(r->resource, *tree);
	canonical_prune(expect.type, *tree);
	api_default(expect.type, *tree);
	e = object_meta_namespace(r, *tree, err);
	if (e < 0)
		json_decref(TAKE(*tree));
	return e;
}

static void create_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	if (create_decode(r, &tree, &err) < 0) {
		respond_err(r, &err);
		return;
	}
	struct str name = meta_name(tree);
	bool generated = name.n == 0;
	name = generated ? object_meta_generate(&r->arena, tree) : arena_str(&r->arena, name);
	r->detail_name = name;
	struct write *w = write_new(r, r->resource, "", r->ns, name);
	w->tree = tree;
	w->generated = generated && name.n > 0;
	write_managed_by(w, "Update");
	write_create(w);
}

void verb_create(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, true, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, create_body);
}
