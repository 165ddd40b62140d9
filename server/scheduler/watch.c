/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in the cluster: kept in cluster, volumes, owners, budgets and queue, and told to the pods that wait. */
#include "base/mem.h"
#include "client/selectors.h"
#include "generated/api_tables.h"
#include "server/scheduler/scheduler_state.h"

void scheduler_event(struct scheduler *s, const struct sched_event *e)
{
	sched_queue_event(&s->queue, e, scheduler_now_ms());
	scheduler_wake(s);
}

/* --- nodes --- */

static uint32_t node_events(unsigned changes)
{
	return (changes & NODE_ADDED ? SCHED_EVENT_NODE_ADD : 0U) |
	       (changes & NODE_ALLOCATABLE ? SCHED_EVENT_NODE_ALLOCATABLE : 0U) |
	       (changes & NODE_LABELS ? SCHED_EVENT_NODE_LABELS : 0U) |
	       (changes & NODE_TAINTS ? SCHED_EVENT_NODE_TAINTS : 0U) |
	       (changes & NODE_FEATURES ? SCHED_EVENT_NODE_FEATURES : 0U);
}

static void node_gone(struct scheduler *s, const struct object *o)
{
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };
	struct sched_event e = { .what = SCHED_EVENT_NODE_DELETE, .node = &node };

	cluster_node_del(&s->cluster, o->name);
	if (object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) == 0)
		scheduler_event(s, &e);
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct scheduler *s = ctx;
	auto_arena before_arena = { 0 };
	struct core_v1_node before = { 0 };
	struct sched_event e = { 0 };
	unsigned changes;

	if (!new) {
		node_gone(s, old);
		return;
	}
	changes = cluster_node_set(&s->cluster, new, &before, &before_arena);
	if (!changes)
		return;
	e.what = node_events(changes);
	e.node = cluster_node(&s->cluster, new->name)->node;
	e.node_before = changes & NODE_ADDED ? NULL : &before;
	scheduler_event(s, &e);
}

/* --- what pods refer to --- */

static void on_namespace(void *ctx, const struct object *old, const struct object *new)
{
	struct scheduler *s = ctx;
	struct sched_event e = { .what = SCHED_EVENT_NAMESPACE, .object = new, .before = old };

	if (old && new &&object_labels_equal(old, new))
		return;
	tallies_namespaces_changed(&s->cluster.tallies);
	if (new)
		scheduler_event(s, &e);
}

static void on_service(void *ctx, const struct object *old, const struct object *new)
{
	owners_service(&((struct scheduler *)ctx)->owners, old, new);
}

static void on_workload(void *ctx, const struct object *old, const struct object *new)
{
	owners_workload(&((struct scheduler *)ctx)->owners, old, new);
}

static void on_budget(void *ctx, const struct object *old, const struct object *new)
{
	struct scheduler *s = ctx;

	if (new)
		budgets_set(&s->budgets, new);
	else
		budgets_del(&s->budgets, old);
}

static void storage_event(struct scheduler *s, uint32_t what, const struct object *old,
			  const struct object *new)
{
	struct sched_event e = { .what = what, .object = new ? new : old, .before = old };

	scheduler_event(s, &e);
}

static void on_claim(void *ctx, const struct object *old, const struct object *new)
{
	scheduler_claim_changed(ctx, new ? new : old, !new);
	if (new)
		storage_event(ctx, SCHED_EVENT_CLAIM, old, new);
}

static void on_volume(void *ctx, const struct object *old, const struct object *new)
{
	struct scheduler *s = ctx;

	if (!new) {
		volumes_del(&s->volumes, old->name);
		return;
	}
	volumes_set(&s->volumes, new);
	storage_event(s, SCHED_EVENT_VOLUME, old, new);
}

static void on_class(void *ctx, const struct object *old, const struct object *new)
{
	if (new)
		storage_event(ctx, SCHED_EVENT_CLASS, old, new);
}

static void on_csi_node(void *ctx, const struct object *old, const struct object *new)
{
	if (new)
		storage_event(ctx, SCHED_EVENT_CSI_NODE, old, new);
}

static void on_csi_driver(void *ctx, const struct object *old, const struct object *new)
{
	if (new &&old)
		storage_event(ctx, SCHED_EVENT_CSI_DRIVER, old, new);
}

static void on_capacity(void *ctx, const struct object *old, const struct object *new)
{
	if (new)
		storage_event(ctx, SCHED_EVENT_CAPACITY, old, new);
}

