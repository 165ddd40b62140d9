/* SPDX-License-Identifier: Apache-2.0 */
/* The flags of a node, which `allinone server` and `allinone agent` have in common: one list of rows for both tables. */
#ifndef CMD_NODE_OPTIONS_H
#define CMD_NODE_OPTIONS_H

#include "agent/kubelet/node/pressure_rules.h"
#include "cmd/flags.h"

struct node_options {
	const char *data_dir, *run_dir;
	const char *node_name;
	struct flag_list node_ip, node_label, node_taint;
	int64_t kubelet_port, max_pods;
	struct pressure_options eviction;
	const char *allowed_unsafe_sysctls;
	const char *private_registry;
	bool disable_default_registry_endpoint;
	const char *log_level;
};

/* Rows for a table whose struct holds a struct node_options at offset `at`. */
#define NODE_OPTION(at, member) ((at) + offsetof(struct node_options, member))
/* clang-format off */
#define NODE_FLAGS(at) \
	{ "data-dir", "DIR", FLAG_STRING, NODE_OPTION(at, data_dir), "/var/lib/allinone", \
	  "where everything is kept" }, \
	{ "node-name", "NAME", FLAG_STRING, NODE_OPTION(at, node_name), NULL, \
	  "name of this node (default: the host's)" }, \
	{ "node-ip", "IP", FLAG_LIST, NODE_OPTION(at, node_ip), NULL, \
	  "addresses of this node (default: of the default route)" }, \
	{ "node-label", "KEY=VALUE", FLAG_LIST, NODE_OPTION(at, node_label), NULL, \
	  "labels that the node registers with" }, \
	{ "node-taint", "KEY=VALUE:EFFECT", FLAG_LIST, NODE_OPTION(at, node_taint), NULL, \
	  "taints that the node registers with" }, \
	{ "kubelet-port", "PORT", FLAG_INT, NODE_OPTION(at, kubelet_port), "10250", \
	  "port of the kubelet" }, \
	{ "max-pods", "N", FLAG_INT, NODE_OPTION(at, max_pods), "110", \
	  "pods that this node takes" }, \
	{ "eviction-hard", "SIGNAL<AMOUNT,...", FLAG_STRING, NODE_OPTION(at, eviction.hard), PRESSURE_DEFAULTS, \
	  "when pods are evicted for want of memory, disk, inodes or processes" }, \
	{ "eviction-soft", "SIGNAL<AMOUNT,...", FLAG_STRING, NODE_OPTION(at, eviction.soft), "", \
	  "likewise, when it has been so for a while (--eviction-soft-grace-period)" }, \
	{ "eviction-soft-grace-period", "SIGNAL=TIME,...", FLAG_STRING, NODE_OPTION(at, eviction.soft_grace), "", \
	  "for how long a soft threshold has to be met" }, \
	{ "eviction-max-pod-grace-period", "SECONDS", FLAG_INT, NODE_OPTION(at, eviction.max_pod_grace_s), "0", \
	  "the longest time that a pod gets to end for a soft threshold" }, \
	{ "eviction-pressure-transition-period", "TIME", FLAG_STRING, NODE_OPTION(at, eviction.transition), PRESSURE_TRANSITION, \
	  "how long a node says that it is short after the last time that it was" }, \
	{ "allowed-unsafe-sysctls", "NAME,...", FLAG_STRING, NODE_OPTION(at, allowed_unsafe_sysctls), "", \
	  "kernel parameters that pods may set beside the safe ones (NAME*: all that begin so)" }, \
	{ "private-registry", "FILE", FLAG_STRING, NODE_OPTION(at, private_registry), "/etc/allinone/registries.yaml", \
	  "mirrors, credentials and TLS of registries" }, \
	{ "disable-default-registry-endpoint", NULL, FLAG_BOOL, NODE_OPTION(at, disable_default_registry_endpoint), "false", \
	  "registries that have mirrors are not asked themselves" }, \
	{ "run-dir", "DIR", FLAG_STRING, NODE_OPTION(at, run_dir), "/run/allinone", \
	  "sockets and pinned namespaces of pods" }, \
	{ "log-level", "LEVEL", FLAG_STRING, NODE_OPTION(at, log_level), "info", \
	  "debug, info, warn or error" }
/* clang-format on */

/* Ranges, addresses, names; sets the log level and fills in the host's name. One line that tells what to do. */
int node_options_check(struct node_options *o, struct err *err);
/* For tables' other checks. */
int option_check_port(const char *name, int64_t port, struct err *err);
int option_check_list(const char *name, const struct flag_list *l, bool (*valid)(const char *),
		      const char *what, struct err *err);
bool option_is_address(const char *text);

#endif
