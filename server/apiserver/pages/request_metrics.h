/* SPDX-License-Identifier: Apache-2.0 */
/* Counters and latencies of requests under upstream's names. Any thread. */
#ifndef SERVER_APISERVER_PAGES_REQUEST_METRICS_H
#define SERVER_APISERVER_PAGES_REQUEST_METRICS_H

#include "server/apiserver/request.h"

void request_metrics_observe(const struct api_request *r, int status, size_t bytes);
void request_metrics_watch(const struct api_request *r,
			   double change);         /* apiserver_longrunning_requests */
void request_metrics_collect(struct apiserver *s); /* registers the gauges of the server */

#endif
