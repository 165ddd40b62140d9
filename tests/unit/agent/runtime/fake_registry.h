/* SPDX-License-Identifier: Apache-2.0 */
/* A registry with one image, "app:1", on a port of 127.0.0.1, in a thread: token authentication, blobs by redirect to another host
 * name, ranges; and it can misbehave. */
#ifndef TESTS_FAKE_REGISTRY_H
#define TESTS_FAKE_REGISTRY_H

#include <pthread.h>
#include <stdbool.h>

#include "tests/unit/agent/runtime/image_builder.h"

struct fake_registry {
	struct test_image image;
	int port;
	/* set before the first request */
	int cut_layer_times; /* so often the layer's answer ends in its middle */
	bool no_ranges;      /* answers 200 to a range */
	bool wrong_layer;    /* other bytes than the digest says */
	bool no_image;       /* 404 with the registry's words */
	/* seen; read after the pull */
	int tokens, layer_requests, ranges;
	bool token_at_cdn;                     /* our token went to the other host */
	char token_query[512], asked_for[512]; /* the last queries */
	/* private */
	int fd;
	pthread_t thread;
};
void fake_registry_start(struct fake_registry *r);
void fake_registry_stop(struct fake_registry *r);

#endif
