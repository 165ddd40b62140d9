/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts of resources: what a pod asks for, what a node has and has given away (scheduler, quotas, the kubelet's admission). CPU in thousandths, memory and ephemeral
 * storage in bytes, all others by name. Start with {0}. */
#ifndef CLIENT_AMOUNTS_H
#define CLIENT_AMOUNTS_H

#include "generated/api_structs.h"

struct amount {
	char *name; /* "example.com/gpu", "hugepages-2Mi" */
	int64_t value;
};
struct amounts {
	int64_t milli_cpu, memory, ephemeral;
	struct amount *others;
	size_t nothers, cap;
};

void amounts_free(struct amounts *a);
void amounts_read(struct amounts *to, const struct api_quantity_map *list); /* adds */
void amounts_add(struct amounts *to, const struct amounts *more, int sign);
/* Its two halves: those that every pod has, and the others. */
static inline void amounts_add_main(struct amounts *to, const struct amounts *more, int sign)
{
	to->milli_cpu += sign * more->milli_cpu;
	to->memory += sign * more->memory;
	to->ephemeral += sign * more->ephemeral;
}
void amounts_add_others(struct amounts *to, const struct amounts *more, int sign);
void amounts_raise(struct amounts *to, const struct amounts *at_least); /* the larger one of each */
int64_t amounts_other(const struct amounts *a, const char *name);

/* What pods take of a node. */
struct host_port {
	char ip[46], protocol[5];
	int32_t port;
};
struct pod_usage {
	struct amounts request;
	int64_t nonzero_milli_cpu,
		nonzero_memory; /* with defaults for containers that ask for nothing; for scores */
	struct host_port *ports;
	size_t nports;
};
void pod_usage_read(const struct core_v1_pod *pod,
		    struct pod_usage *out); /* upstream's PodRequests() */
void pod_usage_free(struct pod_usage *u);
void pod_limits(const struct core_v1_pod_spec *spec,
		struct amounts *out); /* the same rules over limits */
bool host_port_conflicts(const struct host_port *a, const struct host_port *b);

#endif
