/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/deletion.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/registry/strategy.h"
#include "server/apiserver/write/delete_options.h"

#define RETRIES_MAX 16

struct deletion *deletion_new(struct api_request *r, const struct api_resource *res, struct str key,
			      struct str name)
{
	struct deletion *d = NEW(struct deletion);
	d->r = r;
	d->res = res;
	d->key = arena_str(&r->arena, key);
	d->name = arena_str(&r->arena, name);
	d->options = r->opt;
	return d;
}

static void deletion_finish(struct deletion *d, const struct object *last, bool gone,
			    const struct err *err)
{
	d->done(d, err ? NULL : last, gone, err);
	object_unref(d->old);
	object_unref(d->new);
	err_clear(&d->txn.err);
	free(d);
}

static const char *qualified_kind(struct api_request *r, const struct api_resource *res)
{
	return res->group[0] ? arena_printf(&r->arena, "%s.%s", res->kind, res->group) : res->kind;
}

static bool is_namespace(const struct api_resource *res)
{
	return !strcmp(res->plural, "namespaces") && res->group[0] == 0;
}

/* Upstream looks at those of a namespace in another place. */
static int namespace_precondition(struct api_request *r, bool uid, const struct object *now,
				  struct err *err)
{
	request_about(r, "", "namespaces", now->name);
	if (uid)
		return err_set(err, ERR_CONFLICT,
			       "Operation cannot be fulfilled on namespaces \"%.*s\": Precondition "
			       "failed: UID in precondition: %.*s, UID in object meta: %.*s",
			       STR_ARG(now->name), STR_ARG(r->opt.pre_uid), STR_ARG(now->uid));
	return err_set(
		err, ERR_CONFLICT,
		"Operation cannot be fulfilled on namespaces \"%.*s\": Precondition failed: "
		"ResourceVersion in precondition: %.*s, ResourceVersion in object meta: %lld",
		STR_ARG(now->name), STR_ARG(r->opt.pre_version), (long long)now->revision);
}

int deletion_preconditions(struct api_request *r, const struct api_resource *res,
			   const struct object *now, struct err *err)
{
	const struct request_options *o = &r->opt;
	int64_t version = 0;
	bool uid_differs = o->pre_uid.n && !str_eq(o->pre_uid, now->uid);
	bool version_differs = o->pre_version.n &&
			       (!str_to_i64(o->pre_version, &version) || version != now->revision);
	if ((uid_differs || version_differs) && is_namespace(res))
		return namespace_precondition(r, uid_differs, now, err);
	res = res->storage ? res->storage : res;
	if (uid_differs || version_differs)
		request_about(r, res->group, res->kind, now->name);
	if (uid_differs)
		return err_set(err, ERR_CONFLICT,
			       "Operation cannot be fulfilled on %s \"%.*s\": the UID in the "
			       "precondition (%.*s) does not match the UID in record (%.*s). The "
			       "object might have been deleted and then recreated",
			       qualified_kind(r, res), STR_ARG(now->name), STR_ARG(o->pre_uid),
			       STR_ARG(now->uid));
	if (version_differs)
		return err_set(
			err, ERR_CONFLICT,
			"Operation cannot be fulfilled on %s \"%.*s\": the ResourceVersion in "
			"the precondition (%.*s) does not match the ResourceVersion in record "
			"(%lld). The object might have been modified",
			qualified_kind(r, res), STR_ARG(now->name), STR_ARG(o->pre_version),
			(long long)now->revision);
	return 0;
}

/* What may be broken on purpose is what can't be read; here everything can. */
static int not_corrupt(struct deletion *d, struct err *err)
{
	if (!d->options.unsafe)
		return 0;
	return err_set(
		err, ERR_CONFLICT,
		"Operation cannot be fulfilled on %s \"%.*s\": StorageError: invalid object, "
		"Code: 4, Key: %.*s, ResourceVersion: %lld, AdditionalErrorMsg: unsafe deletion "
		"is not allowed because the object is decodable from storage",
		lookup_qualified(d->r, d->res), STR_ARG(d->name), STR_ARG(d->key),
		(long long)d->old->revision);
}

static bool is_core(const struct deletion *d, const char *plural)
{
	return !d->res->group[0] && !strcmp(d->res->plural, plural);
}

/* A namespace goes when its own finalizers, those of the spec, are gone. */
static enum delete_plan namespace_plan(json_t *tree, const struct request_options *o,
				       const struct delete_facts *f)
{
	bool held = json_array_size(tree_get(tree, "spec", "finalizers", NULL)) > 0;
	char now[TIME_TEXT_MAX];
	if (!held)
		return delete_plan_make(tree, o, f);
	if (meta_deletion(tree).n)
		return DELETE_PENDING;
	time_format(f->now_s, now);
	meta_set_text(tree, "deletionTimestamp", str_from(now));
	json_t *status = json_object_get(tree, "status");
	if (!json_is_object(status)) {
		status = json_object();
		json_object_set_new(tree, "status", status);
	}
	json_object_set_new(status, "phase", json_string("Terminating"));
	return DELETE_MARK;
}

