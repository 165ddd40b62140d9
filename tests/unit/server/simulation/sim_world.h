/* SPDX-License-Identifier: Apache-2.0 */
/* A control plane in one thread: the API server with a store in memory, all controllers and the scheduler, on two loops that are turned by
 * hand. Which of them turns next and when a write is committed is drawn, so that the control loop sees the cluster late, as it does when it
 * has a thread of its own. Time stands still until nothing is left to do, then it passes to the next timer. */
#ifndef TESTS_UNIT_SERVER_SIMULATION_SIM_WORLD_H
#define TESTS_UNIT_SERVER_SIMULATION_SIM_WORLD_H

#include "server/apiserver/apiserver.h"
#include "server/controllers/controllers.h"
#include "server/scheduler/scheduler.h"
#include "tests/unit/server/simulation/sim_store.h"

struct sim_world {
	char dir[64]; /* keys and certificates */
	struct sim_data *data;
	sim_commit_hook hook;
	void *hook_ctx;
	/* of the life under way: */
	struct loop *api, *control; /* on the heap: what was left in flight may still name them */
	struct sim_store *store;
	struct apiserver *server;
	struct controllers *controllers;
	struct scheduler *scheduler;
	struct client *admin; /* on the api loop */
	struct buf ca, ca_key, client_ca, client_ca_key;
	bool ending; /* what fails now fails because the store is gone */
	uint64_t turns;
};

void sim_world_begin(struct sim_world *w, sim_commit_hook hook, void *ctx);
void sim_world_end(struct sim_world *w);
void sim_world_start(struct sim_world *w); /* until it is ready for requests */
/* Ends it in the middle of its work: of what waits for the store a drawn part is committed, all else is lost. */
void sim_world_crash(struct sim_world *w);
void sim_world_settle(struct sim_world *w);          /* until there is nothing to do at this time */
void sim_world_run(struct sim_world *w, int64_t ms); /* lets time pass */
struct client *sim_world_client(struct sim_world *w, const char *user, const char *group);

#endif