static void on_attachment(void *ctx, const struct object *old, const struct object *new)
{
	if (!new)
		storage_event(ctx, SCHED_EVENT_ATTACHMENT, old, new);
}

/* --- informers --- */

static void on_synced(void *ctx)
{
	scheduler_wake(ctx);
}

static const struct object *find_namespace(void *ctx, struct str name)
{
	const struct scheduler *s = ctx;

	return informer_get(s->watched[WATCHED_NAMESPACES], STR(""), name);
}

static const informer_hook hooks[WATCHED_COUNT] = {
	[WATCHED_NAMESPACES] = on_namespace,  [WATCHED_NODES] = on_node,
	[WATCHED_SERVICES] = on_service,      [WATCHED_REPLICATION_CONTROLLERS] = on_workload,
	[WATCHED_REPLICA_SETS] = on_workload, [WATCHED_STATEFUL_SETS] = on_workload,
	[WATCHED_BUDGETS] = on_budget,        [WATCHED_CLAIMS] = on_claim,
	[WATCHED_VOLUMES] = on_volume,        [WATCHED_CLASSES] = on_class,
	[WATCHED_CSI_NODES] = on_csi_node,    [WATCHED_CSI_DRIVERS] = on_csi_driver,
	[WATCHED_CAPACITIES] = on_capacity,   [WATCHED_ATTACHMENTS] = on_attachment,
	[WATCHED_PODS] = scheduler_on_pod,
};

static const struct api_resource *resource_of(enum watched w)
{
	const struct api_resource *const resources[WATCHED_COUNT] = {
		[WATCHED_NAMESPACES] = API_CORE_V1_NAMESPACES,
		[WATCHED_NODES] = API_CORE_V1_NODES,
		[WATCHED_SERVICES] = API_CORE_V1_SERVICES,
		[WATCHED_REPLICATION_CONTROLLERS] = API_CORE_V1_REPLICATIONCONTROLLERS,
		[WATCHED_REPLICA_SETS] = API_APPS_V1_REPLICASETS,
		[WATCHED_STATEFUL_SETS] = API_APPS_V1_STATEFULSETS,
		[WATCHED_BUDGETS] = API_POLICY_V1_PODDISRUPTIONBUDGETS,
		[WATCHED_CLAIMS] = API_CORE_V1_PERSISTENTVOLUMECLAIMS,
		[WATCHED_VOLUMES] = API_CORE_V1_PERSISTENTVOLUMES,
		[WATCHED_CLASSES] = API_STORAGE_V1_STORAGECLASSES,
		[WATCHED_CSI_NODES] = API_STORAGE_V1_CSINODES,
		[WATCHED_CSI_DRIVERS] = API_STORAGE_V1_CSIDRIVERS,
		[WATCHED_CAPACITIES] = API_STORAGE_V1_CSISTORAGECAPACITIES,
		[WATCHED_ATTACHMENTS] = API_STORAGE_V1_VOLUMEATTACHMENTS,
		[WATCHED_PODS] = API_CORE_V1_PODS,
	};

	return resources[w];
}

static struct informer *informer_of(const struct scheduler *s, const struct api_resource *r)
{
	for (int i = 0; i < WATCHED_COUNT; i++)
		if (resource_of((enum watched)i) == r)
			return s->watched[i];
	abort(); /* the caller asks for something that is not watched */
}

static const struct object *volumes_find(void *ctx, const struct api_resource *r, struct str ns,
					 struct str name)
{
	return informer_get(informer_of(ctx, r), ns, name);
}

static void volumes_each(void *ctx, const struct api_resource *r,
			 bool (*fn)(void *arg, const struct object *o), void *arg)
{
	informer_each(informer_of(ctx, r), STR(""), fn, arg);
}

bool scheduler_synced(const struct scheduler *s)
{
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		if (!informer_synced(s->watched[i]))
			return false;
	return true;
}

void scheduler_watch(struct scheduler *s)
{
	s->cluster.tallies.find_namespace = find_namespace;
	s->cluster.tallies.namespace_ctx = s;
	s->volumes.find = volumes_find;
	s->volumes.each = volumes_each;
	s->volumes.ctx = s;
	for (int i = 0; i < WATCHED_COUNT; i++) {
		s->watched[i] = informer_new(s->client, resource_of((enum watched)i), STR(""),
					     STR(""), STR(""));
		informer_hook_add(s->watched[i], hooks[i], on_synced, s);
	}
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		informer_start(s->watched[i]);
}
