/* SPDX-License-Identifier: Apache-2.0 */
/* The printers of single columns, gathered by printer.c's table. */
#ifndef API_TABLE_PRINTER_CELLS_H
#define API_TABLE_PRINTER_CELLS_H

#include "api/table/printer.h"

/* printer_pods.c */
void cell_pods_ready(struct cell *c);
void cell_pods_status(struct cell *c);
void cell_pods_restarts(struct cell *c);
void cell_pods_readiness_gates(struct cell *c);
/* printer_core.c */
void cell_nodes_status(struct cell *c);
void cell_nodes_roles(struct cell *c);
void cell_nodes_internal_ip(struct cell *c);
void cell_nodes_external_ip(struct cell *c);
void cell_nodes_kernel_version(struct cell *c);
void cell_services_external_ip(struct cell *c);
void cell_services_ports(struct cell *c);
void cell_configmaps_data(struct cell *c);
void cell_podmetrics_cpu(struct cell *c);
void cell_podmetrics_memory(struct cell *c);
void cell_componentstatuses_status(struct cell *c);
void cell_componentstatuses_message(struct cell *c);
void cell_componentstatuses_error(struct cell *c);
void cell_resourcequotas_request(struct cell *c);
void cell_resourcequotas_limit(struct cell *c);
void cell_load_balancer(struct cell *c);
/* printer_events.c */
void cell_events_last_seen(struct cell *c);
void cell_events_first_seen(struct cell *c);
void cell_events_object(struct cell *c);
void cell_events_source(struct cell *c);
void cell_events_message(struct cell *c);
void cell_events_count(struct cell *c);
/* printer_network.c */
void cell_endpoints_endpoints(struct cell *c);
void cell_endpointslices_ports(struct cell *c);
void cell_endpointslices_endpoints(struct cell *c);
void cell_ingresses_hosts(struct cell *c);
void cell_ingresses_ports(struct cell *c);
void cell_ingressclasses_name(struct cell *c);
void cell_ingressclasses_parameters(struct cell *c);
void cell_ipaddresses_parentref(struct cell *c);
/* printer_apps.c */
void cell_ready_of_replicas(struct cell *c);
void cell_jobs_status(struct cell *c);
void cell_jobs_completions(struct cell *c);
void cell_jobs_duration(struct cell *c);
void cell_cronjobs_suspend(struct cell *c);
void cell_controllerrevisions_controller(struct cell *c);
void cell_hpa_reference(struct cell *c);
void cell_hpa_targets(struct cell *c);
/* printer_storage.c */
void cell_volumes_status(struct cell *c);
void cell_volumes_storageclass(struct cell *c);
void cell_persistentvolumes_claim(struct cell *c);
void cell_persistentvolumeclaims_capacity(struct cell *c);
void cell_persistentvolumeclaims_access_modes(struct cell *c);
void cell_storageclasses_name(struct cell *c);
void cell_csidrivers_tokenrequests(struct cell *c);
void cell_access_modes(struct cell *c);
/* printer_access.c */
void cell_bindings_role(struct cell *c);
void cell_bindings_users(struct cell *c);
void cell_bindings_groups(struct cell *c);
void cell_bindings_serviceaccounts(struct cell *c);
void cell_certificatesigningrequests_condition(struct cell *c);
void cell_podcertificaterequests_state(struct cell *c);
void cell_policies_paramkind(struct cell *c);
void cell_policybindings_paramref(struct cell *c);
void cell_flowschemas_missingpl(struct cell *c);
void cell_apiservices_service(struct cell *c);
void cell_apiservices_available(struct cell *c);
void cell_crds_versions(struct cell *c);
void cell_crds_established(struct cell *c);
void cell_migrations_resource(struct cell *c);
void cell_migrations_status(struct cell *c);
void cell_resourceclaims_state(struct cell *c);

#endif
