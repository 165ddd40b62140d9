/* SPDX-License-Identifier: Apache-2.0 */
/* The nf_tables side of the pod network: one inet table `allinone`. Base rules masquerade what pods send out of the cluster;
 * the chain `hostports` is written anew as a whole, in one transaction, whenever a pod with host ports comes or goes. Blocking. */
#ifndef AGENT_NETWORK_FIREWALL_H
#define AGENT_NETWORK_FIREWALL_H

#include "agent/network/ipam.h"
#include "agent/network/netlink.h"

#define FIREWALL_TABLE "allinone"
#define FIREWALL_MARK  0x4000u /* this packet is masqueraded on its way out */

/* Idempotent. pods: ranges of this node's pods; cluster: what pods reach under their own addresses. */
int firewall_base(struct netlink *nl, const struct cidr *pods, size_t npods,
		  const struct cidr *cluster, size_t ncluster, const struct ipam *known,
		  struct err *err);
int firewall_host_ports(struct netlink *nl, const struct ipam *pods, struct err *err);

/* A pod that calls a Service and is given itself would answer itself past the translation: such flows are masqueraded. */
int firewall_hairpin(struct netlink *nl, const struct ipam_pod *pod, bool remove, struct err *err);

#endif
