/* SPDX-License-Identifier: Apache-2.0 */
/* What one Service is in the kernel: elements of a few sets and maps (service_rules.h), decided from the Service and its
 * EndpointSlices alone. Two such lists, before and after a change, tell what to add and to take away. Pure; any thread.
 *
 *	fronts     address . protocol . port → the chain that picks a backend
 *	backends   address . protocol . port . number → address . port
 *	sticky     address . protocol . port → cluster address . port: the ports of a Service whose clients stay with a backend; all
 *	           its fronts share what is known of a client
 *	members    backend's address . port . address . protocol . port: which backends a client may stay with
 *	refused    address . protocol . port → the chain that says no
 *	clusterips address: nothing but the ports of the Service is there
 *	guarded    address . protocol . port: only known sources may come (loadBalancerSourceRanges)
 *	sources    address . protocol . port . first address of a range → its last address
 *	served     UDP backend's address . port . address . protocol . port: it serves, whether it is picked or not; not in the kernel,
 *	           but flows to others are forgotten (service_flows.h)
 *
 * A node port has the address zero. Which endpoints count follows kube-proxy (pkg/proxy/topology.go): ready ones, or else
 * terminating ones that still serve; those on this node for the traffic policy Local; hints. */
#ifndef AGENT_NETWORK_SERVICE_ELEMENTS_H
#define AGENT_NETWORK_SERVICE_ELEMENTS_H

#include "agent/network/cidr.h"
#include "agent/network/service_claims.h"
#include "generated/api_structs.h"

enum service_set {
	SERVICE_FRONTS,
	SERVICE_BACKENDS,
	SERVICE_STICKY,
	SERVICE_MEMBERS,
	SERVICE_REFUSED,
	SERVICE_CLUSTER_IPS,
	SERVICE_GUARDED,
	SERVICE_SOURCES,
	SERVICE_KERNEL_SETS, /* what follows is for us alone */
	SERVICE_SERVED = SERVICE_KERNEL_SETS,
};
#define SERVICE_FAR \
	0x10000u /* where the numbers of all backends begin, when the first are those on this node */

/* How a front picks; the data of its element, compared as bytes. */
struct service_pick {
	uint8_t v6, node; /* node: a node port */
	uint8_t masked; /* every client is masqueraded, not only those from outside of the cluster */
	uint8_t edge; /* clients from outside get the `near` backends under their own address, others the `far` ones */
	uint32_t near, far; /* how many there are */
	uint32_t sticky_s;  /* a client stays with its backend for so long; 0: it does not */
};
enum service_refusal { SERVICE_REJECT, SERVICE_DROP };

#define SERVICE_KEY_MAX  44
#define SERVICE_DATA_MAX 20
struct service_element {
	uint8_t set, v6, nkey, ndata;
	uint8_t key[SERVICE_KEY_MAX];
	uint8_t data
		[SERVICE_DATA_MAX]; /* as in the kernel; of fronts a service_pick, of refused a service_refusal in one byte */
};
struct service_elements {
	struct service_element *items; /* sorted by set, family and key */
	size_t n, cap;
	int health_port;      /* healthCheckNodePort; 0: none */
	unsigned local_ready; /* endpoints on this node that are ready, for that port */
};

struct service_view {
	const struct core_v1_service
		*service; /* NULL: there is none, and nothing is to be programmed */
	const struct discovery_v1_endpoint_slice *slices;
	size_t nslices;
	const char *node, *zone;   /* of this node; zone may be "" */
	const struct ip *node_ips; /* of this node */
	size_t nnode_ips;
	const char *const
		*own; /* cluster addresses that this machine answers for itself; NULL-terminated */
	struct service_claims
		*claims; /* who has an address that several Services name; NULL: none does */
};
void service_elements_of(const struct service_view *v, struct service_elements *out);
void service_elements_free(struct service_elements *e);
int service_element_cmp(const struct service_element *a,
			const struct service_element *b); /* by place */
/* Calls add and remove for what differs; an element whose data changed is removed and added. */
void service_elements_diff(const struct service_elements *before,
			   const struct service_elements *after,
			   void (*change)(void *ctx, const struct service_element *e, bool remove),
			   void *ctx);

#endif
