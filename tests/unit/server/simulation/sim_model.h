/* SPDX-License-Identifier: Apache-2.0 */
/* What has been committed, as a stranger to the control plane reads it, and what must hold after each single commit. The first rule that is
 * broken is kept in `broken`; the step that is under way ends the run with it. */
#ifndef TESTS_UNIT_SERVER_SIMULATION_SIM_MODEL_H
#define TESTS_UNIT_SERVER_SIMULATION_SIM_MODEL_H

#include <jansson.h>

#include "base/map.h"
#include "storage/store.h"

struct sim_object {
	struct str key; /* the store's; behind it */
	json_t *tree;
	struct str kind, ns, name, uid; /* in the tree */
	struct sim_pod *pod;            /* of a pod: what rules ask again and again */
	bool foreground;                /* was waiting for its dependents */
};
struct sim_pod {
	struct str owner, owner_kind, node, target, app,
		index; /* in the tree; target: where its affinity sends it */
	int64_t cpu_milli, memory, port;
	bool terminal, deleting, ready;
	bool apart; /* it may not be beside others of its kind */
};
struct sim_owner {                     /* by uid */
	int64_t wanted, high, high_us; /* size; the one before it was made smaller, and when */
	int64_t created;               /* pods, ever */
};
struct sim_model {
	struct map objects;       /* by key */
	struct map owners;        /* by uid */
	struct map uids;          /* uid → struct sim_object */
	bool steady;              /* nothing fails now: budgets hold without exception */
	int64_t commits, busy_us; /* busy: when something else than a lease was last written */
	char broken[512];
};

void sim_model_free(struct sim_model *m);
void sim_model_event(void *model, const struct store_event *ev); /* the store's hook */
void sim_broken(struct sim_model *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const struct sim_object *sim_object_of(const struct sim_model *m, struct str uid);
bool sim_pod_counts(const struct sim_object *o,
		    struct str owner); /* active and not on its way out */

/* sim_rules.c: after each event (old or new may be NULL), and of a cluster that has come to rest. */
void sim_rules_event(struct sim_model *m, const struct sim_object *old,
		     const struct sim_object *new);
void sim_rules_rest(struct sim_model *m);
bool sim_rules_job_waits(const struct sim_model *m); /* one has not ended */
void sim_rules_nothing_left(struct sim_model *m);    /* of any workload */

#endif
