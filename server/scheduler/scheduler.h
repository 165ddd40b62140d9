/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler as cmd/ starts it. Control loop only; talks to the API only through its client (system:kube-scheduler). */
#ifndef SERVER_SCHEDULER_SCHEDULER_H
#define SERVER_SCHEDULER_SCHEDULER_H

#include "client/client.h"

struct scheduler;
int scheduler_start(struct client *c, struct scheduler **out, struct err *err);
void scheduler_stop(struct scheduler *s); /* no call into the client after this */

#endif
