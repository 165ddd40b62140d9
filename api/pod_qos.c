/* SPDX-License-Identifier: Apache-2.0 */
#include "api/pod_qos.h"

#include "api/object/meta.h"
#include "api/values/quantity.h"
#include "base/mem.h"

enum { CPU, MEMORY, KINDS };
static const char *const kind_names[KINDS] = { "cpu", "memory" };

struct sums {
	struct quantity requests[KINDS], limits[KINDS];
	bool has_request[KINDS], has_limit[KINDS];
	bool each_limited; /* every container limits both */
};

static bool positive(const json_t *list, int kind, struct quantity *out)
{
	struct str text = tree_get_str(list, kind_names[kind], NULL);
	return text.n && quantity_parse(text, out, NULL) == 0 && out->nano > 0;
}

static void container_add(struct sums *s, const json_t *container)
{
	const json_t *resources = json_object_get(container, "resources");
	struct quantity q;
	for (int k = 0; k < KINDS; k++) {
		if (positive(json_object_get(resources, "requests"), k, &q)) {
			s->requests[k] = quantity_add(s->requests[k], q);
			s->has_request[k] = true;
		}
		if (positive(json_object_get(resources, "limits"), k, &q)) {
			s->limits[k] = quantity_add(s->limits[k], q);
			s->has_limit[k] = true;
		} else {
			s->each_limited = false;
		}
	}
}

static bool guaranteed(const struct sums *s)
{
	for (int k = 0; k < KINDS; k++)
		if (!s->has_request[k] || !s->has_limit[k] ||
		    quantity_cmp(s->requests[k], s->limits[k]))
			return false;
	return s->each_limited;
}

const char *pod_qos(const json_t *spec)
{
	static const char *const lists[] = { "containers", "initContainers" };
	struct sums s = { .each_limited = true };
	if (json_object_size(json_object_get(spec, "resources"))) {
		container_add(&s, spec); /* pod-level resources speak for the pod */
	} else {
		for (size_t l = 0; l < COUNT_OF(lists); l++) {
			const json_t *list = json_object_get(spec, lists[l]);
			for (size_t i = 0; i < json_array_size(list); i++)
				container_add(&s, json_array_get(list, i));
		}
	}
	if (!s.has_request[CPU] && !s.has_request[MEMORY] && !s.has_limit[CPU] &&
	    !s.has_limit[MEMORY])
		return "BestEffort";
	return guaranteed(&s) ? "Guaranteed" : "Burstable";
}
