/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what the cluster says of itself, and keeping it. Private to agent/join. */
#ifndef AGENT_JOIN_CLUSTER_H
#define AGENT_JOIN_CLUSTER_H

#include "agent/join/join.h"

/* The authority's PEM out of the ConfigMap cluster-info. Not to be trusted before its hash was compared. */
int cluster_info_ca(struct str body, struct buf *pem, struct err *err);
int cluster_facts_read(struct str body, struct join_cluster *out, struct buf *client_ca,
		       struct err *err);
int cluster_facts_load(const struct join_files *f, struct join_cluster *out, struct err *err);
int cluster_facts_store(const struct join_files *f, struct str body, struct str client_ca,
			struct err *err);

#endif
