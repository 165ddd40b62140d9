/* SPDX-License-Identifier: Apache-2.0 */
/* What can't be had for less on this machine, to hold a server against. */
#ifndef TESTS_BENCH_CLIENT_FLOOR_H
#define TESTS_BENCH_CLIENT_FLOOR_H

#include <stddef.h>

/* What a second of one core's time does with records of TLS 1.3 alone, made of chunks of that size: bytes/s. */
double tls_bulk_speed(size_t chunk_bytes);

/* The time of one core, in s, to bring one event to one of so many connections on loopback, when a system call sends so many of
 * them: AES-GCM in records and the kernel, nothing else. */
double watch_floor_s(size_t connections, size_t events, size_t event_bytes);

#endif
