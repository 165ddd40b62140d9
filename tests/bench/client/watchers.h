/* SPDX-License-Identifier: Apache-2.0 */
/* Many watches by one thread, so that the watching costs the machine little: TLS handshakes by mbedTLS, records by tls_record.h. Each
 * event carries, as an annotation "sent", the time at which its writer sent it (now_s()). */
#ifndef TESTS_BENCH_CLIENT_WATCHERS_H
#define TESTS_BENCH_CLIENT_WATCHERS_H

#include "client.h"

struct watchers;
/* Connects n watches of the path, which has a query; returns when the server has answered all of them. Each wants `events`. */
struct watchers *watchers_start(size_t n, const char *path, size_t events);
/* Returns when each has seen its events, or 30 s have gone by: what they saw, as of one client. */
void watchers_finish(struct watchers *w, struct client *out);

/* What a second of one core's time does with records of TLS 1.3 alone, made of chunks of that size: bytes/s. */
double tls_bulk_speed(size_t chunk_bytes);

#endif
