/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/container_spec.h"

static const char *text(struct arena *a, const char *s)
{
	return s ? arena_strdup(a, str_from(s)) : NULL;
}

static const char *const *list(struct arena *a, const char *const *from)
{
	size_t n = 0;
	if (!from)
		return NULL;
	while (from[n])
		n++;
	const char **out = ARENA_ARRAY(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = text(a, from[i]);
	return out;
}

static const struct container_mount *mounts(struct arena *a, const struct container_mount *from,
					    size_t n)
{
	struct container_mount *out = ARENA_ARRAY(a, struct container_mount, n + 1);
	for (size_t i = 0; i < n; i++) {
		out[i] = from[i];
		out[i].source = text(a, from[i].source);
		out[i].target = text(a, from[i].target);
		out[i].propagation = text(a, from[i].propagation);
		out[i].type = text(a, from[i].type);
		out[i].options = text(a, from[i].options);
	}
	return out;
}

static const struct container_device *devices(struct arena *a, const struct container_device *from,
					      size_t n)
{
	struct container_device *out = ARENA_ARRAY(a, struct container_device, n + 1);
	for (size_t i = 0; i < n; i++) {
		out[i] = from[i];
		out[i].source = text(a, from[i].source);
		out[i].target = text(a, from[i].target);
	}
	return out;
}

struct container_spec *container_spec_copy(struct arena *a, const struct container_spec *s)
{
	struct container_spec *c = ARENA_NEW(a, struct container_spec);
	int64_t *groups = ARENA_ARRAY(a, int64_t, s->nsupplemental_groups + 1);
	*c = *s;
	c->pod_uid = text(a, s->pod_uid);
	c->name = text(a, s->name);
	c->image = text(a, s->image);
	c->command = list(a, s->command);
	c->args = list(a, s->args);
	c->env = list(a, s->env);
	c->working_dir = text(a, s->working_dir);
	c->mounts = mounts(a, s->mounts, s->nmounts);
	c->devices = devices(a, s->devices, s->ndevices);
	for (size_t i = 0; i < s->nsupplemental_groups; i++)
		groups[i] = s->supplemental_groups[i];
	c->supplemental_groups = groups;
	c->add_capabilities = list(a, s->add_capabilities);
	c->drop_capabilities = list(a, s->drop_capabilities);
	c->seccomp = text(a, s->seccomp);
	return c;
}
