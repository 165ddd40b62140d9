/* SPDX-License-Identifier: Apache-2.0 */
/* A pod that comes right after its namespace waits for the account `default`, which a controller is about to make: some moments, as long as
 * upstream's ServiceAccount plug-in tries. Loop of the request. */
#ifndef SERVER_APISERVER_ADMISSION_ACCOUNT_WAIT_H
#define SERVER_APISERVER_ADMISSION_ACCOUNT_WAIT_H

#include <stdbool.h>

struct write;
/* True: run() is called later. False: there is nothing to wait for (any more). */
bool account_wait(struct write *w, void (*run)(struct write *w));

#endif
