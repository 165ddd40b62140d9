/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/deployment_conditions.h"

#define CONDITIONS_MAX 8

struct conditions {
	struct apps_v1_deployment_condition items[CONDITIONS_MAX + 1];
	size_t n;
	int64_t now_us;
};

static struct apps_v1_deployment_condition *find(struct conditions *c, const char *type)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eqz(c->items[i].type, type))
			return &c->items[i];
	return NULL;
}

/* Same status and reason: left as it is. Same status: the time of the transition stays. */
static void set(struct conditions *c, const char *type, const char *status, const char *reason,
		struct str message)
{
	struct apps_v1_deployment_condition *old = find(c, type);
	struct apps_v1_deployment_condition now = { .type = str_from(type),
						    .status = str_from(status),
						    .reason = str_from(reason),
						    .message = message,
						    .last_update_time = { c->now_us, true },
						    .last_transition_time = { c->now_us, true } };

	if (!old) {
		if (c->n < CONDITIONS_MAX)
			c->items[c->n++] = now;
		return;
	}
	if (str_eq(old->status, now.status) && str_eq(old->reason, now.reason))
		return;
	if (str_eq(old->status, now.status))
		now.last_transition_time = old->last_transition_time;
	*old = now;
}

static void remove_condition(struct conditions *c, const char *type)
{
	struct apps_v1_deployment_condition *old = find(c, type);

	if (old)
		*old = c->items[--c->n];
}

static bool has_deadline(const struct apps_v1_deployment *d)
{
	return d->spec.progress_deadline_seconds && *d->spec.progress_deadline_seconds != INT32_MAX;
}

static bool progressed(const struct apps_v1_deployment_status *old,
		       const struct apps_v1_deployment_status *now)
{
	return now->updated_replicas > old->updated_replicas ||
	       now->replicas - now->updated_replicas < old->replicas - old->updated_replicas ||
	       now->ready_replicas > old->ready_replicas ||
	       now->available_replicas > old->available_replicas;
}

static struct str about(struct arena *a, const struct apps_v1_deployment *d,
			const struct set_views *s, const char *what)
{
	if (s->latest)
		return str_from(arena_printf(a, "ReplicaSet \"%.*s\" %s",
					     STR_ARG(s->latest->object->name), what));
	return str_from(arena_printf(a, "Deployment \"%.*s\" %s", STR_ARG(d->metadata.name), what));
}

static void see_news(const struct apps_v1_deployment *d, const struct set_views *s,
		     const struct deployment_news *news, struct arena *a, struct conditions *c)
{
	if (!has_deadline(d))
		return;
	if (news && news->kind == DEPLOYMENT_CREATED)
		set(c, "Progressing", "True", "NewReplicaSetCreated",
		    str_from(arena_printf(a, "Created new replica set \"%s\"", news->text)));
	else if (news && news->kind == DEPLOYMENT_FAILED)
		set(c, "Progressing", "False", "ReplicaSetCreateError",
		    arena_str(a, str_from(news->text)));
	else if (s->latest && !find(c, "Progressing"))
		set(c, "Progressing", "True", "FoundNewReplicaSet",
		    str_from(arena_printf(a, "Found new replica set \"%.*s\"",
					  STR_ARG(s->latest->object->name))));
}

static void see_pause(const struct apps_v1_deployment *d, struct conditions *c)
{
	const struct apps_v1_deployment_condition *had = find(c, "Progressing");
	bool was = had && str_eqz(had->reason, "DeploymentPaused");

	if (!has_deadline(d) || (had && str_eqz(had->reason, "ProgressDeadlineExceeded")))
		return;
	if (d->spec.paused && !was)
		set(c, "Progressing", "Unknown", "DeploymentPaused", STR("Deployment is paused"));
	else if (!d->spec.paused && was)
		set(c, "Progressing", "Unknown", "DeploymentResumed", STR("Deployment is resumed"));
}

/* Time left until the deadline; 0: passed. */
static int64_t deadline_left_ms(const struct apps_v1_deployment *d,
				const struct apps_v1_deployment_condition *progressing,
				int64_t now_us)
{
	int64_t end =
		progressing->last_update_time.us + *d->spec.progress_deadline_seconds * 1000000LL;

	return end > now_us ? (end - now_us) / 1000 + 1 : 0;
}

