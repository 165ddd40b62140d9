/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/kinds.h"

#include "base/mem.h"

#define RBAC         "rbac.authorization.k8s.io"
#define NETWORKING   "networking.k8s.io"
#define ADMISSION    "admissionregistration.k8s.io"
#define DEVICES      "resource.k8s.io"
#define CERTIFICATES "certificates.k8s.io"
#define STORAGE      "storage.k8s.io"
#define FLOW         "flowcontrol.apiserver.k8s.io"

static const struct kind_rules rows[] = {
	{ "", "configmaps", NULL, validate_config_map, validate_config_map_update, NULL },
	{ "", "endpoints", NULL, validate_endpoints, NULL, NULL },
	{ "", "events", name_path_segment, validate_core_event, validate_core_event_update, NULL },
	{ "", "limitranges", NULL, validate_limit_range, NULL, NULL },
	{ "", "namespaces", name_dns_label, validate_namespace, validate_namespace_update,
	  validate_namespace_status },
	{ "", "nodes", NULL, validate_node, validate_node_update, validate_node_update },
	{ "", "persistentvolumeclaims", NULL, validate_volume_claim, validate_volume_claim_update,
	  NULL },
	{ "", "persistentvolumes", NULL, validate_volume, validate_volume_update, NULL },
	{ "", "pods", NULL, validate_pod, validate_pod_update, validate_pod_status },
	{ "", "podtemplates", NULL, validate_pod_template, NULL, NULL },
	{ "", "replicationcontrollers", NULL, validate_replication_controller, NULL, NULL },
	{ "", "resourcequotas", NULL, validate_resource_quota, validate_resource_quota_update,
	  NULL },
	{ "", "secrets", NULL, validate_secret, validate_secret_update, NULL },
	{ "", "services", name_dns_label, validate_service, validate_service_update,
	  validate_service_status },
	{ ADMISSION, "mutatingadmissionpolicies", NULL, validate_mutating_policy, NULL, NULL },
	{ ADMISSION, "mutatingadmissionpolicybindings", NULL, validate_mutating_binding, NULL,
	  NULL },
	{ ADMISSION, "mutatingwebhookconfigurations", NULL, validate_webhooks, NULL, NULL },
	{ ADMISSION, "validatingadmissionpolicies", NULL, validate_validating_policy, NULL,
	  validate_validating_policy_status },
	{ ADMISSION, "validatingadmissionpolicybindings", NULL, validate_validating_binding, NULL,
	  NULL },
	{ ADMISSION, "validatingwebhookconfigurations", NULL, validate_webhooks, NULL, NULL },
	{ "apps", "controllerrevisions", NULL, validate_controller_revision,
	  validate_controller_revision_update, NULL },
	{ "apps", "daemonsets", NULL, validate_daemon_set, validate_daemon_set_update,
	  validate_daemon_set_status },
	{ "apps", "deployments", NULL, validate_deployment, validate_deployment_update,
	  validate_deployment_status },
	{ "apps", "replicasets", NULL, validate_replica_set, validate_replica_set_update,
	  validate_replica_set_status },
	{ "apps", "statefulsets", name_dns_label, validate_stateful_set,
	  validate_stateful_set_update, validate_stateful_set_status },
	{ "autoscaling", "horizontalpodautoscalers", NULL, validate_autoscaler, NULL, NULL },
	{ "batch", "cronjobs", NULL, validate_cron_job, validate_cron_job_update, NULL },
	{ "batch", "jobs", NULL, validate_job, validate_job_update, validate_job_status },
	{ CERTIFICATES, "certificatesigningrequests", name_any, validate_signing_request,
	  validate_signing_request_update, validate_signing_request_status },
	{ CERTIFICATES, "clustertrustbundles", name_any, validate_trust_bundle,
	  validate_trust_bundle_update, NULL },
	{ CERTIFICATES, "podcertificaterequests", NULL, validate_pod_certificate,
	  validate_pod_certificate_update, validate_pod_certificate_status },
	{ "coordination.k8s.io", "leases", NULL, validate_lease, NULL, NULL },
	{ "discovery.k8s.io", "endpointslices", NULL, validate_endpoint_slice,
	  validate_endpoint_slice_update, NULL },
	{ "events.k8s.io", "events", NULL, validate_event, validate_event_update, NULL },
	{ NETWORKING, "ingressclasses", NULL, validate_ingress_class, validate_ingress_class_update,
	  NULL },
	{ NETWORKING, "ingresses", NULL, validate_ingress, NULL, NULL },
	{ NETWORKING, "networkpolicies", NULL, validate_network_policy, NULL, NULL },
	{ "policy", "poddisruptionbudgets", name_path_segment, validate_disruption_budget, NULL,
	  NULL },
	{ RBAC, "clusterrolebindings", name_path_segment, validate_cluster_role_binding,
	  validate_cluster_role_binding_update, NULL },
	{ RBAC, "clusterroles", name_path_segment, validate_cluster_role, NULL, NULL },
	{ RBAC, "rolebindings", name_path_segment, validate_role_binding,
	  validate_role_binding_update, NULL },
	{ RBAC, "roles", name_path_segment, validate_role, NULL, NULL },
	{ DEVICES, "deviceclasses", NULL, validate_device_class, NULL, NULL },
	{ DEVICES, "resourceclaims", NULL, validate_device_claim, validate_device_claim_update,
	  validate_device_claim_status },
	{ DEVICES, "resourceclaimtemplates", NULL, validate_device_claim_template,
	  validate_device_claim_template_update, NULL },
	{ DEVICES, "resourceslices", NULL, validate_device_slice, validate_device_slice_update,
	  NULL },
	{ "scheduling.k8s.io", "priorityclasses", NULL, validate_priority_class,
	  validate_priority_class_update, NULL },
	{ STORAGE, "csidrivers", NULL, validate_csi_driver, validate_csi_driver_update, NULL },
	{ STORAGE, "csinodes", NULL, validate_csi_node, validate_csi_node_update,
	  validate_csi_node_status },
	{ STORAGE, "csistoragecapacities", NULL, validate_storage_capacity,
	  validate_storage_capacity_update, NULL },
	{ STORAGE, "volumeattachments", NULL, validate_volume_attachment,
	  validate_volume_attachment_update, validate_volume_attachment_update },
	{ STORAGE, "volumeattributesclasses", NULL, validate_attributes_class,
	  validate_attributes_class_update, NULL },
	{ NETWORKING, "ipaddresses", name_ip, validate_ip_address, validate_ip_address_update,
	  NULL },
	{ NETWORKING, "servicecidrs", NULL, validate_service_range, validate_service_range_update,
	  NULL },
	{ "node.k8s.io", "runtimeclasses", NULL, validate_runtime_class,
	  validate_runtime_class_update, NULL },
	{ "apiregistration.k8s.io", "apiservices", name_path_segment, validate_api_service, NULL,
	  validate_api_service_status },
	{ FLOW, "flowschemas", NULL, validate_flow_schema, NULL, validate_flow_status },
	{ FLOW, "prioritylevelconfigurations", NULL, validate_priority_level, NULL,
	  validate_flow_status },
	{ "storagemigration.k8s.io", "storageversionmigrations", NULL, validate_migration,
	  validate_migration_update, validate_migration_status },
	{ "storage.k8s.io", "storageclasses", NULL, validate_storage_class,
	  validate_storage_class_update, NULL },
};

const struct kind_rules *kind_rules_find(const char *group, const char *plural)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].plural, plural) == 0 && strcmp(rows[i].group, group) == 0)
			return &rows[i];
	return NULL;
}
