/* SPDX-License-Identifier: Apache-2.0 */
/* The rules. Those of an event hold between any two commits, whatever fails; those of rest hold when all nodes are well, nobody asks for
 * anything, and nothing has been written for longer than any back-off lasts. */
#include "api/object/meta.h"
#include "api/values/quantity.h"
#include "base/mem.h"
#include "tests/unit/server/simulation/sim_model.h"
#include "tests/unit/server/simulation/sim_time.h"

#define RECENT_US 30000000 /* a smaller size may be news to who creates */

static const struct sim_object *next_object(const struct sim_model *m, size_t *at)
{
	struct map_entry *e = map_next(&m->objects, at);
	return e ? e->value : NULL;
}

/* --- nodes --- */

struct usage {
	int64_t cpu_milli, memory, pods, same_port;
};

static struct usage usage_of(const struct sim_model *m, struct str node, int64_t port)
{
	struct usage u = { 0 };
	size_t at = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));) {
		if (!o->pod || o->pod->terminal || !str_eq(o->pod->node, node))
			continue;
		u.cpu_milli += o->pod->cpu_milli;
		u.memory += o->pod->memory;
		u.pods++;
		u.same_port += port && o->pod->port == port;
	}
	return u;
}

static int64_t allocatable(const json_t *node, const char *resource, bool milli)
{
	struct quantity q = { 0 };
	if (quantity_parse(tree_get_str(node, "status", "allocatable", resource, NULL), &q, NULL) <
	    0)
		return 0;
	return milli ? quantity_milli(q) : quantity_i64(q);
}

/* A node that is gone may come back smaller or not at all: only one that is there can be over-committed. */
static void node_is_not_over_committed(struct sim_model *m, const struct sim_object *pod)
{
	auto_buf key = { 0 };
	buf_printf(&key, "/registry/minions/%.*s", STR_ARG(pod->pod->node));
	const struct sim_object *node = map_get(&m->objects, buf_view(&key));
	if (!node)
		return;
	struct usage u = usage_of(m, pod->pod->node, pod->pod->port);
	if (u.cpu_milli > allocatable(node->tree, "cpu", true) ||
	    u.memory > allocatable(node->tree, "memory", false) ||
	    u.pods > allocatable(node->tree, "pods", false) || u.same_port > 1)
		sim_broken(m,
			   "node %.*s is over-committed by pod %.*s: %lldm cpu, %lld bytes, %lld "
			   "pods, %lld on its port",
			   STR_ARG(pod->pod->node), STR_ARG(pod->name), (long long)u.cpu_milli,
			   (long long)u.memory, (long long)u.pods, (long long)u.same_port);
}

/* --- who makes pods --- */

static int64_t active(const struct sim_model *m, struct str owner)
{
	size_t at = 0;
	int64_t n = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		n += sim_pod_counts(o, owner);
	return n;
}

static int64_t largest(const struct sim_owner *w)
{
	bool recent = w->high_us && sim_now_us() - w->high_us < RECENT_US;
	return recent && w->high > w->wanted ? w->high : w->wanted;
}

static void replicas_are_not_exceeded(struct sim_model *m, const struct sim_object *owner,
				      const struct sim_object *pod, struct sim_owner *w)
{
	int64_t n = active(m, owner->uid);
	if (n > largest(w))
		sim_broken(m, "%.*s is pod %lld of %.*s %.*s, which wants %lld", STR_ARG(pod->name),
			   (long long)n, STR_ARG(owner->kind), STR_ARG(owner->name),
			   (long long)largest(w));
}

static void ordinal_is_wanted(struct sim_model *m, const struct sim_object *owner,
			      const struct sim_object *pod, struct sim_owner *w)
{
	int64_t ordinal = 0;
	size_t dash = str_rfind(pod->name, '-');
	if (!str_to_i64(str_of(pod->name.p + dash + 1, pod->name.n - dash - 1), &ordinal) ||
	    ordinal >= largest(w))
		sim_broken(m, "StatefulSet %.*s of %lld makes pod %.*s", STR_ARG(owner->name),
			   (long long)largest(w), STR_ARG(pod->name));
}

static const json_t *condition_of(const json_t *tree, const char *type)
{
	const json_t *all = tree_get(tree, "status", "conditions", NULL);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *c = json_array_get(all, i);
		if (str_eqz(tree_get_str(c, "type", NULL), type))
			return c;
	}
	return NULL;
}

