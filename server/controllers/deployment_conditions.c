/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/deployment_conditions.h"

#define CONDITIONS_MAX 8

struct conditions {
	struct apps_v1_deployment_condition items[CONDITIONS_MAX];
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

/* Time left until the deadline; 0: passed. */
static int64_t deadline_left_ms(const struct apps_v1_deployment *d,
				const struct apps_v1_deployment_condition *progressing,
				int64_t now_us)
{
	int64_t end =
		progressing->last_update_time.us + *d->spec.progress_deadline_seconds * 1000000LL;

	return end > now_us ? (end - now_us) / 1000 + 1 : 0;
}

static int64_t progressing(const struct apps_v1_deployment *d, const struct set_views *s,
			   bool complete, struct arena *a, struct conditions *c,
			   const struct apps_v1_deployment_status *status)
{
	struct apps_v1_deployment_condition *had = find(c, "Progressing");

	if (!d->spec.progress_deadline_seconds || *d->spec.progress_deadline_seconds == INT32_MAX)
		return 0;
	if (d->spec.paused) {
		set(c, "Progressing", "Unknown", "DeploymentPaused", STR("Deployment is paused"));
		return 0;
	}
	if (complete && !(had && str_eqz(had->reason, "NewReplicaSetAvailable") &&
			  !progressed(&d->status, status))) {
		set(c, "Progressing", "True", "NewReplicaSetAvailable",
		    about(a, d, s, "has successfully progressed."));
		return 0;
	}
	if (complete)
		return 0;
	if (!had || str_eqz(had->reason, "DeploymentPaused") ||
	    str_eqz(had->reason, "NewReplicaSetAvailable") || progressed(&d->status, status)) {
		if (had && str_eqz(had->reason, "ReplicaSetUpdated")) {
			had->last_update_time.us = c->now_us;
			had->message = about(a, d, s, "is progressing.");
		} else {
			set(c, "Progressing", "True",
			    had ? "ReplicaSetUpdated" : "NewReplicaSetCreated",
			    about(a, d, s, "is progressing."));
		}
		return *d->spec.progress_deadline_seconds * 1000LL;
	}
	if (str_eqz(had->reason, "ProgressDeadlineExceeded"))
		return 0;
	if (deadline_left_ms(d, had, c->now_us))
		return deadline_left_ms(d, had, c->now_us);
	set(c, "Progressing", "False", "ProgressDeadlineExceeded",
	    about(a, d, s, "has timed out progressing."));
	return 0;
}

int64_t deployment_conditions(const struct apps_v1_deployment *d, const struct set_views *sets,
			      const struct deployment_plan *p, int64_t now_us, struct arena *a,
			      struct apps_v1_deployment_status *status)
{
	struct conditions c = { .now_us = now_us };
	struct apps_v1_deployment_condition *items;
	bool complete = p->complete && status->updated_replicas == p->limits.replicas &&
			status->replicas == p->limits.replicas;
	int64_t wait_ms;

	for (size_t i = 0; i < d->status.conditions.n && c.n < CONDITIONS_MAX; i++)
		c.items[c.n++] = d->status.conditions.items[i];
	if (status->available_replicas >= p->limits.replicas - p->limits.unavailable)
		set(&c, "Available", "True", "MinimumReplicasAvailable",
		    STR("Deployment has minimum availability."));
	else
		set(&c, "Available", "False", "MinimumReplicasUnavailable",
		    STR("Deployment does not have minimum availability."));
	wait_ms = progressing(d, sets, complete, a, &c, status);
	items = ARENA_ARRAY(a, struct apps_v1_deployment_condition, c.n + 1);
	memcpy(items, c.items, c.n * sizeof(*items));
	status->conditions.items = items;
	status->conditions.n = c.n;
	return wait_ms;
}
