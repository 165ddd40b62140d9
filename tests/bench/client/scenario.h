/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured, a function per scenario. ConfigMaps of 2 KB, where it doesn't say otherwise. */
#ifndef TESTS_BENCH_CLIENT_SCENARIO_H
#define TESTS_BENCH_CLIENT_SCENARIO_H

#include "client.h"

#define NAMESPACE "bench-api"
#define MAPS      "/api/v1/namespaces/" NAMESPACE "/configmaps"

void bench_creates(void);
void bench_gets(void);
void bench_lists(void);
void bench_updates(void);
void bench_applies(void); /* of a Deployment, on the server's side */
void bench_watches(void);
void bench_pods(void); /* 10,000 of 4 KiB: lists against the speed of TLS, memory */

/* `extra` goes into the metadata, after the name; freed by the caller. */
char *config_map(const char *name, const char *extra, size_t payload_bytes);
const char *payload(size_t n); /* at most PAYLOAD_MAX bytes of text */
#define PAYLOAD_MAX 8192

#endif
