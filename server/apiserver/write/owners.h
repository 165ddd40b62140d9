/* SPDX-License-Identifier: Apache-2.0 */
/* metadata.ownerReferences: each once. What comes twice is left out with a warning, as upstream's handlers do (dedupOwnerReferences). */
#ifndef SERVER_APISERVER_WRITE_OWNERS_H
#define SERVER_APISERVER_WRITE_OWNERS_H

#include "server/apiserver/write/write.h"

/* Called before and after admission; of a patch only what comes out of it is looked at. */
void owners_once(struct write *w, bool admitted);

#endif
