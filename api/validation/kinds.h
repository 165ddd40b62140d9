/* SPDX-License-Identifier: Apache-2.0 */
/* One row per kind that has rules of its own (kinds.c). Metadata is checked for every kind before these are called; a kind without a row has no
 * more rules. The check stands at the root of the object. */
#ifndef API_VALIDATION_KINDS_H
#define API_VALIDATION_KINDS_H

#include "api/validation/check.h"

typedef void (*validate_fn)(struct check *c, const json_t *object);
typedef void (*validate_update_fn)(struct check *c, const json_t *new, const json_t *old);

/* When metadata is checked. */
enum kind_metadata {
	METADATA_FIRST, /* before the kind's own rules: as that of a creation, or of an update */
	METADATA_BOTH, /* an update is held against all rules of a creation, too, before those of updates */
	METADATA_AGAIN, /* that of an update by the rules of a creation, too */
	METADATA_OWN, /* that of a creation by the kind's rules, and by general ones when they find nothing */
};

struct kind_rules {
	const char *group, *plural;
	name_check name; /* NULL: a DNS subdomain */
	validate_fn create;
	validate_update_fn update;        /* NULL: what create says */
	validate_update_fn update_status; /* NULL: nothing more */
	enum kind_metadata metadata;
};
const struct kind_rules *kind_rules_find(const char *group, const char *plural); /* NULL: none */

/* pod.c */
void validate_pod(struct check *c, const json_t *pod);
void validate_pod_update(struct check *c, const json_t *new, const json_t *old);
void validate_pod_status(struct check *c, const json_t *new, const json_t *old);
void validate_pod_ephemeral(struct check *c, const json_t *new, const json_t *old);
void validate_pod_resize(struct check *c, const json_t *new, const json_t *old);
void validate_pod_template(struct check *c, const json_t *object);
void validate_binding(struct check *c, const json_t *binding);
/* service.c */
void validate_service(struct check *c, const json_t *service);
void validate_service_update(struct check *c, const json_t *new, const json_t *old);
void validate_service_status(struct check *c, const json_t *new, const json_t *old);
/* endpoints.c */
void validate_endpoints(struct check *c, const json_t *endpoints);
void validate_endpoint_slice(struct check *c, const json_t *slice);
void validate_endpoint_slice_update(struct check *c, const json_t *new, const json_t *old);
/* configmap.c, secret.c */
void validate_config_map(struct check *c, const json_t *map);
void validate_config_map_update(struct check *c, const json_t *new, const json_t *old);
void validate_secret(struct check *c, const json_t *secret);
void validate_secret_update(struct check *c, const json_t *new, const json_t *old);
/* Keys and total size of `data`; keeps the sum in *bytes. */
void check_data_keys(struct check *c, const json_t *object, const char *field, bool base64,
		     size_t *bytes);
