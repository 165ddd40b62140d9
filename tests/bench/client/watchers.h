/* SPDX-License-Identifier: Apache-2.0 */
/* Many watches by one thread, so that the watching costs the machine little: of more than a hundred, evenly spread ones are decrypted and
 * looked at, and stand for the others, whose bytes are counted. Each event carries, as an annotation "sent", the time at which its
 * writer sent it (now_s()). */
#ifndef TESTS_BENCH_CLIENT_WATCHERS_H
#define TESTS_BENCH_CLIENT_WATCHERS_H

#include "client.h"

struct watchers;
/* Connects n watches of the path, which has a query; returns when the server has answered all of them. Each wants `events`. */
struct watchers *watchers_start(size_t n, const char *path, size_t events);
/* What those that were read got, all together. Each read is what the server sent at once, as long as this program keeps up. */
struct watched {
	size_t bytes, reads; /* of plain text */
};
/* Returns when each has seen its events, or 30 s have gone by: what they saw, as of one client. */
void watchers_finish(struct watchers *w, struct client *out, struct watched *about);

#endif