static bool condition(const json_t *tree, const char *type)
{
	return str_eqz(tree_get_str(condition_of(tree, type), "status", NULL), "True");
}

static void index_is_free(struct sim_model *m, const struct sim_object *job,
			  const struct sim_object *pod)
{
	size_t at = 0;
	for (const struct sim_object *o; pod->pod->index.n && (o = next_object(m, &at));)
		if (o != pod && sim_pod_counts(o, job->uid) &&
		    str_eq(o->pod->index, pod->pod->index))
			sim_broken(m, "Job %.*s has two pods of index %.*s: %.*s and %.*s",
				   STR_ARG(job->name), STR_ARG(pod->pod->index), STR_ARG(o->name),
				   STR_ARG(pod->name));
}

static void job_makes_no_more(struct sim_model *m, const struct sim_object *job,
			      const struct sim_object *pod, struct sim_owner *w)
{
	int64_t parallelism = tree_int(tree_get(job->tree, "spec", "parallelism", NULL), 1);
	int64_t completions = tree_int(tree_get(job->tree, "spec", "completions", NULL), 1);
	int64_t limit = tree_int(tree_get(job->tree, "spec", "backoffLimit", NULL), 6);
	if (active(m, job->uid) > parallelism)
		sim_broken(m, "Job %.*s runs %lld pods with parallelism %lld", STR_ARG(job->name),
			   (long long)active(m, job->uid), (long long)parallelism);
	if (condition(job->tree, "Complete") || condition(job->tree, "Failed"))
		sim_broken(m, "Job %.*s has ended and makes pod %.*s", STR_ARG(job->name),
			   STR_ARG(pod->name));
	if (w->created > completions + limit + 2 * parallelism)
		sim_broken(m, "Job %.*s made %lld pods for %lld completions and %lld failures",
			   STR_ARG(job->name), (long long)w->created, (long long)completions,
			   (long long)limit);
	index_is_free(m, job, pod);
}

/* Of two pods for a node only one may be wanted; the other has failed or is on its way out. */
static void daemon_is_alone(struct sim_model *m, const struct sim_object *pod)
{
	size_t at = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		if (o != pod && sim_pod_counts(o, pod->pod->owner) &&
		    str_eq(o->pod->target, pod->pod->target))
			sim_broken(m, "node %.*s has two daemons: %.*s and %.*s",
				   STR_ARG(pod->pod->target), STR_ARG(o->name), STR_ARG(pod->name));
}

static void pod_was_made(struct sim_model *m, const struct sim_object *pod)
{
	const struct sim_object *owner = sim_object_of(m, pod->pod->owner);
	struct sim_owner *w = map_get(&m->owners, pod->pod->owner);
	if (!owner || !w)
		return;
	w->created++;
	if (str_eqz(owner->kind, "ReplicaSet"))
		replicas_are_not_exceeded(m, owner, pod, w);
	else if (str_eqz(owner->kind, "StatefulSet"))
		ordinal_is_wanted(m, owner, pod, w);
	else if (str_eqz(owner->kind, "Job"))
		job_makes_no_more(m, owner, pod, w);
	else if (str_eqz(owner->kind, "DaemonSet"))
		daemon_is_alone(m, pod);
}

/* --- budgets, owners --- */

static int64_t healthy(const struct sim_model *m, struct str ns, struct str app)
{
	size_t at = 0;
	int64_t n = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		n += o->pod && o->pod->ready && !o->pod->deleting && str_eq(o->ns, ns) &&
		     str_eq(o->pod->app, app);
	return n;
}

/* The scheduler overdraws one when there is no other way. */
static bool was_preempted(const struct sim_object *pod)
{
	return str_eqz(tree_get_str(condition_of(pod->tree, "DisruptionTarget"), "reason", NULL),
		       "PreemptionByScheduler");
}

