/* SPDX-License-Identifier: Apache-2.0 */
/* One at a time: in a namespace with quotas, a write that uses something up has the gate from before it reads the quotas until it is stored
 * with their new status, in one transaction. So nothing is given out twice, whatever the number of clients and loops. Who finds the gate
 * taken waits in line, and is called on its own loop when it is its turn. Locked inside; any thread. */
#ifndef SERVER_APISERVER_ADMISSION_QUOTA_GATE_H
#define SERVER_APISERVER_ADMISSION_QUOTA_GATE_H

#include "base/list.h"
#include "base/map.h"
#include "net/loop.h"

struct quota_gates {
	pthread_mutex_t lock;
	struct map taken; /* namespace → struct quota_gate, while someone has it */
};
struct quota_turn { /* embedded in who wants to pass */
	struct loop *loop;
	void (*run)(struct quota_turn *turn); /* when it was not its turn at once */
	bool held;
	struct list link;    /* private */
	struct loop_msg msg; /* private */
	struct str ns;       /* of the holder: the gate's copy */
};
void quota_gates_init(struct quota_gates *g);
void quota_gates_free(struct quota_gates *g);
/* True: it has the gate. False: run() will be called with it held. */
bool quota_gate_enter(struct quota_gates *g, struct str ns, struct quota_turn *turn);
void quota_gate_leave(struct quota_gates *g, struct quota_turn *turn); /* no effect unless held */

#endif
