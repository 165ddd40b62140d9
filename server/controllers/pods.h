/* SPDX-License-Identifier: Apache-2.0 */
/* What workload controllers ask about pods, and how they make and remove them. */
#ifndef SERVER_CONTROLLERS_PODS_H
#define SERVER_CONTROLLERS_PODS_H

#include "client/events.h"
#include "server/controllers/expectations.h"
#include "server/controllers/round.h"

/* A pod as its controllers see it. `object` is borrowed for the turn. */
struct pod_view {
	const struct object *object;
	struct core_v1_pod pod;
};
struct pod_views {
	struct pod_view *items;
	size_t n, cap;
	struct arena *arena;
};
void pod_views_add(struct pod_views *v,
		   const struct object *o); /* decodes; what can't be is left out */

const struct core_v1_pod_condition *pod_condition(const struct core_v1_pod *p, const char *type);
/* The write that makes a condition of a pod False now; `more` are further members of it (",\"reason\":null"). `body` holds its text. */
struct controller_write pod_condition_ends(const struct object *pod, const char *type,
					   const char *more, struct buf *body);
bool pod_is_ready(const struct core_v1_pod *p);
/* Ready for at least min_ready_s; when not yet, out_wait_ms says when it will be (untouched otherwise). */
bool pod_is_available(const struct core_v1_pod *p, int32_t min_ready_s, int64_t now_us,
		      int64_t *out_wait_ms);
bool pod_is_over(const struct core_v1_pod *p);   /* Succeeded or Failed */
bool pod_is_active(const struct core_v1_pod *p); /* neither over nor being deleted */
/* Which of two pods to remove first: < 0 for a (upstream's ActivePodsWithRanks without ranks). */
int pod_removal_order(const struct core_v1_pod *a, const struct core_v1_pod *b);

/* Who makes pods: the owner reference, and where its events go. */
struct pod_owner {
	struct controller *controller;
	struct expectations *expected; /* may be NULL */
	struct event_recorder *events; /* may be NULL */
	const struct object *object;
	struct str key;       /* "ns/name" */
	struct map *failures; /* key → text of the last failure, while it lasts; may be NULL */
	bool by_name;         /* its pods have names of their own (StatefulSet): so do its events */
};
/* A pod from a template: labels, annotations, finalizers and spec of it, the owner reference, name or generateName. */
void pod_from_template(const struct object *owner, const struct core_v1_pod_template_spec *t,
		       struct arena *a, struct core_v1_pod *out);
/* `body`: the pod as JSON. Many pods at once: pod_batch.h. */
void pod_create(struct round *r, const struct pod_owner *o, struct str name, struct str body);
void pod_delete(struct round *r, const struct pod_owner *o, const struct object *pod);
/* Makes a pod the owner's (adopt) or nobody's (release). */
/* `finalizer` (may be NULL) is added with the reference. */
void pod_adopt(struct round *r, const struct object *owner, const struct object *pod,
	       const char *finalizer);
/* Takes a finalizer off a pod. `ended` as round_call() has it. */
void pod_drop_finalizer(struct round *r, const struct pod_view *pod, const char *finalizer,
			void (*ended)(void *ctx, const struct client_result *result), void *ctx);
void pod_release(struct round *r, const struct object *owner, const struct object *pod);
void owner_reference_json(const struct object *owner, struct buf *out);

/* One call about pods in flight: what it needs after its turn. */
struct pod_op;
struct pod_op *pod_op_new(const struct pod_owner *o,
			  const struct object *pod); /* pod may be NULL */
void pod_op_free(struct pod_op *op);
struct str pod_op_ns(const struct pod_op *op);
void pod_op_expect(struct pod_op *op, int n); /* n more pods are to be seen; negative: fewer */
void pod_op_created(struct pod_op *op, const struct client_result *r); /* tells and counts it */

#endif
