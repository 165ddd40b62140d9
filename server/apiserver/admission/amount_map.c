/* SPDX-License-Identifier: Apache-2.0 */
/* Follows upstream's component-helpers/resource (helpers.go): PodRequests and PodLimits. */
#include "server/apiserver/admission/amount_map.h"

#include <stdlib.h>

#include "api/object/meta.h"
#include "base/mem.h"

bool amount_get(const json_t *map, const char *name, struct quantity *out)
{
	const json_t *v = json_object_get(map, name);
	return json_is_string(v) && quantity_parse(tree_str(v), out, NULL) == 0;
}

void amount_put(json_t *map, const char *name, struct quantity q)
{
	char text[QUANTITY_TEXT_MAX];
	size_t n = quantity_text(q, text);
	json_object_set_new(map, name, json_stringn(text, n));
}

void amount_map_add(json_t *to, const json_t *from)
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)from, name, value) {
		struct quantity have, more;
		if (!amount_get(from, name, &more))
			continue;
		if (amount_get(to, name, &have))
			amount_put(to, name, quantity_add(have, more));
		else
			json_object_set(to, name, value);
	}
}

void amount_map_max(json_t *to, const json_t *from)
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)from, name, value) {
		struct quantity have, other;
		if (amount_get(from, name, &other) &&
		    (!amount_get(to, name, &have) || quantity_cmp(other, have) > 0))
			json_object_set(to, name, value);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *amount_text(const json_t *v, char out[QUANTITY_TEXT_MAX])
{
	struct quantity q;
	if (json_is_string(v) && quantity_parse(tree_str(v), &q, NULL) == 0) {
		quantity_text(q, out);
		return out;
	}
	return "0";
}

static size_t sorted(const json_t *map, const json_t *only, const char ***names)
{
	const char *name;
	json_t *value;
	size_t n = 0;
	*names = mem_alloc((json_object_size(map) + 1) * sizeof(**names));
	json_object_foreach ((json_t *)map, name, value)
		if (!only || json_object_get(only, name))
			(*names)[n++] = name;
	qsort(*names, n, sizeof(**names), by_text);
	return n;
}

void amount_map_names(const json_t *map, struct buf *out)
{
	const char **names;
	size_t n = sorted(map, NULL, &names);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", i ? "," : "", names[i]);
	free(names);
}

void amount_map_text(const json_t *map, const json_t *only, struct buf *out)
{
	char text[QUANTITY_TEXT_MAX];
	const char **names;
	size_t n = sorted(map, only, &names);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s=%s", i ? "," : "", names[i],
			   amount_text(json_object_get(map, names[i]), text));
	free(names);
}

static const json_t *status_of(const json_t *pod, const char *list, const json_t *container)
{
	const json_t *statuses = tree_get(pod, "status", list, NULL);
	size_t i;
	json_t *status;
	json_array_foreach ((json_t *)statuses, i, status)
		if (json_equal(json_object_get(status, "name"), json_object_get(container, "name")))
			return status;
	return NULL;
}

static json_t *container_amounts_new(const json_t *pod, const char *statuses,
				     const json_t *container, const char *what, unsigned flags)
{
	json_t *sum = json_object();
	amount_map_add(sum, tree_get(container, "resources", what, NULL));
	if (flags & AMOUNT_STATUS) {
		const json_t *status = status_of(pod, statuses, container);
		amount_map_max(sum, tree_get(status, "resources", what, NULL));
		if (!strcmp(what, "requests"))
			amount_map_max(sum, json_object_get(status, "allocatedResources"));
	}
	return sum;
}

static bool is_sidecar(const json_t *container)
{
	return str_eqz(tree_get_str(container, "restartPolicy", NULL), "Always");
}

/* An init container runs beside the sidecars that were started before it. */
static void add_init(json_t *sum, const json_t *pod, const char *what, unsigned flags)
{
	json_t *sidecars = json_object(), *peak = json_object(), *container;
	size_t i;
	json_array_foreach (tree_get(pod, "spec", "initContainers", NULL), i, container) {
		json_t *own =
			container_amounts_new(pod, "initContainerStatuses", container, what, flags);
		if (is_sidecar(container)) {
			amount_map_add(sum, own);
			amount_map_add(sidecars, own);
			amount_map_max(peak, sidecars);
		} else {
			amount_map_add(own, sidecars);
			amount_map_max(peak, own);
		}
		json_decref(own);
	}
	amount_map_max(sum, peak);
	json_decref(sidecars);
	json_decref(peak);
}

static void take_pod_level(json_t *sum, const json_t *pod, const char *what)
{
	const json_t *own = tree_get(pod, "spec", "resources", what, NULL);
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)own, name, value)
		if (!strcmp(name, "cpu") || !strcmp(name, "memory") ||
		    !strncmp(name, "hugepages-", 10))
			json_object_set(sum, name, value);
}

/* Overhead counts as a limit only where there is one already. */
static void add_overhead(json_t *sum, const json_t *pod, const char *what)
{
	const json_t *overhead = tree_get(pod, "spec", "overhead", NULL);
	bool limits = !strcmp(what, "limits");
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)overhead, name, value) {
		struct quantity have = { 0 }, more;
		bool there = amount_get(sum, name, &have);
		if (!amount_get(overhead, name, &more) ||
		    (limits && (!there || quantity_is_zero(have))))
			continue;
		amount_put(sum, name, there ? quantity_add(have, more) : more);
	}
}

json_t *pod_amounts_new(const json_t *pod, const char *what, unsigned flags)
{
	json_t *sum = json_object(), *container;
	size_t i;
	json_array_foreach (tree_get(pod, "spec", "containers", NULL), i, container) {
		json_t *own =
			container_amounts_new(pod, "containerStatuses", container, what, flags);
		amount_map_add(sum, own);
		json_decref(own);
	}
	add_init(sum, pod, what, flags);
	take_pod_level(sum, pod, what);
	if (flags & AMOUNT_OVERHEAD)
		add_overhead(sum, pod, what);
	return sum;
}
