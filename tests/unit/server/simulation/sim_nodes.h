/* SPDX-License-Identifier: Apache-2.0 */
/* Hollow kubelets: they register nodes, renew leases, let pods start, become unready, fail, succeed and end, each under its own identity, and
 * they vanish and come back. */
#ifndef TESTS_UNIT_SERVER_SIMULATION_SIM_NODES_H
#define TESTS_UNIT_SERVER_SIMULATION_SIM_NODES_H

#include "base/map.h"
#include "tests/unit/server/simulation/sim_world.h"

#define SIM_NODE_CPU  4 /* cores */
#define SIM_NODE_PODS 9

struct sim_node {
	char name[32];
	bool up, registered;
	struct client *client;
	int64_t lease_us; /* when it is due */
	int64_t since_s;  /* up */
};
struct sim_nodes {
	struct sim_world *world;
	struct sim_node *all;
	size_t n;
	struct map pods; /* what kubelets know of: struct kubelet_pod by uid */
	struct reflector *watch;
	bool trouble; /* pods fail, not only by their own will */
};

void sim_nodes_begin(struct sim_nodes *s, struct sim_world *w, size_t n);
void sim_nodes_end(struct sim_nodes *s);
void sim_nodes_attach(struct sim_nodes *s); /* to a control plane that has just started */
void sim_nodes_detach(struct sim_nodes *s); /* before it ends */
void sim_nodes_step(struct sim_nodes *s);   /* once in a while: does what is due */
void sim_node_vanish(struct sim_nodes *s, struct sim_node *n);
void sim_node_return(struct sim_nodes *s, struct sim_node *n);

#endif
