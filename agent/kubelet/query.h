/* SPDX-License-Identifier: Apache-2.0 */
/* Query strings of requests, percent-decoded into an arena. Pure. */
#ifndef AGENT_KUBELET_QUERY_H
#define AGENT_KUBELET_QUERY_H

#include "base/arena.h"

struct query {
	struct str_pair {
		struct str name, value;
	} * items;
	size_t n;
};
void query_parse(struct str text, struct arena *a, struct query *out);
struct str query_get(const struct query *q, const char *name); /* the first; p == NULL: absent */
bool query_flag(const struct query *q, const char *name);      /* "1" or "true" */
bool query_i64(const struct query *q, const char *name, int64_t *out);
const char **query_all(const struct query *q, const char *name,
		       struct arena *a); /* NULL-terminated */
struct str percent_decode(struct str s, bool plus, struct arena *a);

#endif
