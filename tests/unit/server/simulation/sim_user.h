/* SPDX-License-Identifier: Apache-2.0 */
/* Those who use the cluster: they make workloads, scale them, roll out, delete in all three ways, drain nodes; and the misfortunes of nodes. */
#ifndef TESTS_UNIT_SERVER_SIMULATION_SIM_USER_H
#define TESTS_UNIT_SERVER_SIMULATION_SIM_USER_H

#include "tests/unit/server/simulation/sim_model.h"
#include "tests/unit/server/simulation/sim_nodes.h"

struct sim_user {
	struct sim_world *world;
	struct sim_nodes *nodes;
	const struct sim_model *model;
	unsigned made;          /* workloads, ever */
	unsigned workloads_max; /* at a time */
	int failed;             /* answers that are the server's fault */
};

void sim_user_acts(struct sim_user *u);   /* one thing of many */
void sim_user_evicts(struct sim_user *u); /* a drawn pod, as `kubectl drain` does */
void sim_user_evicts_all_of_one(
	struct sim_user *u);               /* up to 16 pods of a workload, all in the same moment */
void sim_user_repairs(struct sim_user *u); /* all nodes are there, and may be scheduled to */
/* What nobody owns, and failed pods of StatefulSets: being made smaller, one waits for ever when two of the pods that go have failed, as
 * upstream's does. */
void sim_user_clears(struct sim_user *u);
void sim_user_suspends(struct sim_user *u); /* what is made again and again */
void sim_user_deletes_all(struct sim_user *u);

#endif
