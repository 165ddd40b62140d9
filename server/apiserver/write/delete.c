/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/strategy.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/status.h"
#include "server/apiserver/verbs.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/delete_options.h"
#include "server/apiserver/write/deletion.h"

static void respond_gone(struct api_request *r, const struct object *last)
{
	struct buf text = { 0 };
	if (strategy_of(r->resource)->flags & STRATEGY_RETURNS_DELETED) {
		respond_object(r, 200, last);
		return;
	}
	status_success(r, last->name, last->uid, &text);
	respond_json(r, 200, api_type_find(STR("meta/v1.Status")), &text);
}

static void delete_done(struct deletion *d, const struct object *last, bool gone,
			const struct err *err)
{
	struct api_request *r = d->r;
	bool accepted = !gone && d->options.has_orphan && !d->options.orphan;
	if (err)
		respond_err(r, err);
	else if (gone)
		respond_gone(r, last);
	else
		respond_object(r, accepted ? 202 : 200, last);
}

static void delete_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *body = NULL;
	int e = decode_optional(r, "DeleteOptions", &body, &err);
	if (e == 0)
		e = delete_options_read(&r->arena, body, &r->opt, &err);
	if (e == -ERR_INVALID)
		request_about(r, "meta.k8s.io", "DeleteOptions", STR(""));
	json_decref(body);
	if (e < 0) {
		respond_err(r, &err);
		return;
	}
	struct deletion *d =
		deletion_new(r, r->resource, lookup_key(r, r->resource, lookup_ns(r), r->name),
			     r->name);
	d->done = delete_done;
	deletion_start(d);
}

void verb_delete(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, true, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, delete_body);
}
