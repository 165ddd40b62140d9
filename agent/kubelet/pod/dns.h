/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod finds in /etc/resolv.conf and /etc/hosts, and its host name. Pure: text in, text out.
 * Follows upstream's pkg/kubelet/network/dns and kubelet_pods.go. */
#ifndef AGENT_KUBELET_POD_DNS_H
#define AGENT_KUBELET_POD_DNS_H

#include "base/buf.h"
#include "base/err.h"
#include "generated/api_structs.h"

struct dns_node {
	const char *cluster_dns; /* comma-separated, may be NULL or empty */
	const char *cluster_domain;
	struct str resolv_conf; /* the host's */
};
void dns_resolv_conf(const struct dns_node *n, const struct core_v1_pod *pod, struct buf *out);

/* At most 63 characters; never empty. */
void dns_host_name(const struct core_v1_pod *pod, const char *node_name, char out[64]);
/* What the kernel is told: the name, or all of it with its domain where the pod wants that (setHostnameAsFQDN), if 64 characters will do. */
int dns_kernel_name(const struct core_v1_pod *pod, const char *host_name,
		    const char *cluster_domain, char out[65], struct err *err);
/* pod_ips: NULL-terminated. host_hosts: /etc/hosts of the host, used by pods in its network. */
void dns_hosts(const struct core_v1_pod *pod, const char *const *pod_ips, const char *host_name,
	       const char *cluster_domain, struct str host_hosts, struct buf *out);

#endif
