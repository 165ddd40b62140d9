/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/write.h"

#include <stdio.h>

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "api/warnings/warnings.h"
#include "base/mem.h"
#include "server/apiserver/admission/account_wait.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/admission/quota.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/write/object_meta.h"
#include "server/apiserver/write/owners.h"

struct write *write_new(struct api_request *r, const struct api_resource *res,
			const char *subresource, struct str ns, struct str name)
{
	struct write *w = NEW(struct write);
	w->r = request_ref(r);
	w->res = res;
	w->subresource = subresource;
	w->strategy = strategy_of(res);
	w->ns = res->namespaced ? ns : STR("");
	w->name = name;
	w->key = lookup_key(r, res, w->ns, name);
	w->status = 200;
	w->txn.loop = r->loop;
	return w;
}

/* Those that judging admission said are the last ones. */
static void also_drop(struct write *w, bool all)
{
	while (w->nalso && (all || w->also[w->nalso - 1].judged))
		object_unref(w->also[--w->nalso].object);
}

static int write_judge(struct write *w, struct err *err)
{
	w->judging = true;
	int e = admit_validate(w, err);
	w->judging = false;
	return e;
}

void write_also(struct write *w, struct object *o, int64_t expect)
{
	w->also = mem_array_grow(w->also, &w->also_cap, w->nalso + 1, sizeof(*w->also));
	w->also[w->nalso++] =
		(struct write_also){ .object = o, .expect = expect, .judged = w->judging };
}

static void write_reset(struct write *w)
{
	for (size_t i = 0; i < w->nheld; i++)
		w->held[i].give_back(w->r->server, w->held[i].text, w->held[i].number);
	w->nheld = 0;
	json_decref(TAKE(w->old));
	json_decref(TAKE(w->tree));
	object_unref(TAKE(w->old_object));
	object_unref(TAKE(w->object));
	err_clear(&w->txn.err);
	w->managed_done = false;
	also_drop(w, true);
}

void write_free(struct write *w)
{
	quota_leave(w);
	write_reset(w);
	free(w->also);
	free(w->ops);
	json_decref(w->body);
	request_unref(w->r);
	free(w);
}

void write_hold(struct write *w, void (*give_back)(struct apiserver *, const char *, int),
		const char *text, int number)
{
	if (w->nheld == WRITE_HELD_MAX)
		return;
	struct write_held *h = &w->held[w->nheld++];
	h->give_back = give_back;
	snprintf(h->text, sizeof(h->text), "%s", text ? text : "");
	h->number = number;
}

void write_fail(struct write *w, const struct err *err)
{
	if (w->done) {
		w->done(w, err);
		return;
	}
	respond_err(w->r, err);
	write_free(w);
}

static void write_succeed(struct write *w)
{
	if (w->done) {
		w->done(w, NULL);
		return;
	}
	if (w->answer)
		w->answer(w);
	else
		respond_object(w->r, w->status, w->object);
	write_free(w);
}

int write_conflict(struct write *w, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
		       "Operation cannot be fulfilled on %s \"%.*s\": the object has been "
		       "modified; please apply your changes to the latest "
		       "version and try again",
		       lookup_qualified(w->r, w->res), STR_ARG(w->name));
}

void write_managed_by(struct write *w, const char *operation)
{
	char version[256];
	api_version_text(w->res, version, sizeof(version));
	struct str manager = w->r->opt.field_manager;
	if (manager.n == 0)
		manager = managed_default_name(w->r->user_agent);
	w->by = (struct managed_by){ .manager = manager,
				     .operation = str_from(operation),
				     .subresource = str_from(w->subresource),
				     .api_version =
					     str_from(arena_printf(&w->r->arena, "%s", version)),
				     .now_s = clock_wall_s(w->r->server->clock),
				     .convert = convert_tree };
}

/* The tree as the store keeps it: storage version, no revision. */
static int write_encode(struct write *w, struct err *err)
{
	const struct api_resource *stored = w->res->storage ? w->res->storage : w->res;
	auto_buf json = { 0 };
	if (!strcmp(w->subresource, "status")) /* reading it back would do it */
		api_default(w->res->type, w->tree);
	if (convert_needed(w->res, stored)) {
		convert_tree(w->res, stored, w->tree);
		if (stored->crd) /* reading it back would do it */
			api_default(stored->type, w->tree);
	}
	int e = api_json_write(stored->type, w->tree, true, &json, err);
	return e < 0 ? e : object_new(stored, w->key, buf_view(&json), &w->object, err);
}