static bool is_complete(const struct apps_v1_deployment *d,
			const struct apps_v1_deployment_status *s, int32_t replicas)
{
	return s->updated_replicas == replicas && s->replicas == replicas &&
	       s->available_replicas == replicas &&
	       s->observed_generation >= d->metadata.generation;
}

/* Progress renews the condition: its time is what the deadline counts from. */
static void renew(struct conditions *c, struct str message)
{
	struct apps_v1_deployment_condition *had = find(c, "Progressing");
	struct api_time since = { c->now_us, true };

	if (had && str_eqz(had->status, "True"))
		since = had->last_transition_time;
	remove_condition(c, "Progressing");
	set(c, "Progressing", "True", "ReplicaSetUpdated", message);
	find(c, "Progressing")->last_transition_time = since;
}

static int64_t judge_progress(const struct apps_v1_deployment *d, const struct set_views *s,
			      int32_t replicas, struct arena *a, struct conditions *c,
			      const struct apps_v1_deployment_status *status)
{
	const struct apps_v1_deployment_condition *had = find(c, "Progressing");
	bool done = had && str_eqz(had->reason, "NewReplicaSetAvailable");

	if (!has_deadline(d)) {
		remove_condition(c, "Progressing");
		return 0;
	}
	if (done && status->replicas == status->updated_replicas)
		return 0;
	if (is_complete(d, status, replicas)) {
		set(c, "Progressing", "True", "NewReplicaSetAvailable",
		    about(a, d, s, "has successfully progressed."));
		return 0;
	}
	if (progressed(&d->status, status))
		renew(c, about(a, d, s, "is progressing."));
	had = find(c, "Progressing");
	if (!had || str_eqz(had->reason, "NewReplicaSetAvailable") ||
	    str_eqz(had->reason, "ProgressDeadlineExceeded"))
		return 0;
	if (deadline_left_ms(d, had, c->now_us))
		return deadline_left_ms(d, had, c->now_us);
	set(c, "Progressing", "False", "ProgressDeadlineExceeded",
	    about(a, d, s, "has timed out progressing."));
	return 0;
}

static const struct apps_v1_replica_set_condition *failure_of(const struct set_view *v)
{
	for (size_t i = 0; v && i < v->rs.status.conditions.n; i++)
		if (str_eqz(v->rs.status.conditions.items[i].type, "ReplicaFailure"))
			return &v->rs.status.conditions.items[i];
	return NULL;
}

/* The newest set's failure, or an older one's. */
static void see_failures(const struct set_views *s, struct conditions *c)
{
	const struct apps_v1_replica_set_condition *f = failure_of(s->latest);

	for (size_t i = 0; !f && i < s->n; i++)
		f = failure_of(s->items[i]);
	if (!f) {
		remove_condition(c, "ReplicaFailure");
		return;
	}
	set(c, "ReplicaFailure", f->status.p, f->reason.p, f->message);
}

int64_t deployment_conditions(const struct apps_v1_deployment *d, const struct set_views *sets,
			      const struct deployment_plan *p, const struct deployment_news *news,
			      int64_t now_us, struct arena *a,
			      struct apps_v1_deployment_status *status)
{
	struct conditions c = { .now_us = now_us };
	struct apps_v1_deployment_condition *items;
	int64_t wait_ms = 0;

	for (size_t i = 0; i < d->status.conditions.n && c.n < CONDITIONS_MAX; i++)
		c.items[c.n++] = d->status.conditions.items[i];
	see_pause(d, &c);
	if (status->available_replicas >= p->limits.replicas - p->limits.unavailable)
		set(&c, "Available", "True", "MinimumReplicasAvailable",
		    STR("Deployment has minimum availability."));
	else
		set(&c, "Available", "False", "MinimumReplicasUnavailable",
		    STR("Deployment does not have minimum availability."));
	see_news(d, sets, news, a, &c);
	if (p->rolling) {
		wait_ms = judge_progress(d, sets, p->limits.replicas, a, &c, status);
		see_failures(sets, &c);
	}
	items = ARENA_ARRAY(a, struct apps_v1_deployment_condition, c.n + 1);
	memcpy(items, c.items, c.n * sizeof(*items));
	status->conditions.items = items;
	status->conditions.n = c.n;
	return wait_ms;
}
