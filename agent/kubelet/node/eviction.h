/* SPDX-License-Identifier: Apache-2.0 */
/* Node-pressure eviction: looks on the node's timer and whenever the kernel says that memory stalls (PSI), so an idle node stays
 * idle. What is short is first taken from images that nobody uses, then from one pod after another. Loop thread only; directories
 * are measured on a worker, and only while the disk is short or a pod has limits for it. */
#ifndef AGENT_KUBELET_NODE_EVICTION_H
#define AGENT_KUBELET_NODE_EVICTION_H

#include "agent/kubelet/node/pressure_rules.h"

struct kubelet;
struct pod;
struct eviction;

struct eviction *eviction_new(struct kubelet *k, const struct pressure_rules *rules);
void eviction_stop(struct eviction *e); /* nothing is looked at any more */
void eviction_look(struct eviction *e); /* now; the conditions are true afterwards */
const bool *eviction_conditions(const struct eviction *e); /* PRESSURE_CONDITIONS of them */

#endif
