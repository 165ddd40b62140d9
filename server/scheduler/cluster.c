/* SPDX-License-Identifier: Apache-2.0 */
/* A pod is `counted` while its node exists: then it is in the node's sums, in its list of pods and in every tally that means it.
 * Whoever changes what a count depends on (a node's labels, its place, its end) uncounts the node's pods before and counts them
 * again after. */
#include "server/scheduler/cluster.h"

#include "base/mem.h"

/* --- a pod in and out of the numbers --- */

static void ports_add(struct node_info *n, const struct pod_usage *u)
{
	for (size_t i = 0; i < u->nports; i++) {
		n->ports =
			mem_array_grow(n->ports, &n->ports_cap, n->nports + 1, sizeof(*n->ports));
		n->ports[n->nports++] = u->ports[i];
	}
}

static void ports_del(struct node_info *n, const struct pod_usage *u)
{
	for (size_t i = 0; i < u->nports; i++)
		for (size_t k = 0; k < n->nports; k++)
			if (!memcmp(&n->ports[k], &u->ports[i], sizeof(n->ports[k]))) {
				n->ports[k] = n->ports[--n->nports];
				break;
			}
}

static void tallies_count(struct cluster *c, const struct placed_pod *p, int64_t sign)
{
	struct map_entry *e;

	for (size_t i = 0; i < p->ncarried; i++)
		tally_add(p->carried[i].tally, p->node->place, sign * p->carried[i].weight);
	for (size_t i = 0; (e = map_next(&c->tallies.selecting, &i));) {
		struct tally *t = e->value;

		if (pod_terms_match(&c->tallies, &t->terms, p->object))
			tally_add(t, p->node->place, sign);
	}
}

static void claims_count(struct cluster *c, const struct placed_pod *p, int sign)
{
	for (size_t i = 0; i < p->nclaims; i++) {
		struct str key = str_from(p->claims[i]);
		uintptr_t n = (uintptr_t)map_get(&c->claims, key);

		n = sign > 0 ? n + 1 : n - 1;
		if (n)
			map_put(&c->claims, key, (void *)n);
		else
			map_del(&c->claims, key);
	}
}

static void count(struct cluster *c, struct placed_pod *p, int sign)
{
	struct node_info *n = p->node;

	if (!n->listed || p->counted == (sign > 0))
		return;
	p->counted = sign > 0;
	amounts_add(&n->requested, &p->usage.request, sign);
	n->nonzero_milli_cpu += sign * p->usage.nonzero_milli_cpu;
	n->nonzero_memory += sign * p->usage.nonzero_memory;
	if (sign > 0) {
		n->npods++;
		ports_add(n, &p->usage);
	} else {
		n->npods--;
		ports_del(n, &p->usage);
	}
	tallies_count(c, p, sign);
	claims_count(c, p, sign);
}

static void count_all(struct cluster *c, struct node_info *n, int sign)
{
	for (size_t i = 0; i < n->npods_known; i++)
		count(c, n->pods[i], sign);
}

void cluster_try(struct cluster *c, struct placed_pod *p, bool present)
{
	count(c, p, present ? 1 : -1);
}

/* --- nodes --- */

static struct node_info *node_known(struct cluster *c, struct str name)
{
	struct node_info *n = map_get(&c->nodes, name);

	if (n)
		return n;
	n = NEW(struct node_info);
	n->name = str_dup(name);
	n->slot = images_slot_take(&c->images);
	map_put(&c->nodes, name, n);
	return n;
}

/* Nobody speaks of it any more. */
static void node_forget_if_unused(struct cluster *c, struct node_info *n)
{
	if (n->listed || n->npods_known || n->nnominated)
		return;
	map_del(&c->nodes, str_from(n->name));
	images_slot_give(&c->images, n->slot);
	object_unref(n->object);
	arena_free(&n->arena);
	amounts_free(&n->allocatable);
	amounts_free(&n->requested);
	free(n->ports);
	free(n->nominated);
	free(n->pods);
	free(n->name);
	free(n);
}

static const struct str *label_of(const struct node_info *n, const char *key)
{
	const struct api_str_map *labels = &n->node.metadata.labels;

	if (!*key)
		return &n->node.metadata.name;
	for (size_t i = 0; i < labels->n; i++)
		if (str_eqz(labels->items[i].key, key))
			return &labels->items[i].value;
	return NULL;
}

static void topologies_see(struct cluster *c, const struct node_info *n)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&c->topologies, &i));) {
		struct topology *t = e->value;

		topology_node_set(t, n->place, label_of(n, t->key));
	}
}

static void node_list(struct cluster *c, struct node_info *n)
{
	c->list = mem_array_grow(c->list, &c->list_cap, c->nlist + 1, sizeof(*c->list));
	n->place = c->nlist;
	c->list[c->nlist++] = n;
	n->listed = true;
}

