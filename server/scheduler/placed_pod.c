/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a pod when it gets its place, and whether a newer version of it is another one for the numbers. */
#include "base/mem.h"
#include "client/selectors.h"
#include "server/scheduler/cluster_parts.h"

int32_t pod_priority(const struct core_v1_pod *p)
{
	return p->spec.priority ? *p->spec.priority : 0;
}

struct str pod_claim_name(const struct core_v1_pod *p, const struct core_v1_volume *v,
			  struct buf *scratch)
{
	if (v->persistent_volume_claim)
		return v->persistent_volume_claim->claim_name;
	if (!v->ephemeral)
		return STR("");
	buf_reset(scratch);
	buf_printf(scratch, "%.*s-%.*s", STR_ARG(p->metadata.name), STR_ARG(v->name));
	return buf_view(scratch);
}

static void read_claims(struct placed_pod *p, const struct core_v1_pod *pod)
{
	auto_buf scratch = { 0 };
	size_t cap = 0;

	for (size_t i = 0; i < pod->spec.volumes.n; i++) {
		struct str name = pod_claim_name(pod, &pod->spec.volumes.items[i], &scratch);

		if (!name.n)
			continue;
		p->claims = mem_array_grow(p->claims, &cap, p->nclaims + 1, sizeof(char *));
		p->claims[p->nclaims++] =
			str_printf("%.*s/%.*s", STR_ARG(pod->metadata.namespace), STR_ARG(name));
	}
}

struct carrying {
	struct cluster *cluster;
	struct placed_pod *pod;
	size_t cap;
};

static void carry(struct carrying *x, enum carried_kind kind,
		  const struct core_v1_pod_affinity_term *t, int64_t weight)
{
	struct placed_pod *p = x->pod;

	p->carried = mem_array_grow(p->carried, &x->cap, p->ncarried + 1, sizeof(*p->carried));
	p->carried[p->ncarried++] = (struct carried){
		.kind = kind,
		.weight = weight,
		.tally = tally_carried(&x->cluster->tallies, kind, t, p->object->ns,
				       cluster_topology(x->cluster, t->topology_key)),
	};
}

#define HARD_AFFINITY_WEIGHT 1

/* The pod's own terms, which keep others away or attract them. */
static void read_affinity(struct cluster *c, struct placed_pod *p, const struct core_v1_pod *pod)
{
	const struct core_v1_affinity *both = pod->spec.affinity;
	const struct core_v1_pod_affinity *a = both ? both->pod_affinity : NULL;
	const struct core_v1_pod_anti_affinity *b = both ? both->pod_anti_affinity : NULL;
	struct carrying x = { .cluster = c, .pod = p };

	if (a) {
		for (size_t i = 0; i < a->required_during_scheduling_ignored_during_execution.n;
		     i++)
			carry(&x, CARRIED_SCORES,
			      &a->required_during_scheduling_ignored_during_execution.items[i],
			      HARD_AFFINITY_WEIGHT);
		for (size_t i = 0; i < a->preferred_during_scheduling_ignored_during_execution.n;
		     i++)
			carry(&x, CARRIED_SCORES,
			      &a->preferred_during_scheduling_ignored_during_execution.items[i]
				       .pod_affinity_term,
			      a->preferred_during_scheduling_ignored_during_execution.items[i]
				      .weight);
	}
	if (b) {
		for (size_t i = 0; i < b->required_during_scheduling_ignored_during_execution.n;
		     i++)
			carry(&x, CARRIED_FORBIDS,
			      &b->required_during_scheduling_ignored_during_execution.items[i], 1);
		for (size_t i = 0; i < b->preferred_during_scheduling_ignored_during_execution.n;
		     i++)
			carry(&x, CARRIED_SCORES,
			      &b->preferred_during_scheduling_ignored_during_execution.items[i]
				       .pod_affinity_term,
			      -b->preferred_during_scheduling_ignored_during_execution.items[i]
				       .weight);
	}
}