static void budget_is_kept(struct sim_model *m, const struct sim_object *pod)
{
	size_t at = 0;
	if (was_preempted(pod))
		return;
	for (const struct sim_object *o; (o = next_object(m, &at));) {
		if (!str_eqz(o->kind, "PodDisruptionBudget") || !str_eq(o->ns, pod->ns))
			continue;
		struct str app =
			tree_get_str(o->tree, "spec", "selector", "matchLabels", "app", NULL);
		int64_t least = tree_int(tree_get(o->tree, "spec", "minAvailable", NULL), 0);
		if (str_eq(app, pod->pod->app) && healthy(m, pod->ns, app) < least)
			sim_broken(m, "the end of %.*s leaves %lld of %lld pods",
				   STR_ARG(pod->name), (long long)healthy(m, pod->ns, app),
				   (long long)least);
	}
}

static bool is_owned_by(const struct sim_object *o, struct str uid, bool blocking)
{
	const json_t *owners = meta_owners(o->tree);
	for (size_t i = 0; i < json_array_size(owners); i++) {
		const json_t *w = json_array_get(owners, i);
		if (str_eq(tree_get_str(w, "uid", NULL), uid) &&
		    (!blocking || json_is_true(tree_get(w, "blockOwnerDeletion", NULL))))
			return true;
	}
	return false;
}

static void dependents_went_first(struct sim_model *m, const struct sim_object *owner)
{
	size_t at = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		if (is_owned_by(o, owner->uid, true))
			sim_broken(m, "%.*s %.*s is gone before its dependent %.*s %.*s",
				   STR_ARG(owner->kind), STR_ARG(owner->name), STR_ARG(o->kind),
				   STR_ARG(o->name));
}

static void job_counts(struct sim_model *m, const struct sim_object *job)
{
	int64_t completions = tree_int(tree_get(job->tree, "spec", "completions", NULL), 1);
	int64_t done = tree_int(tree_get(job->tree, "status", "succeeded", NULL), 0);
	if (done > completions)
		sim_broken(m, "Job %.*s counts %lld successes of %lld", STR_ARG(job->name),
			   (long long)done, (long long)completions);
}

void sim_rules_event(struct sim_model *m, const struct sim_object *old,
		     const struct sim_object *new)
{
	if (new &&new->pod) {
		bool same = old && str_eq(old->uid, new->uid);
		if (!same)
			pod_was_made(m, new);
		if (new->pod->node.n && !(same && old->pod->node.n))
			node_is_not_over_committed(m, new);
		/* one that wasn't ready takes nothing from its budget */
		if (same && old->pod->ready && !old->pod->deleting && new->pod->deleting &&
		    m->steady)
			budget_is_kept(m, new);
		if (same && old->pod->node.n && !str_eq(old->pod->node, new->pod->node))
			sim_broken(m, "pod %.*s moved", STR_ARG(new->name));
	}
	if (new &&str_eqz(new->kind, "Job"))
		job_counts(m, new);
	if (old && !new && old->foreground)
		dependents_went_first(m, old);
}

/* --- at rest --- */

static void has_an_owner(struct sim_model *m, const struct sim_object *o)
{
	const json_t *owners = meta_owners(o->tree);
	for (size_t i = 0; i < json_array_size(owners); i++)
		if (sim_object_of(m, tree_get_str(json_array_get(owners, i), "uid", NULL)))
			return;
	if (json_array_size(owners))
		sim_broken(m, "%.*s %.*s is left over: its owner is gone", STR_ARG(o->kind),
			   STR_ARG(o->name));
}

static int64_t nodes(const struct sim_model *m)
{
	size_t at = 0;
	int64_t n = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		n += str_eqz(o->kind, "Node");
	return n;
}

static bool fits(const struct sim_model *m, const struct sim_object *node, const struct sim_pod *p)
{
	struct usage u = usage_of(m, node->name, p->port);
	return u.cpu_milli + p->cpu_milli <= allocatable(node->tree, "cpu", true) &&
	       u.memory + p->memory <= allocatable(node->tree, "memory", false) &&
	       u.pods < allocatable(node->tree, "pods", false) && u.same_port == 0;
}

/* A pod waits only while it fits nowhere. */
static void waits_with_reason(struct sim_model *m, const struct sim_object *pod)
{
	size_t at = 0;
	if (pod->pod->node.n || pod->pod->apart)
		return;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		if (str_eqz(o->kind, "Node") &&
		    (!pod->pod->target.n || str_eq(o->name, pod->pod->target)) &&
		    fits(m, o, pod->pod))
			sim_broken(m, "pod %.*s waits and fits node %.*s", STR_ARG(pod->name),
				   STR_ARG(o->name));
}

