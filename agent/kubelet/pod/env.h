/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a container: service links, envFrom, env with all its sources, $(NAME) expansion. Pure; results in the
 * arena. Follows upstream's makeEnvironmentVariables, pkg/kubelet/envvars and third_party/forked/golang/expansion. */
#ifndef AGENT_KUBELET_POD_ENV_H
#define AGENT_KUBELET_POD_ENV_H

#include "agent/kubelet/pod/pod_source.h"

struct env_list {
	struct api_str_pair *items;
	size_t n;
	size_t cap; /* private */
};
/* ERR_INVALID with upstream's words: the container is in CreateContainerConfigError. */
int env_build(const struct pod_source *s, const struct core_v1_container *c, struct arena *a,
	      struct env_list *out, struct err *err);
struct str env_get(const struct env_list *l, struct str name); /* p == NULL: not set */
/* $(NAME) is replaced if it is set, $$(NAME) is a literal. */
struct str env_expand(const struct env_list *l, struct str text, struct arena *a);
const char **env_argv(const struct env_list *l, struct arena *a); /* "K=V", NULL-terminated */

#endif
