/* SPDX-License-Identifier: Apache-2.0 */
/* One request after another to a registry's endpoint, by libcurl's easy interface. Private to registry.c, registry_token.c and
 * transfer.c. Blocking; a transfer belongs to one thread, what several share is under the registry's mutex. */
#ifndef AGENT_RUNTIME_TRANSFER_H
#define AGENT_RUNTIME_TRANSFER_H

#include <curl/curl.h>
#include <pthread.h>

#include "agent/runtime/registry.h"
#include "base/encode.h"

struct endpoint {
	struct registry_endpoint at;
	char *scope;
	char *ca;            /* PEM: the host's authorities and its own; NULL: the host's */
	char *authorization; /* header line; under the mutex */
};

struct registry {
	const char *ca_file;
	struct registry_endpoint *list;
	struct endpoint *endpoints;
	size_t n;
	atomic_size_t good; /* the one that had what was asked for last */
	pthread_mutex_t mutex;
};

struct transfer {
	struct registry *registry;
	struct endpoint *at; /* the one that is asked now */
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	atomic_bool *cancel;
	void (*taken)(void *ctx, int64_t bytes);
	void *ctx;
	/* the present request */
	struct buf body; /* of an answer that is kept in memory, or of an error */
	size_t body_max;
	char *media_type, *challenge;
	int fd; /* where a good answer goes, or -1 */
	int64_t offset, limit;
	struct sha256 hash;
	bool too_large, write_failed;
};

/* What the next request is, and where its answer goes. resume: the first byte that is wanted. */
void transfer_setup(struct transfer *t, const char *url, int64_t resume);
/* CURLE_OK whatever the status; the headers are freed. */
CURLcode transfer_perform(struct transfer *t, struct curl_slist *headers);
long transfer_status(struct transfer *t);
bool transfer_is_good(long status);
/* Errors: no answer came; an answer that says no, in the registry's own words. */
int transfer_failed(struct transfer *t, const char *url, CURLcode rc, struct err *err);
int transfer_refused(struct transfer *t, const char *url, long status, struct err *err);
/* One GET; a second one with credentials if the first is refused. *out_rc tells transport errors that may be tried again. */
int transfer_get(struct transfer *t, const char *url, bool manifest, int64_t resume,
		 CURLcode *out_rc, struct err *err);
/* After a 401: what its challenge asks for becomes the endpoint's authorization. registry_token.c */
int registry_authenticate(struct transfer *t, const char *url, struct err *err);

#endif
