/* SPDX-License-Identifier: Apache-2.0 */
/* A whole API server on one loop of the test's own thread, in a directory that goes with it. */
#ifndef TESTS_UNIT_SERVER_APISERVER_SERVER_FIXTURE_H
#define TESTS_UNIT_SERVER_APISERVER_SERVER_FIXTURE_H

#include <jansson.h>

#include "server/apiserver/apiserver.h"

struct fixture {
	char dir[64];
	struct loop loop;
	struct apiserver *server;
	struct client *admin;
};
struct answer {
	int code;
	char *body;
	json_t *tree; /* parsed body, or NULL */
	enum err_reason reason;
	char *message;
};
int fixture_start(struct fixture *f); /* ready for requests; 0 or -1 */
void fixture_stop(struct fixture *f);
void fixture_run_until(struct fixture *f, bool (*fn)(void *ctx),
		       void *ctx); /* at most 10 s, then fails the test */
struct client *fixture_client(struct fixture *f, const char *user, const char *group);
/* Sends and waits. `resource` like "v1/configmaps" or "apps/v1/deployments". */
struct answer fixture_call(struct fixture *f, struct client *c, enum api_verb verb,
			   const char *resource, const char *ns, const char *name,
			   const char *query, const char *body);
void answer_free(struct answer *a);
const struct api_resource *fixture_resource(const char *text);

#endif
