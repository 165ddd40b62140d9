/* SPDX-License-Identifier: Apache-2.0 */
/* Disks that only one pod at a time may have on a node, and claims that only one pod at a time may have at all
 * (ReadWriteOncePod). */
#include "base/buf.h"
#include "server/scheduler/plugin.h"

struct state {
	struct str *claims; /* "ns/name" of ReadWriteOncePod ones */
	size_t nclaims;
	bool disks;
};

static bool is_disk(const struct core_v1_volume *v)
{
	return v->gce_persistent_disk || v->aws_elastic_block_store || v->rbd || v->iscsi;
}

static bool overlap(const struct api_str_list *a, const struct api_str_list *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (str_eq(a->items[i], b->items[k]))
				return true;
	return false;
}

static bool same_disk(const struct core_v1_volume *a, const struct core_v1_volume *b)
{
	if (a->gce_persistent_disk && b->gce_persistent_disk &&
	    str_eq(a->gce_persistent_disk->pd_name, b->gce_persistent_disk->pd_name) &&
	    !(a->gce_persistent_disk->read_only && b->gce_persistent_disk->read_only))
		return true;
	if (a->aws_elastic_block_store && b->aws_elastic_block_store &&
	    str_eq(a->aws_elastic_block_store->volume_id, b->aws_elastic_block_store->volume_id))
		return true;
	if (a->iscsi && b->iscsi && str_eq(a->iscsi->iqn, b->iscsi->iqn) &&
	    !(a->iscsi->read_only && b->iscsi->read_only))
		return true;
	return a->rbd && b->rbd && overlap(&a->rbd->monitors, &b->rbd->monitors) &&
	       str_eq(a->rbd->pool, b->rbd->pool) && str_eq(a->rbd->image, b->rbd->image) &&
	       !(a->rbd->read_only && b->rbd->read_only);
}

static bool disks_conflict(const struct core_v1_pod *a, const struct core_v1_pod *b)
{
	for (size_t i = 0; i < a->spec.volumes.n; i++)
		for (size_t k = 0; k < b->spec.volumes.n; k++)
			if (same_disk(&a->spec.volumes.items[i], &b->spec.volumes.items[k]))
				return true;
	return false;
}

static bool only_for_one_pod(const claim_struct *claim)
{
	for (size_t i = 0; i < claim->spec.access_modes.n; i++)
		if (str_eqz(claim->spec.access_modes.items[i], "ReadWriteOncePod"))
			return true;
	return false;
}

static const char *read_claims(const struct sched_cycle *c, struct state *s)
{
	for (size_t i = 0; c->volumes && i < c->pod->spec.volumes.n; i++) {
		const struct core_v1_volume *v = &c->pod->spec.volumes.items[i];
		const claim_struct *claim;
		struct str name;

		if (!v->persistent_volume_claim)
			continue;
		name = v->persistent_volume_claim->claim_name;
		claim = volumes_claim(c->volumes, c->arena, c->object->ns, name);
		if (!claim)
			return arena_printf(c->arena, "persistentvolumeclaim \"%.*s\" not found",
					    STR_ARG(name));
		if (only_for_one_pod(claim))
			s->claims[s->nclaims++] =
				str_from(arena_printf(c->arena, "%.*s/%.*s", STR_ARG(c->object->ns),
						      STR_ARG(name)));
	}
	return NULL;
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	struct state *s;

	if (!c->pod->spec.volumes.n)
		return false;
	s = ARENA_NEW(c->arena, struct state);
	s->claims = ARENA_ARRAY(c->arena, struct str, c->pod->spec.volumes.n);
	for (size_t i = 0; i < c->pod->spec.volumes.n; i++)
		s->disks |= is_disk(&c->pod->spec.volumes.items[i]);
	out->reject = read_claims(c, s);
	out->state = s;
	return s->disks || s->nclaims || out->reject;
}

static bool disk_is_taken(const struct sched_cycle *c, const struct node_info *n)
{
	for (size_t i = 0; i < n->npods_known; i++) {
		auto_arena arena = { 0 };
		struct core_v1_pod other = { 0 };

		if (n->pods[i]->counted &&
		    object_decode(n->pods[i]->object, &arena, api_struct_core_v1_pod, &other,
				  NULL) == 0 &&
		    disks_conflict(c->pod, &other))
			return true;
	}
	return false;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	const struct state *s = c->state;

	if (s->disks && disk_is_taken(c, n)) {
		verdict_add(v, "node(s) had no available disk");
		return;
	}
	for (size_t i = 0; i < s->nclaims; i++)
		if (cluster_claim_users(c->cluster, s->claims[i])) {
			verdict_add(v,
				    "node(s) unavailable due to PersistentVolumeClaim with "
				    "ReadWriteOncePod access mode already in-use by another pod");
			return;
		}
}

static bool uses_claim(const struct core_v1_pod *pod, struct str name)
{
	for (size_t i = 0; i < pod->spec.volumes.n; i++)
		if (pod->spec.volumes.items[i].persistent_volume_claim &&
		    str_eq(pod->spec.volumes.items[i].persistent_volume_claim->claim_name, name))
			return true;
	return false;
}

static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	if (e->node)
		return true;
	if (e->what & SCHED_EVENT_CLAIM)
		return str_eq(e->object->ns, pod->metadata.namespace) &&
		       uses_claim(pod, e->object->name);
	if (!e->decoded)
		return true;
	if (!str_eq(e->decoded->metadata.namespace, pod->metadata.namespace))
		return false;
	for (size_t i = 0; i < e->decoded->spec.volumes.n; i++) {
		const struct core_v1_volume *v = &e->decoded->spec.volumes.items[i];

		if (v->persistent_volume_claim &&
		    uses_claim(pod, v->persistent_volume_claim->claim_name))
			return true;
	}
	return disks_conflict(pod, e->decoded);
}

const struct sched_plugin plugin_volume_restrictions = { .name = "VolumeRestrictions",
							 .pre_filter = pre_filter,
							 .filter = filter,
							 .events = SCHED_EVENT_POD_DELETE |
								   SCHED_EVENT_NODE_ADD |
								   SCHED_EVENT_CLAIM,
							 .hint = hint };
