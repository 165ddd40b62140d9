/* SPDX-License-Identifier: Apache-2.0 */
/* The flags of the controllers, named as kube-controller-manager names them: rows for the table of `allinone server`. */
#ifndef CMD_CONTROL_OPTIONS_H
#define CMD_CONTROL_OPTIONS_H

#include "cmd/flags.h"
#include "server/controllers/controllers.h"

struct control_options {
	const char *monitor_grace, *startup_grace, *rate, *secondary_rate, *unhealthy;
	const char *signing;
	int64_t large, terminated_pods, signing_ms;
	struct node_health_config node_health; /* what they say */
	const char *sync_period, *stabilization, *initialization, *readiness_delay, *tolerance;
	struct node_zones_config node_zones;
	struct autoscaler_config autoscaler;
};

/* Rows for a table whose struct holds a struct control_options at offset `at`. */
#define CONTROL_OPTION(at, member) ((at) + offsetof(struct control_options, member))
/* clang-format off */
#define CONTROL_FLAGS(at) \
	{ "node-monitor-grace-period", "DURATION", FLAG_STRING, CONTROL_OPTION(at, monitor_grace), "50s", \
	  "how long a node may be silent" }, \
	{ "node-startup-grace-period", "DURATION", FLAG_STRING, CONTROL_OPTION(at, startup_grace), "1m0s", \
	  "how long a new node may take for its first word" }, \
	{ "node-eviction-rate", "N", FLAG_STRING, CONTROL_OPTION(at, rate), "0.1", \
	  "nodes of a zone that are emptied in a second" }, \
	{ "secondary-node-eviction-rate", "N", FLAG_STRING, CONTROL_OPTION(at, secondary_rate), "0.01", \
	  "the same in a large zone that is unhealthy (in a small one: none)" }, \
	{ "large-cluster-size-threshold", "N", FLAG_INT, CONTROL_OPTION(at, large), "50", \
	  "a zone of more nodes is large" }, \
	{ "unhealthy-zone-threshold", "PART", FLAG_STRING, CONTROL_OPTION(at, unhealthy), "0.55", \
	  "part of its nodes that makes a zone unhealthy when they are not ready" }, \
	{ "terminated-pod-gc-threshold", "N", FLAG_INT, CONTROL_OPTION(at, terminated_pods), "12500", \
	  "pods that have ended and are kept (0: all)" }, \
	{ "cluster-signing-duration", "DURATION", FLAG_STRING, CONTROL_OPTION(at, signing), "8760h0m0s", \
	  "for how long certificates are signed, at most" }, \
	{ "horizontal-pod-autoscaler-sync-period", "DURATION", FLAG_STRING, CONTROL_OPTION(at, sync_period), "15s", \
	  "how often each autoscaler looks" }, \
	{ "horizontal-pod-autoscaler-downscale-stabilization", "DURATION", FLAG_STRING, CONTROL_OPTION(at, stabilization), "5m0s", \
	  "how long it must have asked for less before there is less" }, \
	{ "horizontal-pod-autoscaler-cpu-initialization-period", "DURATION", FLAG_STRING, CONTROL_OPTION(at, initialization), "5m0s", \
	  "how long a new pod's use of CPU may be passed over" }, \
	{ "horizontal-pod-autoscaler-initial-readiness-delay", "DURATION", FLAG_STRING, CONTROL_OPTION(at, readiness_delay), "30s", \
	  "a pod that turns unready in that time was never ready" }, \
	{ "horizontal-pod-autoscaler-tolerance", "PART", FLAG_STRING, CONTROL_OPTION(at, tolerance), "0.1", \
	  "how far from its target a metric may be with nothing done" }
/* clang-format on */

/* Durations and numbers. One line that tells what to do. */
int control_options_check(struct control_options *o, struct err *err);

#endif
