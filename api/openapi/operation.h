/* SPDX-License-Identifier: Apache-2.0 */
/* One operation of a path: what it is called, takes and answers. Private to OpenAPI; any thread. */
#ifndef API_OPENAPI_OPERATION_H
#define API_OPENAPI_OPERATION_H

#include "api/openapi/parameters.h"
#include "api/openapi/types.h"

struct action {
	uint32_t verb;
	const char *method, *action,
		*word; /* "patch", x-kubernetes-action, first word of the operation's name */
	const struct parameter *parameters;
	bool on_collection;
	enum { NO_BODY, OBJECT_BODY, PATCH_BODY, OPTIONS_BODY } body;
	enum { ANSWER_OBJECT, ANSWER_LIST, ANSWER_STATUS, ANSWER_EVENT } answer;
};

/* Whose path is written, and how. */
struct path_writer {
	const struct api_resource *r;
	const struct api_subresource *sub; /* NULL: the resource itself */
	bool v3, all_namespaces, watch;
	bool below; /* what a proxy is asked for has a path of its own */
	struct openapi_types *refers;
	struct buf *out;
};

static inline bool
is_connect(const struct api_subresource *s) /* exec, attach, portforward, proxy */
{
	return s && str_ends(str_from(s->kind), STR("Options"));
}

static inline bool is_log(const struct api_subresource *s)
{
	return s && strcmp(s->name, "log") == 0;
}

/* `"name":`, with a comma in front unless it is the first of its object. */
void openapi_member(struct buf *out, const char *name);
void openapi_parameter(struct path_writer *w, const struct parameter *p, const char *in,
		       bool first);
/* Those of an action. True when there is none, after none (`first`). */
bool openapi_query_parameters(struct path_writer *w, const struct action *a, bool first);
/* A member of a path. `alone`: the path's only operation, whose parameters are the path's. */
void openapi_operation(struct path_writer *w, const struct action *a, bool alone);

#endif
