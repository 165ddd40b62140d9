/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what. The shape follows upstream's bootstrap policy; "" in a list of groups is written as "core". */
#include "server/apiserver/authz/rules.h"

#include "base/mem.h"

#define READ  "get list watch"
#define WRITE "get list watch create update patch delete deletecollection"

const struct authz_rule authz_rules[] = {
	{ RULE_GROUP, "system:masters", "*", "*", "*", NULL, RULE_ANY },
	{ RULE_GROUP, "system:masters", "*", NULL, NULL, "*", RULE_ANY },

	/* health and version are for everybody, discovery for everybody who has a name */
	{ RULE_GROUP, "system:unauthenticated", "get head", NULL, NULL,
	  "/healthz /livez /readyz /version /version/", RULE_ANY },
	{ RULE_GROUP, "system:authenticated", "get head", NULL, NULL,
	  "/healthz /livez /readyz /version /version/ /api /api/* /apis /apis/* /openapi "
	  "/openapi/*",
	  RULE_ANY },
	{ RULE_GROUP, "system:authenticated", "create", "authorization.k8s.io",
	  "selfsubjectaccessreviews selfsubjectrulesreviews", NULL, RULE_ANY },
	{ RULE_GROUP, "system:authenticated", "create", "authentication.k8s.io",
	  "selfsubjectreviews", NULL, RULE_ANY },
	{ RULE_GROUP, "system:serviceaccounts", "get", NULL, NULL,
	  "/.well-known/openid-configuration /openid/v1/jwks", RULE_ANY },
	{ RULE_GROUP, "system:monitoring", "get", NULL, NULL,
	  "/metrics /healthz/* /livez/* /readyz/*", RULE_ANY },

	/* the cluster's own components */
	{ RULE_GROUP, "system:serviceaccounts:kube-system", "*", "*", "*", NULL, RULE_ANY },
	{ RULE_USER, "system:kube-controller-manager", "*", "*", "*", NULL, RULE_ANY },
	{ RULE_USER, "system:apiserver", "*", "*", "*", NULL, RULE_ANY },
	{ RULE_USER, "system:kube-scheduler", READ, "*",
	  "pods nodes namespaces services replicationcontrollers persistentvolumes "
	  "persistentvolumeclaims replicasets statefulsets "
	  "poddisruptionbudgets csinodes csidrivers csistoragecapacities storageclasses "
	  "volumeattachments configmaps priorityclasses "
	  "resourceclaims resourceslices deviceclasses podgroups workloads",
	  NULL, RULE_ANY },
	{ RULE_USER, "system:kube-scheduler", "create", "core",
	  "pods/binding bindings pods/eviction", NULL, RULE_ANY },
	{ RULE_USER, "system:kube-scheduler", "patch update", "core",
	  "pods/status persistentvolumes persistentvolumeclaims", NULL, RULE_ANY },
	{ RULE_USER, "system:kube-scheduler", "delete", "core", "pods", NULL, RULE_ANY },
	{ RULE_USER, "system:kube-scheduler", "create update patch", "core events.k8s.io", "events",
	  NULL, RULE_ANY },
	{ RULE_USER, "system:kube-scheduler", WRITE, "coordination.k8s.io",
	  "leases leasecandidates", NULL, RULE_ANY },
	{ RULE_USER, "system:kube-scheduler", "create",
	  "authentication.k8s.io authorization.k8s.io", "tokenreviews subjectaccessreviews", NULL,
	  RULE_ANY },
	{ RULE_USER, "system:kube-proxy", READ, "core discovery.k8s.io networking.k8s.io",
	  "services endpoints endpointslices nodes servicecidrs", NULL, RULE_ANY },
	{ RULE_USER, "system:kube-proxy", "create update patch", "core events.k8s.io", "events",
	  NULL, RULE_ANY },
	{ RULE_USER, "system:coredns", READ, "core discovery.k8s.io",
	  "services endpoints endpointslices pods namespaces nodes", NULL, RULE_ANY },

	/* nodes: what a kubelet, the pod network and the service proxy on it need */
	{ RULE_GROUP, "system:nodes", READ, "*",
	  "pods nodes services endpoints endpointslices secrets configmaps serviceaccounts "
	  "persistentvolumes persistentvolumeclaims "
	  "namespaces networkpolicies csinodes csidrivers storageclasses volumeattachments "
	  "runtimeclasses leases resourceclaims resourceslices "
	  "certificatesigningrequests clustertrustbundles podcertificaterequests servicecidrs",
	  NULL, RULE_ANY },
	{ RULE_GROUP, "system:nodes", "create", "core", "nodes", NULL, RULE_ANY },
	{ RULE_GROUP, "system:nodes", "update patch delete", "core", "nodes nodes/status", NULL,
	  RULE_OWN_NODE },
	{ RULE_GROUP, "system:nodes", "create update patch delete", "core", "pods pods/status",
	  NULL, RULE_ANY },
	{ RULE_GROUP, "system:nodes", "create", "core", "pods/eviction serviceaccounts/token", NULL,
	  RULE_ANY },
	{ RULE_GROUP, "system:nodes", "update patch", "core", "persistentvolumeclaims/status", NULL,
	  RULE_ANY },
	{ RULE_GROUP, "system:nodes", "create update patch", "core events.k8s.io", "events", NULL,
	  RULE_ANY },
	{ RULE_GROUP, "system:nodes", "create", "coordination.k8s.io", "leases", NULL,
	  RULE_NODE_LEASE },
	{ RULE_GROUP, "system:nodes", "update patch delete", "coordination.k8s.io", "leases", NULL,
	  RULE_NODE_LEASE },
	{ RULE_GROUP, "system:nodes", "create update patch delete", "storage.k8s.io", "csinodes",
	  NULL, RULE_OWN_NODE },
	{ RULE_GROUP, "system:nodes", "create", "certificates.k8s.io", "certificatesigningrequests",
	  NULL, RULE_ANY },
	{ RULE_GROUP, "system:nodes", "create", "authentication.k8s.io authorization.k8s.io",
	  "tokenreviews subjectaccessreviews localsubjectaccessreviews", NULL, RULE_ANY },
};
const size_t authz_rules_count = COUNT_OF(authz_rules);
