/* SPDX-License-Identifier: Apache-2.0 */
/* The state of zones in the metrics, under upstream's names (node_collector_…). */
#ifndef SERVER_CONTROLLERS_NODES_NODE_REPORT_H
#define SERVER_CONTROLLERS_NODES_NODE_REPORT_H

#include "server/controllers/nodes/node_zones.h"

struct node_report;
struct node_report *node_report_new(void);
void node_report_free(struct node_report *r);
void node_report_update(struct node_report *r, const struct node_zones *z);

#endif
