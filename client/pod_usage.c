/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod takes: the sum of its containers, or what its init containers need at their highest, plus overhead. Sidecars
 * (restartable init containers) run beside the later init containers and beside all containers. Requests of the pod as a
 * whole replace the sum (k8s.io/component-helpers/resource, PodRequests). */
#include <stdio.h>

#include "base/mem.h"
#include "client/amounts.h"

#define DEFAULT_MILLI_CPU 100
#define DEFAULT_MEMORY    (200LL << 20)

static bool has(const struct api_quantity_map *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eqz(list->items[i].key, name))
			return true;
	return false;
}

enum count { REQUESTS, REQUESTS_WITH_DEFAULTS, LIMITS };

static void container_request(const struct core_v1_container *c, enum count what,
			      struct amounts *out)
{
	bool with_defaults = what == REQUESTS_WITH_DEFAULTS;

	*out = (struct amounts){ 0 };
	amounts_read(out, what == LIMITS ? &c->resources.limits : &c->resources.requests);
	if (with_defaults && !has(&c->resources.requests, "cpu"))
		out->milli_cpu = DEFAULT_MILLI_CPU;
	if (with_defaults && !has(&c->resources.requests, "memory"))
		out->memory = DEFAULT_MEMORY;
}

static void init_containers(const struct core_v1_pod_spec *spec, enum count what,
			    struct amounts *sidecars, struct amounts *highest)
{
	for (size_t i = 0; i < spec->init_containers.n; i++) {
		const struct core_v1_container *c = &spec->init_containers.items[i];
		struct amounts a, now = { 0 };

		container_request(c, what, &a);
		if (str_eqz(c->restart_policy, "Always"))
			amounts_add(sidecars, &a, 1);
		else
			amounts_add(&now, &a, 1);
		amounts_add(&now, sidecars, 1);
		amounts_raise(highest, &now);
		amounts_free(&a);
		amounts_free(&now);
	}
}

static void replace_huge_pages(const struct amounts *level, struct amounts *out)
{
	for (size_t i = 0; i < level->nothers; i++) {
		struct amount more = level->others[i];
		const struct amounts difference = { .others = &more, .nothers = 1 };

		if (!str_starts(str_from(more.name), STR("hugepages-")))
			continue;
		more.value -= amounts_other(out, more.name);
		amounts_add(out, &difference, 1);
	}
}

static void replace_by_pod_level(const struct core_v1_pod_spec *spec, enum count what,
				 struct amounts *out)
{
	const struct core_v1_resource_requirements *r = spec->resources;
	const struct api_quantity_map *list = !r               ? NULL
					      : what == LIMITS ? &r->limits
							       : &r->requests;
	struct amounts level = { 0 };

	if (!list)
		return;
	amounts_read(&level, list);
	if (has(list, "cpu"))
		out->milli_cpu = level.milli_cpu;
	if (has(list, "memory"))
		out->memory = level.memory;
	replace_huge_pages(&level, out);
	amounts_free(&level);
}

static void pod_request(const struct core_v1_pod_spec *spec, enum count what, struct amounts *out)
{
	struct amounts highest = { 0 }, overhead = { 0 };

	*out = (struct amounts){ 0 };
	init_containers(spec, what, out, &highest);
	for (size_t i = 0; i < spec->containers.n; i++) {
		struct amounts a;

		container_request(&spec->containers.items[i], what, &a);
		amounts_add(out, &a, 1);
		amounts_free(&a);
	}
	amounts_raise(out, &highest);
	replace_by_pod_level(spec, what, out);
	amounts_read(&overhead, &spec->overhead);
	amounts_add(out, &overhead, 1);
	amounts_free(&highest);
	amounts_free(&overhead);
}

static void text_copy(char *out, size_t size, struct str text, struct str absent)
{
	if (!text.n)
		text = absent;
	snprintf(out, size, "%.*s", STR_ARG(text));
}

static void add_ports(const struct core_v1_container *c, bool host_network, struct pod_usage *out,
		      size_t *cap)
{
	for (size_t i = 0; i < c->ports.n; i++) {
		const struct core_v1_container_port *p = &c->ports.items[i];
		int32_t port = p->host_port ? p->host_port : host_network ? p->container_port : 0;
		struct host_port *h;

		if (!port)
			continue;
		out->ports = mem_array_grow(out->ports, cap, out->nports + 1, sizeof(*out->ports));
		h = &out->ports[out->nports++];
		h->port = port;
		text_copy(h->protocol, sizeof(h->protocol), p->protocol, STR("TCP"));
		text_copy(h->ip, sizeof(h->ip), p->host_ip, STR("0.0.0.0"));
	}
}

void pod_usage_read(const struct core_v1_pod *pod, struct pod_usage *out)
{
	struct amounts nonzero;
	size_t cap = 0;

	*out = (struct pod_usage){ 0 };
	pod_request(&pod->spec, REQUESTS, &out->request);
	pod_request(&pod->spec, REQUESTS_WITH_DEFAULTS, &nonzero);
	out->nonzero_milli_cpu = nonzero.milli_cpu;
	out->nonzero_memory = nonzero.memory;
	amounts_free(&nonzero);
	for (size_t i = 0; i < pod->spec.init_containers.n; i++)
		if (str_eqz(pod->spec.init_containers.items[i].restart_policy, "Always"))
			add_ports(&pod->spec.init_containers.items[i], pod->spec.host_network, out,
				  &cap);
	for (size_t i = 0; i < pod->spec.containers.n; i++)
		add_ports(&pod->spec.containers.items[i], pod->spec.host_network, out, &cap);
}

void pod_limits(const struct core_v1_pod_spec *spec, struct amounts *out)
{
	pod_request(spec, LIMITS, out);
}

void pod_usage_free(struct pod_usage *u)
{
	amounts_free(&u->request);
	free(u->ports);
	*u = (struct pod_usage){ 0 };
}

static bool is_any(const char *ip)
{
	return !strcmp(ip, "0.0.0.0") || !strcmp(ip, "::");
}

bool host_port_conflicts(const struct host_port *a, const struct host_port *b)
{
	return a->port == b->port && !strcmp(a->protocol, b->protocol) &&
	       (is_any(a->ip) || is_any(b->ip) || !strcmp(a->ip, b->ip));
}