static bool evicted_by_scheduler(const struct core_v1_pod *pod)
{
	for (size_t i = 0; i < pod->status.conditions.n; i++) {
		const struct core_v1_pod_condition *x = &pod->status.conditions.items[i];

		if (str_eqz(x->type, "DisruptionTarget"))
			return str_eqz(x->status, "True") &&
			       str_eqz(x->reason, "PreemptionByScheduler");
	}
	return false;
}

struct placed_pod *placed_new(struct cluster *c, struct str key, struct str node,
			      const struct object *o, const struct core_v1_pod *pod)
{
	struct placed_pod *p = NEW(struct placed_pod);

	p->key = str_dup(key);
	p->turn = ++c->turns;
	p->node = node_known(c, node);
	p->object = object_ref(o);
	p->leaving = pod->metadata.deletion_timestamp.set;
	p->evicted = evicted_by_scheduler(pod);
	p->priority = pod_priority(pod);
	p->start_us = pod->status.start_time.set ? pod->status.start_time.us : INT64_MAX;
	pod_usage_read(pod, &p->usage);
	read_affinity(c, p, pod);
	read_claims(p, pod);
	return p;
}

/* It is on no list any more. */
void placed_free(struct cluster *c, struct placed_pod *p)
{
	for (size_t i = 0; i < p->ncarried; i++)
		tally_drop(&c->tallies, p->carried[i].tally);
	for (size_t i = 0; i < p->nclaims; i++)
		free(p->claims[i]);
	free(p->claims);
	free(p->carried);
	pod_usage_free(&p->usage);
	object_unref(p->object);
	free(p->key);
	free(p);
}

static bool same_usage(const struct pod_usage *a, const struct pod_usage *b)
{
	const struct amounts *x = &a->request, *y = &b->request;

	if (x->milli_cpu != y->milli_cpu || x->memory != y->memory ||
	    x->ephemeral != y->ephemeral || x->nothers != y->nothers ||
	    a->nonzero_milli_cpu != b->nonzero_milli_cpu || a->nonzero_memory != b->nonzero_memory)
		return false;
	for (size_t i = 0; i < x->nothers; i++)
		if (amounts_other(y, x->others[i].name) != x->others[i].value)
			return false;
	return true;
}

/* Affinity, ports and volumes of a pod never change. */
bool cluster_pod_refresh(struct placed_pod *p, const struct object *o,
			 const struct core_v1_pod *pod)
{
	struct pod_usage usage;
	bool same;

	if (!str_eq(p->object->uid, o->uid) || !str_eqz(pod->spec.node_name, p->node->name) ||
	    p->leaving != pod->metadata.deletion_timestamp.set ||
	    !object_labels_equal(p->object, o))
		return false;
	pod_usage_read(pod, &usage);
	same = same_usage(&p->usage, &usage);
	pod_usage_free(&usage);
	if (!same)
		return false;
	object_unref(p->object);
	p->object = object_ref(o);
	p->assumed = false;
	p->evicted |= evicted_by_scheduler(pod);
	p->start_us = pod->status.start_time.set ? pod->status.start_time.us : INT64_MAX;
	return true;
}

static struct str field_of(const struct object *o, const char *label)
{
	for (size_t i = 0; i < o->resource->nselectable; i++)
		if (!strcmp(o->resource->selectable[i].label, label))
			return o->fields[i];
	return STR("");
}

bool cluster_pod_confirm(struct placed_pod *p, const struct object *o)
{
	if (!str_eq(p->object->uid, o->uid) || o->deleting || !object_labels_equal(p->object, o) ||
	    !str_eqz(field_of(o, "spec.nodeName"), p->node->name) ||
	    !str_eqz(field_of(o, "status.phase"), "Pending"))
		return false;
	object_unref(p->object);
	p->object = object_ref(o);
	p->assumed = false;
	return true;
}
