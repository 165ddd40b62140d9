/* SPDX-License-Identifier: Apache-2.0 */
/* The query of a request, decoded once and asked often. Pure. */
#ifndef AGENT_KUBELET_POD_PARAMS_H
#define AGENT_KUBELET_POD_PARAMS_H

#include "base/url.h"

struct params {
	struct str_pair {
		struct str name, value;
	} * items;
	size_t n;
};
void params_parse(struct str text, struct arena *a, struct params *out);
struct str params_get(const struct params *q, const char *name); /* the first; p == NULL: absent */
bool params_flag(const struct params *q, const char *name);      /* "1" or "true" */
bool params_i64(const struct params *q, const char *name, int64_t *out);
const char **params_all(const struct params *q, const char *name,
			struct arena *a); /* NULL-terminated */

#endif