/* The same bytes but for the revision, which only the old version has. */
static bool write_changes_nothing(const struct write *w)
{
	char text[64];
	struct str old = w->old_object->json, new = w->object->json;
	size_t n = (size_t)snprintf(text, sizeof(text), "\"resourceVersion\":\"%lld\",",
				    (long long)w->old_object->revision);
	if (old.n != new.n + n)
		return false;
	const char *at = memmem(old.p, old.n, text, n);
	if (!at)
		return false;
	size_t before = (size_t)(at - old.p);
	return memcmp(old.p, new.p, before) == 0 &&
	       memcmp(at + n, new.p + before, new.n - before) == 0;
}

static void write_committed(struct write *w)
{
	w->nheld = 0; /* the reservations are the object's now */
	if (w->strategy->committed)
		w->strategy->committed(w);
	write_succeed(w);
}

static int txn_failure(struct write *w, struct err *err)
{
	if (w->txn.err.reason) {
		err_move(err, &w->txn.err);
		return -(int)err->reason;
	}
	if (w->txn.failed_op > 0)
		return err_set(err, ERR_INTERNAL, "%.*s has been taken meanwhile",
			       STR_ARG(w->also[w->txn.failed_op - 1].object->name));
	if (w->old_object)
		return write_conflict(w, err);
	struct object *there = cache_get(server_cache(w->r->server, w->res), w->key);
	bool deleting = there && there->deleting;
	object_unref(there);
	w->r->detail_name = w->name;
	return err_set(err, ERR_ALREADY_EXISTS, "%s%s \"%.*s\" already exists",
		       deleting ? "object is being deleted: " : "", lookup_qualified(w->r, w->res),
		       STR_ARG(w->name));
}

static void write_commit(struct write *w, int64_t expect);

/* A generated name was taken: another one. */
static bool write_renamed(struct write *w)
{
	auto_err err = { 0 };
	if (!w->generated || w->old_object || ++w->attempts >= WRITE_RETRIES_MAX)
		return false;
	w->name = object_meta_generate(&w->r->arena, w->tree);
	w->key = lookup_key(w->r, w->res, w->ns, w->name);
	meta_set_text(w->tree, "name", w->name);
	object_unref(TAKE(w->object));
	return write_encode(w, &err) == 0;
}

/* The object itself may be stored, but not what goes with it: that is made anew. */
static bool write_judged_anew(struct write *w, struct err *err)
{
	if (!w->also[w->txn.failed_op - 1].judged || ++w->attempts >= WRITE_RETRIES_MAX)
		return false;
	also_drop(w, false);
	if (write_judge(w, err) < 0)
		write_fail(w, err);
	else
		write_commit(w, w->old_object ? w->old_object->revision : STORE_ABSENT);
	return true;
}

static void txn_done(struct store_txn *txn)
{
	struct write *w = CONTAINER_OF(txn, struct write, txn);
	auto_err err = { 0 };
	if (txn->failed_op > 0 && write_judged_anew(w, &err))
		return;
	atomic_store(&w->r->server->store_fails, txn->err.reason != ERR_NONE);
	bool lost = txn->failed_op >= 0,
	     again = lost && w->old_object && ++w->attempts < WRITE_RETRIES_MAX;
	if (!lost && !txn->err.reason) {
		write_committed(w);
		return;
	}
	if (lost && write_renamed(w)) {
		write_commit(w, STORE_ABSENT);
		return;
	}
	if (again && !w->r->gone) {
		write_update(w); /* the new state may make it a conflict after all */
		return;
	}
	txn_failure(w, &err);
	write_fail(w, &err);
}

static struct store_op put_of(struct object *o, int64_t expect)
{
	return (struct store_op){
		.type = STORE_PUT, .key = o->key, .value = o->json, .expect = expect, .item = o
	};
}

static void ops_reserve(struct write *w)
{
	free(w->ops);
	w->ops = mem_alloc((w->nalso + 1) * sizeof(*w->ops));
}

static void txn_send(struct write *w, size_t nops)
{
	struct store *store = w->r->server->store;
	w->txn.ops = w->ops;
	w->txn.nops = nops;
	w->txn.loop = w->r->loop;
	w->txn.done = txn_done;
	w->txn.failed_op = -1;
	err_clear(&w->txn.err);
	store->ops->txn(store, &w->txn);
}

static void write_commit(struct write *w, int64_t expect)
{
	ops_reserve(w);
	w->ops[0] = put_of(w->object, expect);
	w->ops[0].lease = w->strategy->expires ? w->r->server->event_ttl_s : 0;
	for (size_t i = 0; i < w->nalso; i++)
		w->ops[i + 1] = put_of(w->also[i].object, w->also[i].expect);
	txn_send(w, w->nalso + 1);
}

static bool tell(void *ctx, const char *text)
{
	return request_warn(ctx, "%s", text);
}

