/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the service proxy: one inet table of its own, whose rules are few and fixed (service_table.h, service_chains.h); what changes are
 * elements of its sets (service_elements.h, service_sets.h).
 *
 *	prerouting, output ─► services ─ fronts[daddr . proto . dport] ─► pick4-10 ─ backends[… . random of 10] ─► DNAT
 *	                              └ to a local address: fronts[0 . proto . dport]
 *
 * Masquerading itself is done by the pod network's table (firewall.h), by mark. Blocking; one user at a time. */
#ifndef AGENT_NETWORK_SERVICE_RULES_H
#define AGENT_NETWORK_SERVICE_RULES_H

#include "agent/network/netlink.h"
#include "agent/network/service_elements.h"

#define SERVICE_TABLE "allinone-services"

struct service_rules;
/* `cluster`: ranges of pods, whose packets keep their source. Nothing is in the kernel before the first commit, which replaces
 * what an earlier process left there in one step. */
int service_rules_new(const struct cidr *cluster, size_t n, struct service_rules **out,
		      struct err *err);
void service_rules_free(struct service_rules *r); /* the rules stay */

/* A transaction: changes, then all of them at once. */
void service_rules_change(struct service_rules *r, const struct service_elements *before,
			  const struct service_elements *after);
/* Where cluster addresses come from; copied. */
void service_rules_ranges(struct service_rules *r, const struct cidr *ranges, size_t n);
/* ERR_…: nothing was changed; all that was programmed before has to be given again (before: empty). */
int service_rules_commit(struct service_rules *r, struct err *err);

#endif