static void node_unlist(struct cluster *c, struct node_info *n)
{
	size_t last = c->nlist - 1;
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&c->topologies, &i));)
		topology_node_del(e->value, n->place, last);
	c->list[n->place] = c->list[last];
	c->list[n->place]->place = n->place;
	c->nlist--;
	n->listed = false;
}

static bool same_json(const struct api_struct *desc, const void *a, const void *b)
{
	auto_buf ta = { 0 }, tb = { 0 };

	struct_write_json(desc, a, &ta);
	struct_write_json(desc, b, &tb);
	return str_eq(buf_view(&ta), buf_view(&tb));
}

static unsigned node_changes(const struct core_v1_node *a, const struct core_v1_node *b)
{
	struct core_v1_node_status had = { .allocatable = a->status.allocatable };
	struct core_v1_node_status has = { .allocatable = b->status.allocatable };
	struct core_v1_node_status knew = { .declared_features = a->status.declared_features };
	struct core_v1_node_status knows = { .declared_features = b->status.declared_features };
	struct meta_v1_object_meta l = { .labels = a->metadata.labels };
	struct meta_v1_object_meta m = { .labels = b->metadata.labels };
	struct core_v1_node_spec s = { .taints = a->spec.taints,
				       .unschedulable = a->spec.unschedulable };
	struct core_v1_node_spec t = { .taints = b->spec.taints,
				       .unschedulable = b->spec.unschedulable };
	unsigned what = 0;

	if (!same_json(api_struct_core_v1_node_status, &had, &has))
		what |= NODE_ALLOCATABLE;
	if (!same_json(api_struct_core_v1_node_status, &knew, &knows))
		what |= NODE_FEATURES;
	if (!same_json(api_struct_meta_v1_object_meta, &l, &m))
		what |= NODE_LABELS;
	if (!same_json(api_struct_core_v1_node_spec, &s, &t))
		what |= NODE_TAINTS;
	return what;
}

static void node_read(struct node_info *n)
{
	amounts_free(&n->allocatable);
	amounts_read(&n->allocatable, &n->node.status.allocatable);
	n->max_pods = amounts_other(&n->allocatable, "pods");
	n->unschedulable = n->node.spec.unschedulable;
	n->ntaints = n->node.spec.taints.n;
}

/* The decoded node becomes what is known; what was known goes to the caller. */
static void node_replace(struct cluster *c, struct node_info *n, const struct object *o,
			 const struct core_v1_node *node, struct arena *arena,
			 struct core_v1_node *was, struct arena *was_arena)
{
	images_note(&c->images, n->slot, &n->node.status, false);
	object_unref(n->object);
	n->object = object_ref(o);
	if (was) {
		*was = n->node;
		*was_arena = n->arena;
	} else {
		arena_free(&n->arena);
	}
	n->arena = *arena;
	n->node = *node;
	images_note(&c->images, n->slot, &n->node.status, true);
	node_read(n);
}

unsigned cluster_node_set(struct cluster *c, const struct object *o, struct core_v1_node *was,
			  struct arena *was_arena)
{
	struct arena arena = { 0 };
	struct core_v1_node node = { 0 };
	struct node_info *n;
	unsigned what;

	if (object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) < 0) {
		arena_free(&arena);
		return 0;
	}
	n = node_known(c, o->name);
	what = n->listed ? node_changes(&n->node, &node) : NODE_ADDED;
	if (what & NODE_LABELS)
		count_all(c, n, -1);
	node_replace(c, n, o, &node, &arena, was, was_arena);
	if (what & NODE_ADDED)
		node_list(c, n);
	if (what & (NODE_ADDED | NODE_LABELS)) {
		topologies_see(c, n);
		count_all(c, n, 1);
	}
	return what;
}

void cluster_node_del(struct cluster *c, struct str name)
{
	struct node_info *n = map_get(&c->nodes, name);

	if (!n || !n->listed)
		return;
	count_all(c, n, -1);
	images_note(&c->images, n->slot, &n->node.status, false);
	node_unlist(c, n);
	node_forget_if_unused(c, n);
}

struct node_info *cluster_node(const struct cluster *c, struct str name)
{
	struct node_info *n = map_get(&c->nodes, name);

	return n && n->listed ? n : NULL;
}

/* --- pods --- */

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

