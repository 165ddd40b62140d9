/* SPDX-License-Identifier: Apache-2.0 */
/* The flags of `allinone server`, named as k3s names them where k3s has them. */
#ifndef CMD_SERVER_OPTIONS_H
#define CMD_SERVER_OPTIONS_H

#include "cmd/control_options.h"
#include "cmd/node_options.h"

struct server_options {
	struct node_options node;
	struct control_options control;
	const char *write_kubeconfig, *write_kubeconfig_mode;
	const char *bind_address, *advertise_address;
	int64_t https_listen_port;
	struct flag_list tls_san;
	struct flag_list cluster_cidr, service_cidr, cluster_dns;
	const char *cluster_domain, *service_node_port_range;
	const char *event_ttl;
	int64_t event_ttl_s; /* of it */
	const char *compaction;
	int64_t compaction_ms;
	struct flag_list disable; /* parts of the cluster: "servicelb" */
	bool disable_agent, disable_scheduler, disable_controller_manager;
};
extern const struct flag_table server_flag_table;

/* What a table of types can't say: ranges, addresses, names. One line that tells what to do. */
int server_options_check(struct server_options *o, struct err *err);

#endif
