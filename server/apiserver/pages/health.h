/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz, /livez and /readyz: named checks, text as upstream's. Checks may be added at any time, from any thread. */
#ifndef SERVER_APISERVER_PAGES_HEALTH_H
#define SERVER_APISERVER_PAGES_HEALTH_H

#include <pthread.h>

#include "base/buf.h"

enum health_page { HEALTH_HEALTHZ = 1, HEALTH_LIVEZ = 2, HEALTH_READYZ = 4 };
struct health_check {
	const char *name;
	bool (*fn)(void *ctx);
	void *ctx;
	unsigned pages; /* enum health_page bits */
	struct health_check *next;
};
struct health {
	pthread_mutex_t lock;
	struct health_check *first;
};
void health_init(struct health *h);
void health_add(struct health *h, const char *name, unsigned pages, bool (*fn)(void *ctx),
		void *ctx); /* name is copied */
void health_free(struct health *h);
bool health_ok(struct health *h, enum health_page page);
void health_each(struct health *h, enum health_page page, void (*fn)(void *ctx, const char *name),
		 void *ctx);

/* Metrics of each check on each of its pages, as it is now. */
void health_slis(struct health *h, struct buf *out);

struct api_request;
/* Answers /healthz…, with what follows it in `check` ("" or "etcd"). */
void health_respond(struct api_request *r, enum health_page page, const char *page_name,
		    struct str check);

#endif
