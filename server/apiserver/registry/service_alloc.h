/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and ports of Services: taking, giving back, and what is taken when the server starts. */
#ifndef SERVER_APISERVER_REGISTRY_SERVICE_ALLOC_H
#define SERVER_APISERVER_REGISTRY_SERVICE_ALLOC_H

#include <jansson.h>

struct apiserver;
/* Gives back what `old` had and `now` (may be NULL) has not. */
void service_release(struct apiserver *s, const json_t *old, const json_t *now);
/* Marks what the Services in the cache have; at start, before any write. */
void service_alloc_load(struct apiserver *s);

#endif