static int mark_encode(struct deletion *d, const json_t *tree, struct err *err)
{
	auto_buf json = { 0 };
	const struct api_resource *stored = d->old->resource;
	int e = api_json_write(stored->type, tree, true, &json, err);
	return e < 0 ? e : object_new(stored, d->key, buf_view(&json), &d->new, err);
}

static void deletion_run(struct deletion *d);

static void txn_done(struct store_txn *txn)
{
	struct deletion *d = CONTAINER_OF(txn, struct deletion, txn);
	auto_err err = { 0 };
	atomic_store(&d->r->server->store_fails, txn->err.reason != ERR_NONE);
	if (txn->err.reason) {
		err_move(&err, &txn->err);
		deletion_finish(d, NULL, false, &err);
	} else if (txn->failed_op >= 0 && ++d->attempts < RETRIES_MAX) {
		deletion_run(d);
	} else if (txn->failed_op >= 0) {
		err_set(&err, ERR_CONFLICT,
			"Operation cannot be fulfilled on %s \"%.*s\": the object has been "
			"modified; please apply your changes to "
			"the latest version and try again",
			lookup_qualified(d->r, d->res), STR_ARG(d->name));
		deletion_finish(d, NULL, false, &err);
	} else {
		const struct strategy *s = strategy_of(d->old->resource);
		if (d->removes && s->deleted)
			s->deleted(d->r->server, d->old);
		if (!d->removes && s->marked)
			s->marked(d->r->server, d->old);
		if (d->removes && d->new)
			object_seal(d->new, d->old->revision);
		deletion_finish(d, d->new ? d->new : d->old, d->removes, NULL);
	}
}

static void deletion_commit(struct deletion *d)
{
	struct store *store = d->r->server->store;
	d->op = (struct store_op){ .type = d->removes ? STORE_DELETE : STORE_PUT,
				   .key = d->key,
				   .expect = d->old->revision };
	if (!d->removes) {
		d->op.value = d->new->json;
		d->op.item = d->new;
	}
	d->txn = (struct store_txn){
		.ops = &d->op, .nops = 1, .loop = d->r->loop, .done = txn_done, .failed_op = -1
	};
	store->ops->txn(store, &d->txn);
}

static int deletion_plan(struct deletion *d, enum delete_plan *plan, struct err *err)
{
	struct delete_facts f = { .pod = is_core(d, "pods"),
				  .now_s = clock_wall_s(d->r->server->clock) };
	json_t *tree = object_tree(d->old, err);
	if (!tree)
		return -(int)ERR_INTERNAL;
	const struct strategy *s = strategy_of(d->old->resource);
	f.orphans = s->flags & STRATEGY_ORPHANS;
	int64_t generation = meta_generation(tree);
	if (s->deleting)
		s->deleting(tree, f.now_s);
	*plan = is_core(d, "namespaces") ? namespace_plan(tree, &d->options, &f)
					 : delete_plan_make(tree, &d->options, &f);
	if (s->deleting &&
	    meta_deletion(tree).n) { /* upstream's REST of definitions marks them itself */
		meta_unset(tree, "deletionGracePeriodSeconds");
		meta_set_int(tree, "generation", generation);
	}
	bool shown = *plan == DELETE_NOW && f.pod; /* its last state has the times of its end */
	int e = *plan == DELETE_MARK || shown ? mark_encode(d, tree, err) : 0;
	json_decref(tree);
	return e;
}

static void deletion_run(struct deletion *d)
{
	auto_err err = { 0 };
	enum delete_plan plan = DELETE_PENDING;
	object_unref(TAKE(d->old));
	object_unref(TAKE(d->new));
	d->old = cache_get(server_cache(d->r->server, d->res), d->key);
	int e = d->old ? 0 : lookup_not_found(d->r, d->res, d->name, &err);
	if (e == 0)
		e = not_corrupt(d, &err);
	if (e == 0)
		e = deletion_preconditions(d->r, d->res, d->old, &err);
	if (e == 0)
		e = admit_delete(d->r, d->res, d->old, &err);
	if (e == 0)
		e = deletion_plan(d, &plan, &err);
	d->removes = plan == DELETE_NOW;
	if (e < 0) {
		deletion_finish(d, NULL, false, &err);
	} else if (plan == DELETE_PENDING) {
		deletion_finish(d, d->old, false, NULL);
	} else if (d->options.dry_run) {
		if (d->new)
			object_seal(d->new, d->old->revision);
		deletion_finish(d, d->new ? d->new : d->old, d->removes, NULL);
	} else {
		deletion_commit(d);
	}
}

/* Jobs are the kind of today whose dependents stay unless one says otherwise. */
void deletion_warn(struct api_request *r, const struct api_resource *res,
		   const struct request_options *options)
{
	if (strcmp(res->group, "batch") || strcmp(res->plural, "jobs") || options->has_orphan ||
	    options->propagation.n)
		return;
	request_warn(r, "child pods are preserved by default when jobs are deleted; set "
			"propagationPolicy=Background to remove them or set "
			"propagationPolicy=Orphan to suppress this warning");
}

void deletion_start(struct deletion *d)
{
	deletion_warn(d->r, d->res, &d->options);
	deletion_run(d);
}