static struct placed_pod *placed_new(struct cluster *c, struct str key, struct str node,
				     const struct object *o, const struct core_v1_pod *pod)
{
	struct placed_pod *p = NEW(struct placed_pod);

	p->key = str_dup(key);
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
static void placed_free(struct cluster *c, struct placed_pod *p)
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

static void list_add_pod(struct placed_pod ***list, size_t *cap, size_t *n, struct placed_pod *p)
{
	*list = mem_array_grow(*list, cap, *n + 1, sizeof(p));
	p->at = *n;
	(*list)[(*n)++] = p;
}

static void list_del_pod(struct placed_pod **list, size_t *n, const struct placed_pod *p)
{
	list[p->at] = list[--*n];
	list[p->at]->at = p->at;
}

static void unplace(struct cluster *c, struct placed_pod *p)
{
	struct node_info *n = p->node;

	count(c, p, -1);
	list_del_pod(n->pods, &n->npods_known, p);
	placed_free(c, p);
	node_forget_if_unused(c, n);
}

void cluster_pod_set(struct cluster *c, struct str key, struct str node, const struct object *o,
		     const struct core_v1_pod *pod, bool assumed)
{
	struct placed_pod *p = placed_new(c, key, node, o, pod), *old;

	p->assumed = assumed;
	list_add_pod(&p->node->pods, &p->node->pods_cap, &p->node->npods_known, p);
	old = map_put(&c->placed, key, p);
	if (old)
		unplace(c, old);
	cluster_nominate_not(c, key);
	count(c, p, 1);
}

static bool same_labels(const struct object *a, const struct object *b)
{
	if (a->nlabels != b->nlabels)
		return false;
	for (size_t i = 0; i < a->nlabels; i++)
		if (!str_eq(a->labels[i].key, b->labels[i].key) ||
		    !str_eq(a->labels[i].value, b->labels[i].value))
			return false;
	return true;
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
	    p->leaving != pod->metadata.deletion_timestamp.set || !same_labels(p->object, o))
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
	if (!str_eq(p->object->uid, o->uid) || o->deleting || !same_labels(p->object, o) ||
	    !str_eqz(field_of(o, "spec.nodeName"), p->node->name) ||
	    !str_eqz(field_of(o, "status.phase"), "Pending"))
		return false;
	object_unref(p->object);
	p->object = object_ref(o);
	p->assumed = false;
	return true;
}

bool cluster_pod_del(struct cluster *c, struct str key)
{
	struct placed_pod *p = map_del(&c->placed, key);

	if (p)
		unplace(c, p);
	return p != NULL;
}

struct placed_pod *cluster_pod(const struct cluster *c, struct str key)
{
	return map_get(&c->placed, key);
}

static void denominate(struct cluster *c, struct placed_pod *p)
{
	struct node_info *n = p->node;

	list_del_pod(n->nominated, &n->nnominated, p);
	placed_free(c, p);
	node_forget_if_unused(c, n);
}

void cluster_nominate(struct cluster *c, struct str key, struct str node, const struct object *o,
		      const struct core_v1_pod *pod)
{
	struct placed_pod *p = placed_new(c, key, node, o, pod), *old;

	list_add_pod(&p->node->nominated, &p->node->nominated_cap, &p->node->nnominated, p);
	old = map_put(&c->nominated, key, p);
	if (old)
		denominate(c, old);
}

void cluster_nominate_not(struct cluster *c, struct str key)
{
	struct placed_pod *p = map_del(&c->nominated, key);

	if (p)
		denominate(c, p);
}

struct str cluster_nominated_node(const struct cluster *c, struct str key)
{
	const struct placed_pod *p = map_get(&c->nominated, key);

	return p ? str_from(p->node->name) : STR("");
}

size_t cluster_claim_users(const struct cluster *c, struct str claim)
{
	return (size_t)(uintptr_t)map_get(&c->claims, claim);
}

/* --- counts --- */

struct topology *cluster_topology(struct cluster *c, struct str key)
{
	struct topology *t = map_get(&c->topologies, key);

	if (t)
		return t;
	t = topology_new(key);
	map_put(&c->topologies, key, t);
	for (size_t i = 0; i < c->nlist; i++)
		topology_node_set(t, i, label_of(c->list[i], t->key));
	return t;
}

struct tally *cluster_count(struct cluster *c, const struct pod_terms *terms,
			    struct str topology_key)
{
	bool made;
	struct tally *t =
		tally_selecting(&c->tallies, terms, cluster_topology(c, topology_key), &made);

	for (size_t i = 0; made && i < c->nlist; i++) {
		const struct node_info *n = c->list[i];

		for (size_t k = 0; k < n->npods_known; k++)
			if (n->pods[k]->counted &&
			    pod_terms_match(&c->tallies, &t->terms, n->pods[k]->object))
				tally_add(t, i, 1);
	}
	return t;
}

static void free_topology(void *t)
{
	topology_free(t);
}

static void free_placed_of(struct cluster *c, struct map *pods, bool nominated)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(pods, &i));)
		if (nominated)
			denominate(c, e->value);
		else
			unplace(c, e->value);
	map_free(pods, NULL);
}

void cluster_free(struct cluster *c)
{
	free_placed_of(c, &c->nominated, true);
	free_placed_of(c, &c->placed, false);
	while (c->nlist)
		cluster_node_del(c, str_from(c->list[c->nlist - 1]->name));
	free(c->list);
	map_free(&c->nodes, NULL);
	map_free(&c->claims, NULL);
	map_free(&c->topologies, free_topology);
	tallies_free(&c->tallies);
	images_free(&c->images);
	*c = (struct cluster){ 0 };
}