/* What the client hears of a valid object. */
static void write_warn(struct write *w)
{
	object_warnings(w->res, w->subresource, w->tree, w->old, tell, w->r);
}

static int create_steps(struct write *w, struct err *err)
{
	object_meta_wipe(w->tree);
	owners_once(w, false);
	int e = w->managed_done ? 0 : managed_update(w->res, NULL, w->tree, &w->by, err);
	if (e == 0)
		e = object_meta_create(w, err);
	if (e == 0)
		e = admit(w, err);
	owners_once(w, true);
	if (e == 0)
		e = strategy_create(w, err);
	if (e == 0)
		e = validate_create(w->res, w->tree, err);
	if (e == 0 && w->strategy->allocate)
		e = w->strategy->allocate(w, err);
	if (e == 0)
		write_warn(w);
	if (e == 0)
		e = write_judge(w, err);
	struct str revision = meta_revision(w->tree);
	if (e == 0 && !w->r->opt.dry_run && revision.n && !str_eqz(revision, "0"))
		e = err_set(err, ERR_UNKNOWN,
			    "resourceVersion should not be set on objects to be created");
	return e < 0 ? e : write_encode(w, err);
}

static void write_create_run(struct write *w)
{
	auto_err err = { 0 };
	w->operation = "CREATE";
	if (account_wait(w, write_create_run) || !quota_enter(w, write_create_run))
		return; /* until its account is there; until it is its turn */
	if (create_steps(w, &err) < 0)
		write_fail(w, &err);
	else if (w->r->opt.dry_run) {
		struct object *there = cache_get(server_cache(w->r->server, w->res), w->key);
		if (there)
			txn_failure(w, &err);
		object_unref(there);
		int64_t sent = 0;
		if (!err.reason && str_to_i64(meta_revision(w->tree), &sent) && sent > 0)
			object_seal(w->object, sent);
		if (err.reason)
			write_fail(w, &err);
		else
			write_succeed(w);
	} else {
		write_commit(w, STORE_ABSENT);
	}
}

void write_create(struct write *w)
{
	w->status = 201;
	write_create_run(w);
}

static int update_load(struct write *w, struct err *err)
{
	w->old_object = cache_get(server_cache(w->r->server, w->res), w->key);
	if (!w->old_object)
		return w->create_on_update ? 0 : lookup_not_found(w->r, w->res, w->name, err);
	w->old = object_tree(w->old_object, err);
	if (!w->old)
		return -(int)ERR_INTERNAL;
	if (convert_needed(w->old_object->resource, w->res))
		convert_tree(w->old_object->resource, w->res, w->old);
	return 0;
}

static int update_steps(struct write *w, struct err *err)
{
	int e = object_meta_update(w, err);
	owners_once(w, false);
	if (e == 0 && !w->managed_done)
		e = managed_update(w->res, w->old, w->tree, &w->by, err);
	if (e == 0)
		e = admit(w, err);
	owners_once(w, true);
	if (e == 0)
		e = strategy_update(w, err);
	if (e == 0)
		e = validate_update(w->res, w->subresource, w->tree, w->old, err);
	if (e == 0 && w->strategy->allocate && !w->subresource[0])
		e = w->strategy->allocate(w, err);
	if (e == 0)
		write_warn(w);
	if (e == 0)
		e = write_judge(w, err);
	return e < 0 ? e : write_encode(w, err);
}

static void update_deletes(struct write *w)
{
	ops_reserve(w);
	w->ops[0] = (struct store_op){ .type = STORE_DELETE,
				       .key = w->key,
				       .expect = w->old_object->revision };
	object_seal(w->object, w->old_object->revision);
	txn_send(w, 1);
}

static void update_store(struct write *w)
{
	auto_err err = { 0 };
	w->operation = "UPDATE";
	if (update_steps(w, &err) < 0) {
		write_fail(w, &err);
	} else if (write_changes_nothing(w)) {
		object_unref(w->object);
		w->object = object_ref(w->old_object);
		write_succeed(w);
	} else if (w->r->opt.dry_run) {
		object_seal(w->object, w->old_object->revision);
		write_succeed(w);
	} else if (object_meta_last_finalizer_gone(w)) {
		update_deletes(w);
	} else {
		write_commit(w, w->old_object->revision);
	}
}

void write_update(struct write *w)
{
	auto_err err = { 0 };
	write_reset(w);
	if (update_load(w, &err) < 0 || w->modify(w, &err) < 0) {
		write_fail(w, &err);
		return;
	}
	if (w->old_object) {
		if (quota_enter(w, write_update))
			update_store(w);
		return;
	}
	w->status = 201;
	write_create_run(w);
}
