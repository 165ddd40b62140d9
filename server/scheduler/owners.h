/* SPDX-License-Identifier: Apache-2.0 */
/* Which pods belong together although they say nothing about spreading: those of the same services and of the same owner
 * (k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper, DefaultSelector). Decoded selectors are kept. Control loop only. */
#ifndef SERVER_SCHEDULER_OWNERS_H
#define SERVER_SCHEDULER_OWNERS_H

#include "api/decode.h"
#include "base/map.h"

#define OWNERS_TERMS_MAX 16

struct owners {
	struct map services; /* "ns" → list of them */
	struct map owners;   /* "kind/ns/name" → selector */
};
/* An object came, changed, or went (now == NULL). */
void owners_service(struct owners *all, const struct object *before, const struct object *now);
void owners_workload(struct owners *all, const struct object *before, const struct object *now);
/* Label selectors that all have to hold for a pod to be of the same kind as this one; 0: there are none. */
size_t owners_selectors(const struct owners *all, const struct core_v1_pod *pod,
			const struct object *o,
			const struct meta_v1_label_selector *out[OWNERS_TERMS_MAX]);
void owners_free(struct owners *all);

#endif
