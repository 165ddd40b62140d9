/* SPDX-License-Identifier: Apache-2.0 */
/* A CSI driver may say how many of its volumes a node can have (CSINode). */
#include "base/buf.h"
#include "generated/api_tables.h"
#include "server/scheduler/plugin.h"

struct csi_volume {
	struct str driver, handle;
};
struct csi_volumes {
	struct csi_volume *items;
	size_t n, cap;
	struct arena *arena;
};
struct state {
	struct csi_volumes wanted;
};

static void add(struct csi_volumes *l, struct str driver, struct str handle)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].driver, driver) && str_eq(l->items[i].handle, handle))
			return;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 8;
		struct csi_volume *more = ARENA_ARRAY(l->arena, struct csi_volume, cap);

		if (l->n)
			memcpy(more, l->items, l->n * sizeof(*more));
		l->items = more;
		l->cap = cap;
	}
	l->items[l->n++] = (struct csi_volume){ driver, handle };
}

static bool has(const struct csi_volumes *l, const struct csi_volume *v)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].driver, v->driver) && str_eq(l->items[i].handle, v->handle))
			return true;
	return false;
}

/* One that is yet to be made counts by its class. */
static void add_claim(const struct volumes *all, const claim_struct *claim, struct csi_volumes *l)
{
	const struct volume_known *k =
		claim->spec.volume_name.n ? volumes_get(all, claim->spec.volume_name) : NULL;
	const struct storage_v1_storage_class *class;

	if (k) {
		if (k->volume.spec.csi)
			add(l, k->volume.spec.csi->driver, k->volume.spec.csi->volume_handle);
		return;
	}
	class = volumes_class(all, l->arena, claim_class(claim));
	if (class)
		add(l, class->provisioner,
		    str_from(arena_printf(l->arena, "claim %.*s/%.*s",
					  STR_ARG(claim->metadata.namespace),
					  STR_ARG(claim->metadata.name))));
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	struct state *s = ARENA_NEW(c->arena, struct state);
	auto_buf scratch = { 0 };

	s->wanted.arena = c->arena;
	for (size_t i = 0; c->volumes && i < c->pod->spec.volumes.n; i++) {
		struct str name = pod_claim_name(c->pod, &c->pod->spec.volumes.items[i], &scratch);
		const claim_struct *claim =
			name.n ? volumes_claim(c->volumes, c->arena, c->object->ns, name) : NULL;

		if (claim)
			add_claim(c->volumes, claim, &s->wanted);
	}
	out->state = s;
	return s->wanted.n > 0;
}

/* -1: no limit. */
static int64_t limit_of(const struct storage_v1_csi_node *n, struct str driver)
{
	for (size_t i = 0; i < n->spec.drivers.n; i++) {
		const struct storage_v1_csi_node_driver *d = &n->spec.drivers.items[i];

		if (str_eq(d->name, driver) && d->allocatable && d->allocatable->count)
			return *d->allocatable->count;
	}
	return -1;
}

static void add_placed(const struct sched_cycle *c, const struct node_info *n,
		       struct csi_volumes *l)
{
	for (size_t i = 0; i < n->npods_known; i++)
		for (size_t k = 0; n->pods[i]->counted && k < n->pods[i]->nclaims; k++) {
			struct str rest = str_from(n->pods[i]->claims[k]), ns;
			const claim_struct *claim;

			str_next(&rest, '/', &ns);
			claim = volumes_claim(c->volumes, l->arena, ns, rest);
			if (claim)
				add_claim(c->volumes, claim, l);
		}
}

struct attachments {
	const struct volumes *all;
	struct str node;
	struct csi_volumes *list;
};

static bool add_attachment(void *arg, const struct object *o)
{
	struct attachments *x = arg;
	struct storage_v1_volume_attachment *a =
		ARENA_NEW(x->list->arena, struct storage_v1_volume_attachment);
	const struct volume_known *k;

	if (object_decode(o, x->list->arena, api_struct_storage_v1_volume_attachment, a, NULL) <
		    0 ||
	    !str_eq(a->spec.node_name, x->node))
		return true;
	k = volumes_get(x->all, a->spec.source.persistent_volume_name);
	if (k && k->volume.spec.csi)
		add(x->list, a->spec.attacher, k->volume.spec.csi->volume_handle);
	return true;
}

static bool exceeds(const struct csi_volumes *wanted, const struct csi_volumes *attached,
		    struct str driver, int64_t limit)
{
	int64_t count = 0, more = 0;

	for (size_t i = 0; i < attached->n; i++)
		count += str_eq(attached->items[i].driver, driver);
	for (size_t i = 0; i < wanted->n; i++)
		more += str_eq(wanted->items[i].driver, driver) &&
			!has(attached, &wanted->items[i]);
	return more > 0 && count + more > limit;
}

static bool has_driver(const struct storage_v1_csi_node *n, struct str driver)
{
	for (size_t i = 0; i < n->spec.drivers.n; i++)
		if (str_eq(n->spec.drivers.items[i].name, driver))
			return true;
	return false;
}

/* A driver may ask that nodes without it are left out. */
static const char *missing_driver(const struct sched_cycle *c, const struct storage_v1_csi_node *n,
				  struct str name)
{
	const struct object *o =
		c->volumes->find(c->volumes->ctx, API_STORAGE_V1_CSIDRIVERS, STR(""), name);
	struct storage_v1_csi_driver driver = { 0 };

	if (!o || object_decode(o, c->arena, api_struct_storage_v1_csi_driver, &driver, NULL) < 0 ||
	    !driver.spec.prevent_pod_scheduling_if_missing ||
	    !*driver.spec.prevent_pod_scheduling_if_missing || has_driver(n, name))
		return NULL;
	return arena_printf(c->arena, "%.*s CSI driver is not installed on the node",
			    STR_ARG(name));
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	const struct state *s = c->state;
	const struct object *o = c->volumes->find(c->volumes->ctx, API_STORAGE_V1_CSINODES, STR(""),
						  n->node->metadata.name);
	auto_arena arena = { 0 };
	struct storage_v1_csi_node node = { 0 };
	struct csi_volumes attached = { .arena = &arena };
	bool limited = false;

	if (o && object_decode(o, &arena, api_struct_storage_v1_csi_node, &node, NULL) < 0)
		return;
	for (size_t i = 0; i < s->wanted.n; i++) {
		const char *missing = missing_driver(c, &node, s->wanted.items[i].driver);

		if (missing) {
			verdict_add(v, missing);
			return;
		}
	}
	for (size_t i = 0; i < s->wanted.n; i++)
		limited |= limit_of(&node, s->wanted.items[i].driver) >= 0;
	if (!limited)
		return;
	add_placed(c, n, &attached);
	c->volumes->each(c->volumes->ctx, API_STORAGE_V1_VOLUMEATTACHMENTS, add_attachment,
			 &(struct attachments){ c->volumes, n->node->metadata.name, &attached });
	for (size_t i = 0; i < s->wanted.n; i++) {
		int64_t limit = limit_of(&node, s->wanted.items[i].driver);

		if (limit >= 0 &&
		    exceeds(&s->wanted, &attached, s->wanted.items[i].driver, limit)) {
			verdict_add(v, "node(s) exceed max volume count");
			return;
		}
	}
}

const struct sched_plugin plugin_node_volume_limits = {
	.name = "NodeVolumeLimits",
	.pre_filter = pre_filter,
	.filter = filter,
	.events = SCHED_EVENT_CSI_NODE | SCHED_EVENT_POD_DELETE | SCHED_EVENT_CLAIM |
		  SCHED_EVENT_ATTACHMENT,
};
