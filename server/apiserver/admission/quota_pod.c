/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/quota_pod.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/object/meta.h"
#include "api/pod_qos.h"
#include "base/clock.h"
#include "base/mem.h"
#include "server/apiserver/admission/amount_map.h"

#define NAME_BYTES 512

/* A resource of a container under the names that quotas have for it. */
static const struct {
	const char *resource, *request, *plain, *limit;
} computed[] = {
	{ "cpu", "requests.cpu", "cpu", "limits.cpu" },
	{ "memory", "requests.memory", "memory", "limits.memory" },
	{ "ephemeral-storage", "requests.ephemeral-storage", "ephemeral-storage",
	  "limits.ephemeral-storage" },
};

static bool is_extended(const char *resource)
{
	const char *slash = strchr(resource, '/');
	return slash && !strstr(resource, "kubernetes.io/") && strncmp(resource, "requests.", 9);
}

bool quota_pod_name(const char *name)
{
	if (!strcmp(name, "pods") || !strncmp(name, "hugepages-", 10) ||
	    !strncmp(name, "requests.hugepages-", 19))
		return true;
	for (size_t i = 0; i < COUNT_OF(computed); i++)
		if (!strcmp(name, computed[i].request) || !strcmp(name, computed[i].plain) ||
		    !strcmp(name, computed[i].limit))
			return true;
	return !strncmp(name, "requests.", 9) && is_extended(name + 9);
}

bool quota_pod_terminating(const json_t *pod)
{
	return tree_int(tree_get(pod, "spec", "activeDeadlineSeconds", NULL), -1) >= 0;
}

static bool term_crosses(const json_t *term)
{
	return json_array_size(json_object_get(term, "namespaces")) ||
	       json_is_object(json_object_get(term, "namespaceSelector"));
}

static bool crosses_namespaces(const json_t *pod)
{
	static const char *const kinds[] = { "podAffinity", "podAntiAffinity" };
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const json_t *affinity = tree_get(pod, "spec", "affinity", kinds[k], NULL);
		size_t i;
		json_t *term;
		json_array_foreach (tree_get(affinity,
					     "requiredDuringSchedulingIgnoredDuringExecution",
					     NULL),
				    i, term)
			if (term_crosses(term))
				return true;
		json_array_foreach (tree_get(affinity,
					     "preferredDuringSchedulingIgnoredDuringExecution",
					     NULL),
				    i, term)
			if (term_crosses(json_object_get(term, "podAffinityTerm")))
				return true;
	}
	return false;
}

bool quota_pod_in_scope(const json_t *pod, struct str scope)
{
	bool best_effort = !strcmp(pod_qos(json_object_get(pod, "spec")), "BestEffort");
	if (str_eqz(scope, "Terminating"))
		return quota_pod_terminating(pod);
	if (str_eqz(scope, "NotTerminating"))
		return !quota_pod_terminating(pod);
	if (str_eqz(scope, "BestEffort"))
		return best_effort;
	if (str_eqz(scope, "NotBestEffort"))
		return !best_effort;
	return str_eqz(scope, "CrossNamespacePodAffinity") && crosses_namespaces(pod);
}

/* One that has ended takes nothing; nor one whose time to end is over, its node may be lost. */
static bool pod_counts(const json_t *pod, int64_t now_s)
{
	struct str phase = tree_get_str(pod, "status", "phase", NULL);
	int64_t deleted_us, grace;
	if (str_eqz(phase, "Failed") || str_eqz(phase, "Succeeded"))
		return false;
	if (meta_deletion(pod).n == 0 || !meta_grace(pod, &grace) ||
	    !time_parse(meta_deletion(pod), &deleted_us))
		return true;
	return now_s <= deleted_us / 1000000 + grace;
}

static void put(json_t *usage, const char *name, const json_t *amount)
{
	if (amount)
		json_object_set(usage, name, (json_t *)amount);
}

static void put_others(json_t *usage, const json_t *requests)
{
	const char *resource;
	json_t *amount;
	json_object_foreach ((json_t *)requests, resource, amount) {
		char name[NAME_BYTES];
		bool pages = !strncmp(resource, "hugepages-", 10);
		snprintf(name, sizeof(name), "requests.%s", resource);
		if (pages)
			put(usage, resource, amount);
		if (pages || is_extended(resource))
			put(usage, name, amount);
	}
}

static void put_computed(json_t *usage, const json_t *requests, const json_t *limits)
{
	for (size_t i = 0; i < COUNT_OF(computed); i++) {
		put(usage, computed[i].plain, json_object_get(requests, computed[i].resource));
		put(usage, computed[i].request, json_object_get(requests, computed[i].resource));
		put(usage, computed[i].limit, json_object_get(limits, computed[i].resource));
	}
	put_others(usage, requests);
}

void quota_pod_usage(const json_t *pod, int64_t now_s, json_t *usage)
{
	if (!pod_counts(pod, now_s))
		return;
	json_t *requests = pod_amounts_new(pod, "requests", AMOUNT_OVERHEAD | AMOUNT_STATUS),
	       *limits = pod_amounts_new(pod, "limits", AMOUNT_OVERHEAD | AMOUNT_STATUS);
	json_object_set_new(usage, "pods", json_string("1"));
	put_computed(usage, requests, limits);
	json_decref(requests);
	json_decref(limits);
}

/* ---- what containers have to say ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the containers that do not say how much, sorted, each once. */
static size_t silent(const json_t *pod, const char *list, const char *resource, const char ***names)
{
	static const char *const lists[] = { "containers", "initContainers" };
	size_t n = 0, i;
	json_t *container;
	*names = mem_alloc((json_array_size(tree_get(pod, "spec", lists[0], NULL)) +
			    json_array_size(tree_get(pod, "spec", lists[1], NULL)) + 1) *
			   sizeof(**names));
	for (size_t l = 0; l < COUNT_OF(lists); l++)
		json_array_foreach (tree_get(pod, "spec", lists[l], NULL), i, container)
			if (!tree_get(container, "resources", list, resource, NULL))
				(*names)[n++] =
					json_string_value(json_object_get(container, "name"));
	qsort(*names, n, sizeof(**names), by_text);
	return n;
}

static void demand(const json_t *hard, const json_t *pod, const char *name, const char *list,
		   const char *resource, struct buf *out)
{
	const char **names;
	if (!json_object_get(hard, name))
		return;
	size_t n = silent(pod, list, resource, &names);
	for (size_t i = 0; i < n; i++)
		if (i == 0)
			buf_printf(out, "%s%s for: %s", out->n ? "; " : "must specify ", name,
				   names[i]);
		else if (strcmp(names[i], names[i - 1]))
			buf_printf(out, ",%s", names[i]);
	free(names);
}

bool quota_pod_constraints_hold(const json_t *hard, const json_t *pod, struct buf *out)
{
	static const struct {
		const char *name, *list, *resource;
	} demands[] = { /* by name */
			{ "cpu", "requests", "cpu" },
			{ "limits.cpu", "limits", "cpu" },
			{ "limits.memory", "limits", "memory" },
			{ "memory", "requests", "memory" },
			{ "requests.cpu", "requests", "cpu" },
			{ "requests.memory", "requests", "memory" }
	};
	const json_t *own = tree_get(pod, "spec", "resources", NULL);
	if (json_object_size(json_object_get(own, "requests")) ||
	    json_object_size(json_object_get(own, "limits")))
		return true;
	for (size_t i = 0; i < COUNT_OF(demands); i++)
		demand(hard, pod, demands[i].name, demands[i].list, demands[i].resource, out);
	return out->n == 0;
}
