/* SPDX-License-Identifier: Apache-2.0 */
/* A store in memory that commits when it is told to: how many of the waiting transactions, and when, is the test's choice. Its contents
 * outlive it, so that a server that ends in the middle of its work leaves to the next one what was committed and nothing else. */
#ifndef TESTS_UNIT_SERVER_SIMULATION_SIM_STORE_H
#define TESTS_UNIT_SERVER_SIMULATION_SIM_STORE_H

#include "storage/store.h"

struct sim_data; /* what is committed */
struct sim_store;
typedef void (*sim_commit_hook)(void *ctx, const struct store_event *ev);

struct sim_data *sim_data_new(void);
void sim_data_free(struct sim_data *d);
/* On these contents, until it is closed by its server. `hook` sees each event before any consumer does. */
struct sim_store *sim_store_new(struct sim_data *d, sim_commit_hook hook, void *ctx);
struct store *sim_store_interface(struct sim_store *s);
size_t sim_store_waiting(const struct sim_store *s);
void sim_store_commit(struct sim_store *s,
		      size_t max);          /* the next `max` transactions, as one group */
void sim_store_expire(struct sim_store *s); /* what has outlived its lease */
/* From now on nothing reaches the contents: writers are told so. */
void sim_store_cut(struct sim_store *s);

#endif
