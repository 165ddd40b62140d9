/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/autoscaling/requests.h"

#include "api/values/quantity.h"
#include "client/amounts.h"

static const struct str *request_of(const struct api_quantity_map *m, struct str resource)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->items[i].key, resource))
			return &m->items[i].value.text;
	return NULL;
}

static bool is_pod_level(struct str resource)
{
	return str_eqz(resource, "cpu") || str_eqz(resource, "memory") ||
	       str_starts(resource, STR("hugepages-"));
}

static bool has_pod_level(const struct core_v1_pod_spec *spec)
{
	for (size_t i = 0; spec->resources && i < spec->resources->requests.n; i++)
		if (is_pod_level(spec->resources->requests.items[i].key))
			return true;
	return false;
}

static bool is_sidecar(const struct core_v1_container *c)
{
	return str_eqz(c->restart_policy, "Always");
}

static bool anybody_requests(const struct core_v1_pod_spec *spec, struct str resource)
{
	if (request_of(&spec->resources->requests, resource) ||
	    request_of(&spec->overhead, resource))
		return true;
	for (size_t i = 0; i < spec->containers.n; i++)
		if (request_of(&spec->containers.items[i].resources.requests, resource))
			return true;
	for (size_t i = 0; i < spec->init_containers.n; i++)
		if (request_of(&spec->init_containers.items[i].resources.requests, resource))
			return true;
	return false;
}

static int64_t milli_of(int64_t whole) /* capped */
{
	return quantity_milli(quantity_from_i64(whole, QUANTITY_DECIMAL_SI));
}

static const char *of_pod_level(const struct core_v1_pod *pod, struct str resource, struct arena *a,
				int64_t *out)
{
	struct pod_usage use;
	if (!anybody_requests(&pod->spec, resource))
		return arena_printf(a, "missing pod-level request for %.*s in Pod %.*s",
				    STR_ARG(resource), STR_ARG(pod->metadata.name));
	pod_usage_read(pod, &use);
	const struct amounts *r = &use.request;
	if (str_eqz(resource, "cpu"))
		*out = r->milli_cpu;
	else if (str_eqz(resource, "memory"))
		*out = milli_of(r->memory);
	else if (str_eqz(resource, "ephemeral-storage"))
		*out = milli_of(r->ephemeral);
	else
		*out = milli_of(amounts_other(r, arena_strdup(a, resource)));
	pod_usage_free(&use);
	return NULL;
}

static const char *add_container(const struct core_v1_container *c, const struct core_v1_pod *pod,
				 struct str resource, struct arena *a, int64_t *out)
{
	const struct str *text = request_of(&c->resources.requests, resource);
	struct quantity q;
	if (!text || quantity_parse(*text, &q, NULL) < 0)
		return arena_printf(a, "missing request for %.*s in container %.*s of Pod %.*s",
				    STR_ARG(resource), STR_ARG(c->name),
				    STR_ARG(pod->metadata.name));
	*out = quantity_milli(quantity_add(quantity_from_milli(*out, q.format), q));
	return NULL;
}

static const char *of_containers(const struct core_v1_pod *pod, struct str resource,
				 struct str container, struct arena *a, int64_t *out)
{
	const struct core_v1_pod_spec *spec = &pod->spec;
	const char *failure = NULL;
	for (size_t i = 0; i < spec->containers.n + spec->init_containers.n && !failure; i++) {
		bool init = i >= spec->containers.n;
		const struct core_v1_container *c =
			init ? &spec->init_containers.items[i - spec->containers.n]
			     : &spec->containers.items[i];
		bool is_it = str_eq(c->name, container);
		if ((init && !is_sidecar(c)) || (container.n && !is_it))
			continue;
		failure = add_container(c, pod, resource, a, out);
		if (is_it)
			return failure;
	}
	if (container.n)
		return arena_printf(a, "container %.*s not found in Pod %.*s", STR_ARG(container),
				    STR_ARG(pod->metadata.name));
	return failure;
}

const char *pod_requests(const struct core_v1_pod *pod, struct str resource, struct str container,
			 struct arena *a, int64_t *out_milli)
{
	*out_milli = 0;
	if (!container.n && has_pod_level(&pod->spec))
		return of_pod_level(pod, resource, a, out_milli);
	return of_containers(pod, resource, container, a, out_milli);
}
