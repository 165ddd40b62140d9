/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/autoscaling/samples.h"

#include <jansson.h>

#include "api/object/meta.h"
#include "api/values/duration.h"
#include "api/values/quantity.h"
#include "base/clock.h"

#define WINDOW_FALLBACK_US (60 * 1000000LL) /* as metrics-server's */

static bool read_quantity(const json_t *v, struct quantity *out)
{
	return json_is_string(v) &&
	       quantity_parse(str_of(json_string_value(v), json_string_length(v)), out, NULL) == 0;
}

static bool read_milli(const json_t *v, int64_t *out)
{
	struct quantity q;
	if (!read_quantity(v, &q))
		return false;
	*out = quantity_milli(q);
	return true;
}

static int64_t read_time(const json_t *item)
{
	int64_t us = 0;
	time_parse(tree_get_str(item, "timestamp", NULL), &us);
	return us;
}

/* Of one container, or the sum of all. False: unknown. */
static bool usage_of(const json_t *containers, struct str resource, struct str container,
		     int64_t *out)
{
	size_t i;
	json_t *c;
	bool any = false;
	*out = 0;
	json_array_foreach (containers, i, c) {
		struct quantity one;
		bool is_it = str_eq(tree_get_str(c, "name", NULL), container);
		if (container.n && !is_it)
			continue;
		if (!read_quantity(json_object_getn(json_object_get(c, "usage"), resource.p,
						    resource.n),
				   &one))
			return false;
		*out = quantity_milli(quantity_add(quantity_from_milli(*out, one.format), one));
		any = true;
		if (is_it)
			break;
	}
	return any;
}

static void add(struct samples *out, struct arena *a, struct str pod, struct pod_sample sample)
{
	sample.pod = arena_str(a, pod);
	out->items[out->n++] = sample;
}

/* The items of a list. NULL: it is none, or empty. */
static json_t *items_of(json_t *tree, struct arena *a, struct samples *out)
{
	json_t *items = json_object_get(tree, "items");
	size_t n = json_array_size(items);
	*out = (struct samples){ .items = ARENA_ARRAY(a, struct pod_sample, n + 1) };
	return n ? items : NULL;
}

const char *samples_of_resource(struct str body, struct str resource, struct str container,
				struct arena *a, struct samples *out)
{
	json_t *tree = json_loadb(body.p, body.n, 0, NULL), *items = items_of(tree, a, out), *m;
	size_t i;
	json_array_foreach (items, i, m) {
		struct pod_sample s = { .at_us = read_time(m) };
		int64_t ns = 0;
		if (duration_parse(tree_get_str(m, "window", NULL), &ns))
			s.window_us = ns / 1000;
		if (usage_of(json_object_get(m, "containers"), resource, container, &s.milli))
			add(out, a, tree_get_str(m, "metadata", "name", NULL), s);
	}
	json_decref(tree);
	return items ? NULL : "no metrics returned from resource metrics API";
}

const char *samples_of_custom(struct str body, struct arena *a, struct samples *out)
{
	json_t *tree = json_loadb(body.p, body.n, 0, NULL), *items = items_of(tree, a, out), *m;
	size_t i;
	json_array_foreach (items, i, m) {
		const json_t *window = json_object_get(m, "windowSeconds");
		struct pod_sample s = { .at_us = read_time(m),
					.window_us = json_is_integer(window)
							     ? json_integer_value(window) * 1000000
							     : WINDOW_FALLBACK_US };
		if (read_milli(json_object_get(m, "value"), &s.milli))
			add(out, a, tree_get_str(m, "describedObject", "name", NULL), s);
	}
	json_decref(tree);
	return items ? NULL : "no metrics returned from custom metrics API";
}

const char *samples_of_external(struct str body, struct arena *a, struct samples *out)
{
	json_t *tree = json_loadb(body.p, body.n, 0, NULL), *items = items_of(tree, a, out), *m;
	size_t i;
	json_array_foreach (items, i, m) {
		struct pod_sample s = { .at_us = read_time(m) };
		if (read_milli(json_object_get(m, "value"), &s.milli))
			add(out, a, STR(""), s);
	}
	json_decref(tree);
	return items ? NULL : "no metrics returned from external metrics API";
}
