/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/qos.h"

#include "api/values/quantity.h"

#define OOM_GUARANTEED  (-997)
#define OOM_BEST_EFFORT 1000
#define CRITICAL        2000000000 /* priority of system-cluster-critical */

static const char *const compute[] = { "cpu", "memory" };

static const struct api_quantity *find(const struct api_quantity_map *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eqz(m->items[i].key, name))
			return &m->items[i].value;
	return NULL;
}

int64_t resource_amount(const struct api_quantity_map *m, const char *name)
{
	const struct api_quantity *text = find(m, name);
	struct quantity q;
	if (!text || quantity_parse(text->text, &q, NULL) < 0)
		return 0;
	return str_eqz(str_from(name), "cpu") ? quantity_milli(q) : quantity_i64(q);
}

struct qos_sums {
	bool any, guaranteed;
};

static void add_requirements(struct qos_sums *s, const struct core_v1_resource_requirements *r)
{
	for (size_t i = 0; i < COUNT_OF(compute); i++) {
		int64_t request = resource_amount(&r->requests, compute[i]);
		int64_t limit = resource_amount(&r->limits, compute[i]);
		if (request || limit)
			s->any = true;
		if (!limit || (request && request != limit))
			s->guaranteed = false;
	}
}

/* What the pod says of itself; NULL: nothing that counts. */
static const struct core_v1_resource_requirements *pod_level(const struct core_v1_pod_spec *spec)
{
	const struct core_v1_resource_requirements *r = spec->resources;
	for (size_t i = 0; r && i < COUNT_OF(compute); i++)
		if (find(&r->requests, compute[i]) || find(&r->limits, compute[i]))
			return r;
	return NULL;
}

static int64_t own_amount(const struct core_v1_pod_spec *spec, bool limit, const char *name)
{
	const struct core_v1_resource_requirements *r = pod_level(spec);
	return r ? resource_amount(limit ? &r->limits : &r->requests, name) : 0;
}

const char *qos_class(const struct core_v1_pod_spec *spec)
{
	struct qos_sums s = { .guaranteed = true };
	bool own = pod_level(spec) != NULL;
	if (own)
		add_requirements(&s, spec->resources);
	for (size_t i = 0; !own && i < spec->containers.n; i++)
		add_requirements(&s, &spec->containers.items[i].resources);
	for (size_t i = 0; !own && i < spec->init_containers.n; i++)
		add_requirements(&s, &spec->init_containers.items[i].resources);
	if (!s.any)
		return "BestEffort";
	return s.guaranteed ? "Guaranteed" : "Burstable";
}

const char *qos_cgroup(struct arena *a, const struct core_v1_pod *pod)
{
	static const struct {
		char first;
		const char *prefix;
	} parents[] = { { 'G', "" }, { 'B', "burstable/" } };
	const char *class = qos_class(&pod->spec);
	const char *prefix = class[1] == 'e' ? "besteffort/" : parents[class[0] == 'B'].prefix;
	return arena_printf(a, "%spod%.*s", prefix, STR_ARG(pod->metadata.uid));
}

static int64_t containers_request(const struct core_v1_pod_spec *spec, const char *name)
{
	int64_t sum = 0, sidecars = 0, largest = 0;
	for (size_t i = 0; i < spec->containers.n; i++)
		sum += resource_amount(&spec->containers.items[i].resources.requests, name);
	for (size_t i = 0; i < spec->init_containers.n; i++) {
		const struct core_v1_container *c = &spec->init_containers.items[i];
		int64_t one = resource_amount(&c->resources.requests, name);
		if (str_eqz(c->restart_policy, "Always"))
			sidecars += one;
		else
			largest = one + sidecars > largest ? one + sidecars : largest;
	}
	sum += sidecars;
	return sum > largest ? sum : largest;
}

/* What counts when memory runs out: a sidecar is no worse off than the containers that it serves, and what the pod asks for beyond
 * its containers is shared out. */
