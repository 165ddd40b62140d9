/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/resources.h"

#include "agent/kubelet/pod/qos.h"

static int64_t limit_of(const struct core_v1_resource_requirements *container,
			const struct core_v1_resource_requirements *pod, const char *name)
{
	int64_t own = resource_amount(&container->limits, name);
	return own || !pod ? own : resource_amount(&pod->limits, name);
}

struct resource_amounts resources_of(const struct core_v1_resource_requirements *container,
				     const struct core_v1_resource_requirements *pod)
{
	return (struct resource_amounts){
		.cpu_request = resource_amount(&container->requests, "cpu"),
		.cpu_limit = limit_of(container, pod, "cpu"),
		.memory_request = resource_amount(&container->requests, "memory"),
		.memory_limit = limit_of(container, pod, "memory"),
	};
}

bool resources_equal(const struct resource_amounts *a, const struct resource_amounts *b)
{
	return a->cpu_request == b->cpu_request && a->cpu_limit == b->cpu_limit &&
	       a->memory_request == b->memory_request && a->memory_limit == b->memory_limit;
}

static bool same(const struct core_v1_resource_requirements *a,
		 const struct core_v1_resource_requirements *b)
{
	static const struct core_v1_resource_requirements none;
	struct resource_amounts x = resources_of(a ? a : &none, NULL),
				y = resources_of(b ? b : &none, NULL);
	return resources_equal(&x, &y);
}

static const struct core_v1_container *named(const struct core_v1_pod_spec *spec, struct str name)
{
	for (size_t i = 0; i < spec->containers.n; i++)
		if (str_eq(spec->containers.items[i].name, name))
			return &spec->containers.items[i];
	for (size_t i = 0; i < spec->init_containers.n; i++)
		if (str_eq(spec->init_containers.items[i].name, name))
			return &spec->init_containers.items[i];
	return NULL;
}

static bool all_same(const struct core_v1_container *items, size_t n,
		     const struct core_v1_pod_spec *other)
{
	for (size_t i = 0; i < n; i++) {
		const struct core_v1_container *c = named(other, items[i].name);
		if (c && !same(&items[i].resources, &c->resources))
			return false;
	}
	return true;
}

bool resources_same(const struct core_v1_pod_spec *a, const struct core_v1_pod_spec *b)
{
	return same(a->resources, b->resources) &&
	       all_same(a->containers.items, a->containers.n, b) &&
	       all_same(a->init_containers.items, a->init_containers.n, b);
}

static struct api_quantity_map copy_map(const struct api_quantity_map *m, struct arena *a)
{
	struct api_quantity_map out = { .n = m->n };
	out.items = ARENA_ARRAY(a, struct api_quantity_pair, m->n + 1);
	for (size_t i = 0; i < m->n; i++) {
		out.items[i].key = arena_str(a, m->items[i].key);
		out.items[i].value.text = arena_str(a, m->items[i].value.text);
	}
	return out;
}

struct core_v1_resource_requirements resources_copy(const struct core_v1_resource_requirements *r,
						    struct arena *a)
{
	struct core_v1_resource_requirements out = { 0 };
	out.requests = copy_map(&r->requests, a);
	out.limits = copy_map(&r->limits, a);
	return out;
}

static void overlay(struct core_v1_resource_requirements *to,
		    const struct core_v1_resource_requirements *from, struct arena *a)
{
	struct core_v1_resource_requirements fresh = resources_copy(from, a);
	to->requests = fresh.requests; /* claims stay */
	to->limits = fresh.limits;
}

static void overlay_all(struct core_v1_container *items, size_t n,
			const struct core_v1_pod_spec *from, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		const struct core_v1_container *c = named(from, items[i].name);
		if (c)
			overlay(&items[i].resources, &c->resources, a);
	}
}

void resources_overlay(struct core_v1_pod_spec *to, const struct core_v1_pod_spec *from,
		       struct arena *a)
{
	overlay_all(to->containers.items, to->containers.n, from, a);
	overlay_all(to->init_containers.items, to->init_containers.n, from, a);
	if (to->resources && from->resources)
		overlay(to->resources, from->resources, a);
}

static struct core_v1_container *keep_all(const struct core_v1_container *items, size_t n,
					  struct arena *a)
{
	struct core_v1_container *out = ARENA_ARRAY(a, struct core_v1_container, n + 1);
	for (size_t i = 0; i < n; i++) {
		out[i].name = arena_str(a, items[i].name);
		out[i].resources = resources_copy(&items[i].resources, a);
	}
	return out;
}

struct core_v1_pod_spec *resources_keep(const struct core_v1_pod_spec *spec, struct arena *a)
{
	struct core_v1_pod_spec *out = ARENA_NEW(a, struct core_v1_pod_spec);
	out->containers.items = keep_all(spec->containers.items, spec->containers.n, a);
	out->containers.n = spec->containers.n;
	out->init_containers.items =
		keep_all(spec->init_containers.items, spec->init_containers.n, a);
	out->init_containers.n = spec->init_containers.n;
	if (spec->resources) {
		out->resources = ARENA_NEW(a, struct core_v1_resource_requirements);
		*out->resources = resources_copy(spec->resources, a);
	}
	return out;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t wider(int64_t a, int64_t b)
{
	return a && b ? larger(a, b) : 0;
}

struct container_resources resources_wider(const struct container_resources *a,
					   const struct container_resources *b)
{
	return (struct container_resources){
		.cpu_shares_milli = larger(a->cpu_shares_milli, b->cpu_shares_milli),
		.cpu_limit_milli = wider(a->cpu_limit_milli, b->cpu_limit_milli),
		.memory_limit_bytes = wider(a->memory_limit_bytes, b->memory_limit_bytes),
		.pids_limit = wider(a->pids_limit, b->pids_limit),
	};
}
