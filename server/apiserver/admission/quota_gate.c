/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/quota_gate.h"

#include "base/mem.h"

struct quota_gate {
	struct list waiting; /* struct quota_turn, first come first served */
	char *ns;
};

void quota_gates_init(struct quota_gates *g)
{
	pthread_mutex_init(&g->lock, NULL);
}

static void gate_free(void *p)
{
	struct quota_gate *gate = p;
	free(gate->ns);
	free(gate);
}

void quota_gates_free(struct quota_gates *g)
{
	map_free(&g->taken, gate_free);
	pthread_mutex_destroy(&g->lock);
}

static void turn_run(struct loop_msg *m)
{
	struct quota_turn *turn = CONTAINER_OF(m, struct quota_turn, msg);
	turn->run(turn);
}

bool quota_gate_enter(struct quota_gates *g, struct str ns, struct quota_turn *turn)
{
	if (turn->held)
		return true;
	pthread_mutex_lock(&g->lock);
	struct quota_gate *gate = map_get(&g->taken, ns);
	bool free_now = gate == NULL;
	if (free_now) {
		gate = NEW(struct quota_gate);
		list_init(&gate->waiting);
		gate->ns = str_dup(ns);
		map_put(&g->taken, ns, gate);
		turn->held = true;
	} else {
		list_add_tail(&gate->waiting, &turn->link);
	}
	turn->ns = str_from(gate->ns);
	pthread_mutex_unlock(&g->lock);
	return free_now;
}

void quota_gate_leave(struct quota_gates *g, struct quota_turn *turn)
{
	if (!turn->held)
		return;
	turn->held = false;
	pthread_mutex_lock(&g->lock);
	struct quota_gate *gate = map_get(&g->taken, turn->ns);
	if (list_empty(&gate->waiting)) {
		map_del(&g->taken, turn->ns);
		gate_free(gate);
	} else {
		struct quota_turn *next = CONTAINER_OF(gate->waiting.next, struct quota_turn, link);
		list_del(&next->link);
		next->held = true;
		next->msg.run = turn_run;
		loop_post(next->loop, &next->msg);
	}
	pthread_mutex_unlock(&g->lock);
}
