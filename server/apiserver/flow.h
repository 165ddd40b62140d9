/* SPDX-License-Identifier: Apache-2.0 */
/* Flow control: at most FLOW_READ_MAX reading and FLOW_WRITE_MAX changing requests at once; who comes beyond hears 429 with
 * Retry-After. Watches, streams and system:masters are not counted, as upstream's max-in-flight filter does it. */
#ifndef SERVER_APISERVER_FLOW_H
#define SERVER_APISERVER_FLOW_H

#include "server/apiserver/request.h"

int flow_acquire(struct api_request *r, struct err *err);
void flow_release(struct api_request *r);

#endif
