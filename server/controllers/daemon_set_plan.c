/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/daemon_set_plan.h"

#include "base/mem.h"
#include "client/placement.h"
#include "client/selectors.h"
#include "server/controllers/pairs.h"
#include "server/controllers/revisions.h"

struct fit {
	bool should, may_stay;
};

static struct fit node_fits(const struct core_v1_pod_spec *spec, const struct core_v1_node *n)
{
	struct fit f = { true, true };

	if ((spec->node_name.n && !str_eq(spec->node_name, n->metadata.name)) ||
	    !node_selected(spec, n))
		return (struct fit){ false, false };
	for (size_t i = 0; i < n->spec.taints.n; i++) {
		const struct core_v1_taint *t = &n->spec.taints.items[i];

		if (str_eqz(t->effect, "PreferNoSchedule") ||
		    pod_tolerates(spec, t->key, t->value, t->effect))
			continue;
		f.should = false;
		f.may_stay &= !str_eqz(t->effect, "NoExecute");
	}
	return f;
}

static bool is_current(const struct daemon_view *v, const struct core_v1_pod *p)
{
	const struct str *hash = str_map_get(&p->metadata.labels, STR(REVISION_HASH_LABEL));

	return hash && str_eqz(*hash, v->hash);
}

struct node_pods {             /* on one node */
	struct pod_view *kept; /* the oldest active one */
	bool terminating;
};

struct planning {
	struct daemon_view *view;
	struct daemon_plan *out;
	struct node_pods *at; /* parallel to the nodes */
	struct fit *fits;
};

static void remove_pod(struct planning *w, struct pod_view *p)
{
	if (!p->pod.metadata.deletion_timestamp.set)
		w->out->remove[w->out->nremove++] = p;
}

static size_t node_index(const struct daemon_view *v, struct str name)
{
	size_t i = 0;

	while (i < v->nnodes && !str_eq(v->nodes[i].node->metadata.name, name))
		i++;
	return i;
}

static void place(struct planning *w, struct pod_view *p)
{
	size_t i = node_index(w->view, daemon_pod_node(&p->pod));
	struct node_pods *np = &w->at[i];

	if (i ==
	    w->view->nnodes) /* its node is gone: the pod GC's matter, unless it was never bound */
		return;
	if (p->pod.metadata.deletion_timestamp.set) {
		np->terminating = true;
	} else if (pod_is_over(&p->pod)) { /* a daemon never ends */
		remove_pod(w, p);
		np->terminating = true;
	} else if (!w->fits[i].may_stay) {
		remove_pod(w, p);
	} else if (!np->kept) {
		np->kept = p;
	} else if (p->pod.metadata.creation_timestamp.us <
		   np->kept->pod.metadata.creation_timestamp.us) {
		remove_pod(w, np->kept);
		np->kept = p;
	} else {
		remove_pod(w, p);
	}
}

static void count(struct planning *w, size_t i)
{
	struct apps_v1_daemon_set_status *s = &w->out->status;
	const struct pod_view *p = w->at[i].kept;

	if (!w->fits[i].should) {
		s->number_misscheduled += p != NULL;
		return;
	}
	s->desired_number_scheduled++;
	if (!p)
		return;
	s->current_number_scheduled++;
	s->number_ready += pod_is_ready(&p->pod);
	s->number_available += pod_is_available(&p->pod, w->view->set->spec.min_ready_seconds,
						w->view->now_us, &w->out->wait_ms);
	s->updated_number_scheduled += is_current(w->view, &p->pod);
}

/* Old pods go while enough nodes are served; those that don't serve go at once. */
static void roll(struct planning *w)
{
	const struct apps_v1_rolling_update_daemon_set *r =
		w->view->set->spec.update_strategy.rolling_update;
	int32_t desired = w->out->status.desired_number_scheduled, unavailable = 0, most;

	most = r && r->max_unavailable.set ? scaled_value(&r->max_unavailable, desired, true) : 1;
	if (most < 1)
		most = 1;
	for (size_t i = 0; i < w->view->nnodes; i++)
		unavailable +=
			w->fits[i].should &&
			(!w->at[i].kept || !pod_is_available(&w->at[i].kept->pod,
							     w->view->set->spec.min_ready_seconds,
							     w->view->now_us, NULL));
	for (size_t i = 0; i < w->view->nnodes; i++) {
		struct pod_view *p = w->at[i].kept;
		bool serves;

		if (!p || is_current(w->view, &p->pod))
			continue;
		serves = pod_is_available(&p->pod, w->view->set->spec.min_ready_seconds,
					  w->view->now_us, NULL);
		if (serves && unavailable >= most)
			continue;
		unavailable += serves;
		remove_pod(w, p);
	}
}

void daemon_set_plan(struct daemon_view *v, struct daemon_plan *out)
{
	struct arena *a = v->pods->arena;
	struct planning w = { v, out, ARENA_ARRAY(a, struct node_pods, v->nnodes + 1),
			      ARENA_ARRAY(a, struct fit, v->nnodes + 1) };
	struct core_v1_pod_spec spec;

	*out = (struct daemon_plan){ .remove = ARENA_ARRAY(a, struct pod_view *, v->pods->n + 1) };
	out->status.observed_generation = v->set->metadata.generation;
	daemon_pod_spec(&v->set->spec.template.spec, STR(""), a, &spec);
	for (size_t i = 0; i < v->nnodes; i++)
		w.fits[i] = node_fits(&spec, v->nodes[i].node);
	for (size_t i = 0; i < v->pods->n; i++)
		place(&w, &v->pods->items[i]);
	for (size_t i = 0; i < v->nnodes; i++) {
		count(&w, i);
		v->nodes[i].create = w.fits[i].should && !w.at[i].kept && !w.at[i].terminating;
	}
	out->status.number_unavailable =
		out->status.desired_number_scheduled - out->status.number_available;
	if (v->set->metadata.deletion_timestamp.set) {
		out->nremove = 0;
		for (size_t i = 0; i < v->nnodes; i++)
			v->nodes[i].create = false;
	} else if (!str_eqz(v->set->spec.update_strategy.type, "OnDelete")) {
		roll(&w);
	}
}