static int64_t waiting(const struct sim_model *m, struct str owner)
{
	size_t at = 0;
	int64_t n = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		n += sim_pod_counts(o, owner) && !o->pod->node.n;
	return n;
}

static void has_its_pods(struct sim_model *m, const struct sim_object *o, int64_t wanted)
{
	size_t at = 0;
	int64_t ready = 0;
	if (waiting(m, o->uid) && active(m, o->uid) <= wanted + 1)
		return;
	for (const struct sim_object *p; (p = next_object(m, &at));)
		ready += sim_pod_counts(p, o->uid) && p->pod->ready && p->pod->node.n;
	if (ready != wanted || active(m, o->uid) != wanted)
		sim_broken(m, "%.*s %.*s has %lld pods, %lld of them ready, and wants %lld",
			   STR_ARG(o->kind), STR_ARG(o->name), (long long)active(m, o->uid),
			   (long long)ready, (long long)wanted);
}

static bool pods_wait(const struct sim_model *m, const struct sim_object *deployment)
{
	size_t at = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		if (str_eqz(o->kind, "ReplicaSet") && is_owned_by(o, deployment->uid, false) &&
		    waiting(m, o->uid))
			return true;
	return false;
}

static void deployment_is_complete(struct sim_model *m, const struct sim_object *o)
{
	if (pods_wait(m, o))
		return;
	int64_t wanted = tree_int(tree_get(o->tree, "spec", "replicas", NULL), 0);
	int64_t updated = tree_int(tree_get(o->tree, "status", "updatedReplicas", NULL), 0);
	int64_t available = tree_int(tree_get(o->tree, "status", "availableReplicas", NULL), 0);
	int64_t seen = tree_int(tree_get(o->tree, "status", "observedGeneration", NULL), 0);
	if (updated != wanted || available != wanted || seen != meta_generation(o->tree))
		sim_broken(m,
			   "Deployment %.*s wants %lld pods: %lld are updated, %lld available, "
			   "generation %lld of %lld",
			   STR_ARG(o->name), (long long)wanted, (long long)updated,
			   (long long)available, (long long)seen,
			   (long long)meta_generation(o->tree));
}

static void object_rests(struct sim_model *m, const struct sim_object *o)
{
	const struct sim_owner *w = map_get(&m->owners, o->uid);
	has_an_owner(m, o);
	if (meta_deletion(o->tree).n)
		sim_broken(m, "%.*s %.*s does not go", STR_ARG(o->kind), STR_ARG(o->name));
	if (o->pod)
		waits_with_reason(m, o);
	else if (str_eqz(o->kind, "ReplicaSet") || str_eqz(o->kind, "StatefulSet"))
		has_its_pods(m, o, w ? w->wanted : 0);
	else if (str_eqz(o->kind, "DaemonSet"))
		has_its_pods(m, o, nodes(m));
	else if (str_eqz(o->kind, "Deployment"))
		deployment_is_complete(m, o);
	else if (str_eqz(o->kind, "Job") && !condition(o->tree, "Complete") &&
		 !condition(o->tree, "Failed") && !waiting(m, o->uid))
		sim_broken(m, "Job %.*s does not end", STR_ARG(o->name));
}

bool sim_rules_job_waits(const struct sim_model *m)
{
	size_t at = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		if (str_eqz(o->kind, "Job") && !condition(o->tree, "Complete") &&
		    !condition(o->tree, "Failed"))
			return true;
	return false;
}

void sim_rules_rest(struct sim_model *m)
{
	size_t at = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		object_rests(m, o);
}

void sim_rules_nothing_left(struct sim_model *m)
{
	static const char *const kinds[] = { "Pod",         "ReplicaSet",
					     "Deployment",  "DaemonSet",
					     "Job",         "CronJob",
					     "StatefulSet", "ControllerRevision" };
	size_t at = 0;
	for (const struct sim_object *o; (o = next_object(m, &at));)
		for (size_t i = 0; i < COUNT_OF(kinds); i++)
			if (str_eqz(o->kind, kinds[i]))
				sim_broken(m, "%.*s %.*s is left over", STR_ARG(o->kind),
					   STR_ARG(o->name));
}
