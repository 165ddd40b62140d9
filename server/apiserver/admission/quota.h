/* SPDX-License-Identifier: Apache-2.0 */
/* ResourceQuota around a write (write.c): the gate before it, the judgement last of all plug-ins (admission.h), and the quotas' new status in
 * the transaction that stores the object. Follows upstream's apiserver/pkg/admission/plugin/resourcequota. */
#ifndef SERVER_APISERVER_ADMISSION_QUOTA_H
#define SERVER_APISERVER_ADMISSION_QUOTA_H

#include <stdbool.h>

struct write;

/* False: the write waits for its turn, and `resume` is called with it then. True: it may go on now. Called again by one that has the gate, it
 * says true. */
bool quota_enter(struct write *w, void (*resume)(struct write *w));
void quota_leave(struct write *w);

#endif
