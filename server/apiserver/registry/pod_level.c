/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/pod_level.h"

#include <string.h>

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/admission/amount_map.h"

static bool is_pages(const char *resource)
{
	return strncmp(resource, "hugepages-", 10) == 0;
}

static bool is_shared(const char *resource) /* more of it may be promised than there is */
{
	return !strcmp(resource, "cpu") || !strcmp(resource, "memory");
}

/* What the containers need together. */
static json_t *together_new(const json_t *spec, const char *what)
{
	json_t *pod = json_pack("{s:{}}", "spec"), *bare = json_object_get(pod, "spec");
	static const char *const lists[] = { "containers", "initContainers" };
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (json_object_get(spec, lists[i]))
			json_object_set(bare, lists[i], json_object_get(spec, lists[i]));
	json_t *sum = pod_amounts_new(pod, what, 0);
	json_decref(pod);
	return sum;
}

static void put_absent(json_t *map, const char *name, json_t *amount)
{
	if (!json_object_get(map, name))
		json_object_set(map, name, amount);
}

static bool each_limits(const json_t *spec, const char *resource)
{
	static const char *const lists[] = { "containers", "initContainers",
					     "ephemeralContainers" };
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		const json_t *list = json_object_get(spec, lists[l]);
		for (size_t i = 0; i < json_array_size(list); i++)
			if (!tree_get(json_array_get(list, i), "resources", "limits", resource,
				      NULL))
				return false;
	}
	return true;
}

/* No lower than the request, so that both go together. */
static void limits_from_containers(const json_t *spec, const json_t *requests, json_t *limits,
				   const json_t *sum)
{
	const char *name;
	json_t *request;
	json_object_foreach ((json_t *)requests, name, request) {
		struct quantity asked, limit;
		if ((!is_shared(name) && !is_pages(name)) || json_object_get(limits, name) ||
		    !each_limits(spec, name) || !amount_get(sum, name, &limit))
			continue;
		bool more = amount_get(requests, name, &asked) && quantity_cmp(asked, limit) > 0;
		json_object_set(limits, name, more ? request : json_object_get(sum, name));
	}
}

static void keep_if_any(json_t *resources, const char *what, json_t *map)
{
	if (json_object_size(map))
		json_object_set(resources, what, map);
	json_decref(map);
}

static json_t *map_of(const json_t *resources, const char *what)
{
	json_t *map = json_object_get(resources, what);
	return map ? json_copy(map) : json_object();
}

void pod_level_default(json_t *spec)
{
	json_t *resources = json_object_get(spec, "resources"), *amount;
	json_t *requests = map_of(resources, "requests"), *limits = map_of(resources, "limits");
	json_t *asked = together_new(spec, "requests"), *limited = together_new(spec, "limits");
	const char *name;
	if (json_object_size(requests) + json_object_size(limits) > 0) {
		json_object_foreach (limited, name, amount)
			if (is_pages(name) && !json_object_get(requests, name))
				put_absent(limits, name, amount);
		json_object_foreach (asked, name, amount)
			if (is_shared(name))
				put_absent(requests, name, amount);
		json_object_foreach (limits, name, amount)
			if (is_shared(name) || is_pages(name))
				put_absent(requests, name, amount);
		limits_from_containers(spec, requests, limits, limited);
		resources = json_copy(resources);
		keep_if_any(resources, "requests", json_incref(requests));
		keep_if_any(resources, "limits", json_incref(limits));
		json_object_set_new(spec, "resources", resources);
	}
	json_decref(requests);
	json_decref(limits);
	json_decref(asked);
	json_decref(limited);
}
