/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that the machine itself answers for, beside those of its links: the cluster's name server has one on every node. They sit
 * on the loopback link, so that pods reach them through their gateway and nothing announces them. A file RUNDIR/addresses/ADDRESS stands
 * for each, so that what a killed process left can be told from the administrator's own. Blocking, microseconds. */
#ifndef AGENT_NETWORK_HOST_ADDRESS_H
#define AGENT_NETWORK_HOST_ADDRESS_H

#include "base/err.h"

int host_address_add(const char *run_dir, const char *address,
		     struct err *err); /* there already is fine */
int host_address_remove(const char *run_dir, const char *address,
			struct err *err);                       /* absent is fine */
int host_addresses_leave(const char *run_dir, struct err *err); /* removes all */

#endif
