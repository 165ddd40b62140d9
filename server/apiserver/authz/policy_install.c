/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/policy_install.h"

#include "api/apply/managed_fields.h"
#include "api/codec.h"
#include "api/object/meta.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/apiserver/authz/policy_reconcile.h"

struct install {
	struct cache_set *objects;
	int64_t now_s;
	char now[TIME_TEXT_MAX];
	struct store_op *ops; /* items are references */
	size_t n, cap;
};

static void op_add(struct install *in, const struct policy_item *item, struct str json,
		   int64_t expect)
{
	auto_buf key = { 0 };
	auto_err err = { 0 };
	struct object *o = NULL;
	object_key(item->resource, item->ns, item->name, &key);
	if (object_new(item->resource, buf_view(&key), json, &o, &err) < 0) {
		log_error("cannot make a part of the policy", LOG_STR("key", buf_view(&key)),
			  LOG_S("error", err_text(&err)));
		return;
	}
	in->ops = mem_array_grow(in->ops, &in->cap, in->n + 1, sizeof(*in->ops));
	in->ops[in->n++] = (struct store_op){
		.type = STORE_PUT, .key = o->key, .value = o->json, .expect = expect, .item = o
	};
}

static void create(struct install *in, const struct policy_item *item, int64_t expect)
{
	char uid[UUID_TEXT + 1];
	auto_buf json = { 0 };
	uuid_new(uid);
	policy_write(item, uid, in->now, &json);
	op_add(in, item, buf_view(&json), expect);
}

static void update(struct install *in, const struct policy_item *item, const json_t *old,
		   json_t *tree, int64_t expect)
{
	auto_buf json = { 0 };
	auto_err err = { 0 };
	const struct managed_by by = { .manager = STR("kube-apiserver"),
				       .operation = STR("Update"),
				       .api_version = STR("rbac.authorization.k8s.io/v1"),
				       .now_s = in->now_s };
	int e = managed_update(item->resource, old, tree, &by, &err);
	e = e < 0 ? e : api_json_write(item->resource->type, tree, true, &json, &err);
	if (e < 0)
		log_error("cannot complete a part of the policy", LOG_STR("name", item->name),
			  LOG_S("error", err_text(&err)));
	else
		op_add(in, item, buf_view(&json), expect);
}

/* Untouched ones, nearly always: the bytes that we would write are in them. */
static bool is_as_written(const struct policy_item *item, const struct object *o)
{
	struct str rest = item->labels, one;
	if (!str_contains(o->json, item->members))
		return false;
	if (!str_contains(o->json, STR("\"kubernetes.io/bootstrapping\":")) ||
	    !str_contains(o->json, STR("\"rbac.authorization.kubernetes.io/autoupdate\":")))
		return false;
	while (rest.n && str_next(&rest, ' ', &one))
		if (!str_contains(o->json, one))
			return false;
	return !item->rules.n || item->aggregates.n ||
	       !str_contains(o->json, STR("\"aggregationRule\":"));
}

static void reconcile(struct install *in, const struct policy_item *item, const struct object *o)
{
	json_t *old = object_tree(o, NULL), *tree = tree_copy(old);
	switch (policy_reconcile(item, tree)) {
	case POLICY_FINE: break;
	case POLICY_UPDATE: update(in, item, old, tree, o->revision); break;
	case POLICY_RECREATE: create(in, item, o->revision);
	}
	json_decref(old);
	json_decref(tree);
}

static void each(void *ctx, const struct policy_item *item)
{
	struct install *in = ctx;
	auto_buf key = { 0 };
	object_key(item->resource, item->ns, item->name, &key);
	const struct object *o = cache_get(cache_of(in->objects, item->resource), buf_view(&key));
	if (!o)
		create(in, item, STORE_ABSENT);
	else if (!is_as_written(item, o))
		reconcile(in, item, o);
	object_unref(o);
}

/* --- the transaction --- */

static void committed(struct store_txn *txn)
{
	loop_stop(txn->loop);
}

static int commit(struct store *store, struct install *in, struct err *err)
{
	struct loop *own = NEW(struct loop);
	struct store_txn txn = {
		.ops = in->ops, .nops = in->n, .loop = own, .done = committed, .failed_op = -1
	};
	int e = loop_init(own, "policy", err);
	if (e == 0) {
		store->ops->txn(store, &txn);
		loop_run(own);
		loop_close(own);
		if (txn.err.reason) {
			e = -(int)txn.err.reason;
			err_move(err, &txn.err);
		}
	}
	free(own);
	return e < 0 ? err_wrap(err, e, "write the built-in roles") : 0;
}

int policy_install(struct store *store, struct cache_set *objects, bool cluster, int64_t now_s,
		   struct err *err)
{
	struct install in = { .objects = objects, .now_s = now_s };
	time_format(now_s, in.now);
	policy_each(POLICY_CORE, each, &in);
	if (cluster)
		policy_each(POLICY_CLUSTER, each, &in);
	int e = in.n ? commit(store, &in, err) : 0;
	for (size_t i = 0; i < in.n; i++)
		object_unref(in.ops[i].item);
	free(in.ops);
	return e;
}
