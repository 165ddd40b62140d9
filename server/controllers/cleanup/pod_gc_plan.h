/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether a pod has nobody left to end it. Pure; after podgc of kube-controller-manager v1.37. */
#ifndef SERVER_CONTROLLERS_CLEANUP_POD_GC_PLAN_H
#define SERVER_CONTROLLERS_CLEANUP_POD_GC_PLAN_H

#include "base/str.h"

#define POD_GC_QUARANTINE_MS 40000 /* a node that is gone may register again */

enum pod_gc_verdict { POD_GC_KEEP, POD_GC_LOOK_LATER, POD_GC_DELETE };
struct pod_gc_view {
	bool bound; /* spec.nodeName is set */
	bool node_exists;
	bool out_of_service;  /* the node is tainted as such, and not ready */
	int64_t node_gone_ms; /* for how long we have known it to be gone */
	bool deleting;        /* metadata.deletionTimestamp is set */
};
enum pod_gc_verdict pod_gc_plan(const struct pod_gc_view *v);

/* Pods that have ended (Succeeded, Failed) stay to be read, but not too many of them. */
struct pod_gc_ended {
	bool evicted; /* those go first: controllers don't count them */
	struct str created, name;
	const void *pod; /* the caller's */
};
/* Brings them into the order in which they go, and returns how many of them are above the threshold; 0: none is ever. */
size_t pod_gc_surplus(struct pod_gc_ended *pods, size_t n, int64_t threshold);

#endif