#define VALIDATION_DATA_MAX_BYTES (1024 * 1024)
/* An immutable ConfigMap or Secret stays so, with its data. */
void check_data_immutable(struct check *c, const json_t *new, const json_t *old);
/* crd.c */
void validate_definition(struct check *c, const json_t *crd);
void validate_definition_update(struct check *c, const json_t *new, const json_t *old);
/* namespace.c, node.c, event.c, lease.c */
void validate_namespace(struct check *c, const json_t *ns);
void validate_namespace_update(struct check *c, const json_t *new, const json_t *old);
void validate_namespace_status(struct check *c, const json_t *new, const json_t *old);
void validate_namespace_finalize(struct check *c, const json_t *new, const json_t *old);
void validate_node(struct check *c, const json_t *node);
void validate_node_update(struct check *c, const json_t *new, const json_t *old);
void validate_core_event(struct check *c, const json_t *event);
void validate_core_event_update(struct check *c, const json_t *new, const json_t *old);
void validate_event(struct check *c, const json_t *event);
void validate_event_update(struct check *c, const json_t *new, const json_t *old);
void validate_lease(struct check *c, const json_t *lease);
/* deployment.c */
void validate_deployment(struct check *c, const json_t *object);
void validate_deployment_update(struct check *c, const json_t *new, const json_t *old);
void validate_deployment_status(struct check *c, const json_t *new, const json_t *old);
/* replica_set.c */
void validate_replica_set(struct check *c, const json_t *object);
void validate_replica_set_update(struct check *c, const json_t *new, const json_t *old);
void validate_replica_set_status(struct check *c, const json_t *new, const json_t *old);
void validate_replication_controller(struct check *c, const json_t *object);
/* stateful_set.c */
void validate_stateful_set(struct check *c, const json_t *object);
void validate_stateful_set_update(struct check *c, const json_t *new, const json_t *old);
void validate_stateful_set_status(struct check *c, const json_t *new, const json_t *old);
/* daemon_set.c */
void validate_daemon_set(struct check *c, const json_t *object);
void validate_daemon_set_update(struct check *c, const json_t *new, const json_t *old);
void validate_daemon_set_status(struct check *c, const json_t *new, const json_t *old);
/* controller_revision.c */
void validate_controller_revision(struct check *c, const json_t *object);
void validate_controller_revision_update(struct check *c, const json_t *new, const json_t *old);
/* job.c */
void validate_job(struct check *c, const json_t *job);
void validate_job_update(struct check *c, const json_t *new, const json_t *old);
void validate_job_status(struct check *c, const json_t *new, const json_t *old);
void validate_cron_job(struct check *c, const json_t *object);
void validate_cron_job_update(struct check *c, const json_t *new, const json_t *old);
/* policy.c: quotas, disruption budgets, priorities */
void validate_resource_quota(struct check *c, const json_t *quota);
void validate_resource_quota_update(struct check *c, const json_t *new, const json_t *old);
void validate_disruption_budget(struct check *c, const json_t *budget);
void validate_priority_class(struct check *c, const json_t *class);
void validate_priority_class_update(struct check *c, const json_t *new, const json_t *old);
/* autoscaler.c, limit_range.c */
void validate_autoscaler(struct check *c, const json_t *object);
void validate_limit_range(struct check *c, const json_t *range);
/* storage.c */
void validate_volume_claim(struct check *c, const json_t *claim);
void validate_volume_claim_update(struct check *c, const json_t *new, const json_t *old);
void validate_volume(struct check *c, const json_t *volume);
void validate_volume_update(struct check *c, const json_t *new, const json_t *old);
void validate_storage_class(struct check *c, const json_t *class);
void validate_storage_class_update(struct check *c, const json_t *new, const json_t *old);
/* migration.c, conditions.c */
void validate_migration(struct check *c, const json_t *migration);
void validate_migration_update(struct check *c, const json_t *new, const json_t *old);
void validate_migration_status(struct check *c, const json_t *new, const json_t *old);
void check_status_conditions(struct check *c, const char *child, const json_t *list);
/* device_claim.c, device_slice.c */
void validate_device_claim(struct check *c, const json_t *claim);
void validate_device_claim_update(struct check *c, const json_t *new, const json_t *old);
void validate_device_claim_status(struct check *c, const json_t *new, const json_t *old);
void validate_device_claim_template(struct check *c, const json_t *template);
void validate_device_claim_template_update(struct check *c, const json_t *new, const json_t *old);
void validate_device_class(struct check *c, const json_t *class);
void validate_device_slice(struct check *c, const json_t *slice);
void validate_device_slice_update(struct check *c, const json_t *new, const json_t *old);
/* webhook.c, admission_policy.c */
void validate_webhooks(struct check *c, const json_t *configuration);
void check_webhook_client(struct check *c, const json_t *client); /* at `clientConfig` */
void validate_validating_policy(struct check *c, const json_t *policy);
void validate_validating_policy_status(struct check *c, const json_t *new, const json_t *old);
void validate_mutating_policy(struct check *c, const json_t *policy);
void validate_validating_binding(struct check *c, const json_t *binding);
void validate_mutating_binding(struct check *c, const json_t *binding);
/* signing_request.c, trust_bundle.c */
struct name_errors name_any(struct str text);
/* What is wrong with spec.request; NULL: nothing, or a key that this library doesn't know. */
const char *signing_request_error(struct str base64);
void validate_signing_request(struct check *c, const json_t *request);
void validate_signing_request_update(struct check *c, const json_t *new, const json_t *old);
void validate_signing_request_approval(struct check *c, const json_t *new, const json_t *old);
void validate_signing_request_status(struct check *c, const json_t *new, const json_t *old);
void validate_trust_bundle(struct check *c, const json_t *bundle);
void validate_trust_bundle_update(struct check *c, const json_t *new, const json_t *old);
void validate_pod_certificate(struct check *c, const json_t *request);
void validate_pod_certificate_update(struct check *c, const json_t *new, const json_t *old);
void validate_pod_certificate_status(struct check *c, const json_t *new, const json_t *old);
/* csi.c, volume.c, addresses.c, flow.c */
void validate_csi_driver(struct check *c, const json_t *object);
void validate_csi_driver_update(struct check *c, const json_t *new, const json_t *old);
void validate_csi_node(struct check *c, const json_t *object);
void validate_csi_node_update(struct check *c, const json_t *new, const json_t *old);
void validate_csi_node_status(struct check *c, const json_t *new, const json_t *old);
void validate_storage_capacity(struct check *c, const json_t *object);
void validate_storage_capacity_update(struct check *c, const json_t *new, const json_t *old);
void validate_volume_attachment(struct check *c, const json_t *object);
void validate_volume_attachment_update(struct check *c, const json_t *new, const json_t *old);
void validate_attributes_class(struct check *c, const json_t *object);
void validate_attributes_class_update(struct check *c, const json_t *new, const json_t *old);
void validate_ip_address(struct check *c, const json_t *object);
void validate_ip_address_update(struct check *c, const json_t *new, const json_t *old);
void validate_service_range(struct check *c, const json_t *object);
void validate_service_range_update(struct check *c, const json_t *new, const json_t *old);
void validate_runtime_class(struct check *c, const json_t *object);
void validate_runtime_class_update(struct check *c, const json_t *new, const json_t *old);
void validate_api_service(struct check *c, const json_t *object);
void validate_api_service_status(struct check *c, const json_t *new, const json_t *old);
struct name_errors
name_ip(struct str text); /* of an IPAddress; another form of it is another complaint */
void validate_flow_schema(struct check *c, const json_t *schema);
void validate_priority_level(struct check *c, const json_t *level);
void validate_flow_status(struct check *c, const json_t *new, const json_t *old);
/* rbac.c */
void validate_role(struct check *c, const json_t *role);
void validate_cluster_role(struct check *c, const json_t *role);
void validate_role_binding(struct check *c, const json_t *binding);
void validate_role_binding_update(struct check *c, const json_t *new, const json_t *old);
void validate_cluster_role_binding(struct check *c, const json_t *binding);
void validate_cluster_role_binding_update(struct check *c, const json_t *new, const json_t *old);
/* networking.c */
void validate_ingress(struct check *c, const json_t *ingress);
void validate_ingress_class(struct check *c, const json_t *class);
void validate_ingress_class_update(struct check *c, const json_t *new, const json_t *old);
void validate_network_policy(struct check *c, const json_t *policy);

#endif