static int64_t oom_request(const struct core_v1_pod_spec *spec, const struct core_v1_container *c)
{
	int64_t request = resource_amount(&c->resources.requests, "memory");
	int64_t own = own_amount(spec, false, "memory"), rest = 0, least = INT64_MAX;
	if (own && spec->containers.n)
		rest = (own - containers_request(spec, "memory")) /
		       (int64_t)(spec->containers.n + spec->init_containers.n);
	for (size_t i = 0; i < spec->containers.n; i++) {
		int64_t one =
			resource_amount(&spec->containers.items[i].resources.requests, "memory");
		least = one < least ? one : least;
	}
	if (str_eqz(c->restart_policy, "Always") && spec->containers.n && request < least)
		request = least;
	return request + (rest > 0 ? rest : 0);
}

int qos_oom_score_adj(const struct core_v1_pod_spec *spec, const struct core_v1_container *c,
		      int64_t node_memory_bytes)
{
	const char *class = qos_class(spec);
	if ((spec->priority && *spec->priority >= CRITICAL) || class[0] == 'G')
		return OOM_GUARANTEED;
	if (class[1] == 'e')
		return OOM_BEST_EFFORT;
	int64_t request = oom_request(spec, c);
	int64_t adj = node_memory_bytes > 0
			      ? 1000 - (int64_t)((__int128)1000 * request / node_memory_bytes)
			      : 1000;
	if (adj < 1000 + OOM_GUARANTEED)
		return 1000 + OOM_GUARANTEED;
	return adj == OOM_BEST_EFFORT ? OOM_BEST_EFFORT - 1 : (int)adj;
}

void qos_resources(const struct core_v1_pod_spec *spec, const struct core_v1_container *c,
		   int64_t node_memory_bytes, struct container_resources *out)
{
	int64_t request = resource_amount(&c->resources.requests, "cpu");
	int64_t limit = resource_amount(&c->resources.limits, "cpu");
	int64_t memory = resource_amount(&c->resources.limits, "memory");
	*out = (struct container_resources){
		.cpu_shares_milli =
			request || find(&c->resources.requests, "cpu") ? request : limit,
		.cpu_limit_milli = limit ? limit : own_amount(spec, true, "cpu"),
		.memory_limit_bytes = memory ? memory : own_amount(spec, true, "memory"),
		.oom_score_adj = qos_oom_score_adj(spec, c, node_memory_bytes),
	};
}

int64_t qos_pod_request(const struct core_v1_pod_spec *spec, const char *name)
{
	int64_t own = own_amount(spec, false, name);
	return (own ? own : containers_request(spec, name)) +
	       resource_amount(&spec->overhead, name);
}

/* The sum of all limits, the largest init container's if that is more; 0 when one container has none. */
static int64_t pod_limit(const struct core_v1_pod_spec *spec, const char *name)
{
	int64_t sum = 0, sidecars = 0, largest = 0, own = own_amount(spec, true, name);
	if (own)
		return own;
	for (size_t i = 0; i < spec->containers.n; i++) {
		int64_t one = resource_amount(&spec->containers.items[i].resources.limits, name);
		if (!one)
			return 0;
		sum += one;
	}
	for (size_t i = 0; i < spec->init_containers.n; i++) {
		const struct core_v1_container *c = &spec->init_containers.items[i];
		int64_t one = resource_amount(&c->resources.limits, name);
		if (!one)
			return 0;
		if (str_eqz(c->restart_policy, "Always"))
			sidecars += one;
		else
			largest = one + sidecars > largest ? one + sidecars : largest;
	}
	sum += sidecars;
	return sum > largest ? sum : largest;
}

void qos_pod_resources(const struct core_v1_pod_spec *spec, struct container_resources *out)
{
	*out = (struct container_resources){
		.cpu_shares_milli = qos_pod_request(spec, "cpu"),
		.cpu_limit_milli = pod_limit(spec, "cpu"),
		.memory_limit_bytes = pod_limit(spec, "memory"),
	};
}
