/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/manifests/manifest_run.h"

#include "api/crd/crd.h"
#include "api/registry.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/controllers/kinds.h"

#define QUERY "fieldManager=deploy&force=true"
#define APPLY "application/apply-patch+yaml"

enum phase { PHASE_RECORD, PHASE_APPLY, PHASE_PRUNE, PHASE_REMOVE, PHASE_FINISH, PHASE_END };

static void advance(struct manifest_run *r);

static void end(struct manifest_run *r)
{
	r->done(r->ctx, r);
	manifest_set_free(&r->wanted);
	manifest_record_free(&r->old);
	manifest_record_free(&r->all);
	object_unref(r->found);
	object_unref(r->record);
	free(r->source);
	free(r->failure);
	free(r);
}

static void fail(struct manifest_run *r, const struct manifest *m, const char *why)
{
	if (r->failure)
		return;
	r->failure = m ? str_printf("%.*s %.*s%s%.*s: %s", STR_ARG(m->kind), STR_ARG(m->ns),
				    m->ns.n ? "/" : "", STR_ARG(m->name), why)
		       : str_dup(str_from(why));
}

static const struct manifest *item(const struct manifest_run *r)
{
	return r->phase == PHASE_APPLY   ? &r->wanted.items[r->at]
	       : r->phase == PHASE_PRUNE ? &r->old.items[r->at]
					 : &r->old.items[r->old.n - 1 - r->at];
}

static void on_answer(void *ctx, const struct client_result *result)
{
	struct manifest_run *r = ctx;
	const struct err *err = result->err;
	bool deletes = r->phase == PHASE_PRUNE || r->phase == PHASE_REMOVE || r->gone;

	if (err && !(deletes && err->reason == ERR_NOT_FOUND)) {
		fail(r, r->phase == PHASE_RECORD || r->phase == PHASE_FINISH ? NULL : item(r),
		     err_text(err));
		if (r->phase == PHASE_RECORD)
			r->phase = PHASE_END;
	} else if (!err && r->phase == PHASE_RECORD) {
		object_from_served(API_CORE_V1_CONFIGMAPS, result->body,
				   (struct object **)(uintptr_t)&r->record, NULL);
	}
	r->at++;
	advance(r);
}

static void call(struct manifest_run *r, enum api_verb verb, const struct api_resource *resource,
		 const struct manifest *m, struct str body)
{
	const struct client_call what = {
		.verb = verb,
		.resource = resource,
		.ns = !resource->namespaced ? STR("")
		      : m->ns.n             ? m->ns
					    : STR("default"),
		.name = m->name,
		.query = verb == API_PATCH ? STR(QUERY) : STR("propagationPolicy=Background"),
		.content_type = verb == API_PATCH ? STR(APPLY) : STR(""),
		.body = body,
		.done = on_answer,
		.ctx = r,
	};
	client_do(r->client, &what);
}

static void call_record(struct manifest_run *r, enum api_verb verb,
			const struct manifest_record *what)
{
	auto_buf name = { 0 }, body = { 0 };

	manifest_record_name(str_from(r->source), &name);
	if (verb == API_PATCH)
		manifest_record_json(what, &body);
	const struct manifest m = { .ns = STR(MANIFEST_RECORD_NS), .name = buf_view(&name) };
	call(r, verb, API_CORE_V1_CONFIGMAPS, &m, buf_view(&body));
}

/* What may be there during the run; whether the record doesn't say so yet. */
static bool record_first(struct manifest_run *r)
{
	r->all.source = str_from(r->source);
	r->all.checksum = r->old.checksum;
	for (size_t i = 0; i < r->old.n; i++)
		manifest_record_add(&r->all, &r->old.items[i]);
	for (size_t i = 0; i < r->wanted.n; i++)
		manifest_record_add(&r->all, &r->wanted.items[i]);
	if (r->found && r->all.n == r->old.n) {
		r->record = object_ref(r->found);
		return false;
	}
	call_record(r, API_PATCH, &r->all);
	return true;
}

static bool is_wanted(const struct manifest_run *r, const struct manifest *m)
{
	for (size_t i = 0; i < r->wanted.n; i++)
		if (manifest_same(&r->wanted.items[i], m))
			return true;
	return false;
}

/* Whether a call was made for the item. */
static bool do_item(struct manifest_run *r)
{
	const struct manifest *m = item(r);
	const struct api_resource *resource;

	if (r->phase != PHASE_APPLY && (is_wanted(r, m) || r->kept(r->ctx, r, m)))
		return false;
	resource = kind_resource(r->client, m->api_version, m->kind);
	if (resource)
		call(r, r->phase == PHASE_APPLY ? API_PATCH : API_DELETE, resource, m,
		     r->phase == PHASE_APPLY ? m->json : STR(""));
	else if (r->phase == PHASE_APPLY)
		fail(r, m, "the server doesn't know this kind");
	api_resource_unref(resource);
	return resource != NULL; /* of a kind that is gone nothing is left to delete */
}

static bool finish(struct manifest_run *r)
{
	struct manifest_record now = { .source = str_from(r->source),
				       .checksum = str_from(r->checksum) };
	bool same;

	if (r->failure)
		return false;
	if (r->gone) {
		call_record(r, API_DELETE, NULL);
		return true;
	}
	for (size_t i = 0; i < r->wanted.n; i++)
		manifest_record_add(&now, &r->wanted.items[i]);
	same = now.n == r->old.n && r->all.n == r->old.n && str_eq(now.checksum, r->old.checksum);
	if (!same)
		call_record(r, API_PATCH, &now);
	manifest_record_free(&now);
	return !same;
}

static size_t items_of(const struct manifest_run *r)
{
	return r->phase == PHASE_APPLY ? r->wanted.n : r->old.n;
}

/* What comes after a phase, once all its items are done. */
static int next_phase(const struct manifest_run *r)
{
	switch (r->phase) {
	case PHASE_RECORD: return r->broken ? PHASE_END : PHASE_APPLY;
	case PHASE_APPLY: return r->failure ? PHASE_END : PHASE_PRUNE;
	case PHASE_PRUNE:
	case PHASE_REMOVE: return PHASE_FINISH;
	default: return PHASE_END;
	}
}

/* Makes the next call; without one that is left, ends. */
static void advance(struct manifest_run *r)
{
	for (; r->phase != PHASE_END; r->phase = next_phase(r), r->at = 0) {
		bool single = r->phase == PHASE_RECORD || r->phase == PHASE_FINISH;

		if (single && r->at == 0 &&
		    (r->phase == PHASE_RECORD ? record_first(r) : finish(r)))
			return;
		for (; !single && r->at < items_of(r); r->at++)
			if (do_item(r))
				return;
	}
	end(r);
}

void manifest_run_start(struct manifest_run *r)
{
	if (r->found)
		manifest_record_read(r->found, &r->old, NULL);
	r->phase = r->gone ? PHASE_REMOVE : PHASE_RECORD;
	if (r->gone)
		r->record = object_ref(r->found);
	advance(r);
}
