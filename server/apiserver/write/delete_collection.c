/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes what a list with the same options shows, a few at a time, and answers with that list. */
#include "api/validation/validation.h"
#include "server/apiserver/read/list_walk.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/verbs.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/delete_options.h"
#include "server/apiserver/write/deletion.h"

#define AT_ONCE 64

struct sweep {
	struct api_request *r;
	struct list_walk walk;
	size_t next, running;
	struct err err; /* the first failure */
	bool starting;
};

static void sweep_next(struct sweep *s);

static void sweep_free(struct sweep *s)
{
	list_walk_close(&s->walk);
	err_clear(&s->err);
	free(s);
}

static void sweep_finish(struct sweep *s)
{
	if (s->err.reason)
		respond_err(s->r, &s->err);
	else
		list_walk_respond(&s->walk);
	sweep_free(s);
}

static void sweep_one_done(struct deletion *d, const struct object *last, bool gone,
			   const struct err *err)
{
	struct sweep *s = d->ctx;
	(void)last;
	(void)gone;
	if (err && err->reason != ERR_NOT_FOUND && !s->err.reason)
		err_copy(&s->err, err);
	s->running--;
	if (!s->starting)
		sweep_next(s);
}

static void sweep_next(struct sweep *s)
{
	s->starting = true;
	while (s->running < AT_ONCE && s->next < s->walk.n && !s->err.reason) {
		const struct object *o = s->walk.items[s->next++];
		struct deletion *d = deletion_new(s->r, s->r->resource, o->key, o->name);
		d->done = sweep_one_done;
		d->ctx = s;
		s->running++;
		deletion_start(d);
	}
	s->starting = false;
	if (s->running == 0)
		sweep_finish(s);
}

static int sweep_options(struct api_request *r, struct err *err)
{
	json_t *body = NULL;
	int e = decode_optional(r, "DeleteOptions", &body, err);
	if (e == 0)
		e = delete_options_read(&r->arena, body, &r->opt, err);
	if (e == 0 && r->opt.unsafe) {
		err_cause(err, "FieldValueInvalid",
			  "ignoreStoreReadErrorWithClusterBreakingPotential",
			  "Invalid value: true: is not allowed with DELETECOLLECTION, try again "
			  "after "
			  "removing the option");
		e = validate_finish("DeleteOptions", "meta.k8s.io", STR(""), err);
	}
	if (e == -ERR_INVALID)
		request_about(r, "meta.k8s.io", "DeleteOptions", STR(""));
	json_decref(body);
	return e;
}

static void sweep_body(struct api_request *r)
{
	auto_err err = { 0 };
	struct sweep *s = NEW(struct sweep);
	s->r = r;
	if (sweep_options(r, &err) < 0 || list_walk_open(&s->walk, r, true, &err) < 0) {
		sweep_free(s);
		respond_err(r, &err);
		return;
	}
	deletion_warn(r, r->resource, &r->opt);
	list_walk_run(&s->walk);
	sweep_next(s);
}

void verb_delete_collection(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, true, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, sweep_body);
}
