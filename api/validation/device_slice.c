/* SPDX-License-Identifier: Apache-2.0 */
/* ResourceSlices: the devices that drivers offer. */
#include "api/object/meta.h"
#include "api/validation/device_parts.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_parts.h"
#include "api/values/quantity.h"
#include "base/mem.h"

#define DEVICES_MAX          128
#define DEVICES_MAX_ADVANCED 64
#define COUNTER_SETS_MAX     8
#define COUNTERS_MAX         32
#define CONSUMED_SETS_MAX    2
#define ATTRIBUTES_MAX       32
#define VALUES_MAX           48
#define VALUE_MAX_BYTES      64
#define TAINTS_MAX           16

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- where it is ---- */

struct chosen {
	struct buf names;
	size_t n;
};

static void choose(struct chosen *chosen, const char *name)
{
	buf_printf(&chosen->names, "%s`%s`", chosen->n++ ? ", " : "{", name);
}

static void check_true(struct check *c, const json_t *of, const char *name, struct chosen *chosen)
{
	const json_t *value = json_object_get(of, name);
	if (json_is_true(value))
		choose(chosen, name);
	else if (value)
		check_invalid(c, name, value, "must be either unset or set to true");
}

static void check_node_name_of(struct check *c, const json_t *of, const char *empty,
			       struct chosen *chosen)
{
	const json_t *name = json_object_get(of, "nodeName");
	if (name && tree_str(name).n) {
		choose(chosen, "nodeName");
		check_name(c, "nodeName", tree_str(name), name_dns_subdomain);
	} else if (name) {
		check_invalid(c, "nodeName", name, "%s", empty);
	}
}

static void check_selector_of(struct check *c, const json_t *of, bool one, struct chosen *chosen)
{
	const json_t *selector = json_object_get(of, "nodeSelector"),
		     *terms = json_object_get(selector, "nodeSelectorTerms");
	if (!selector)
		return;
	choose(chosen, "nodeSelector");
	size_t was = check_in(c, "nodeSelector");
	check_node_selector(c, selector);
	if (one && json_array_size(terms) != 1)
		check_invalid(c, "nodeSelectorTerms", terms,
			      "must have exactly one node selector term");
	check_out(c, was);
}

static void check_chosen(struct check *c, struct chosen *chosen, const char *wanted,
			 const char *too_many)
{
	if (chosen->n == 0)
		check_required(c, NULL, "%s", wanted);
	buf_putc(&chosen->names, '}');
	if (chosen->n > 1)
		check_invalid_text(c, NULL, buf_view(&chosen->names), "%s%s", wanted, too_many);
	buf_free(&chosen->names);
}

static void check_place(struct check *c, const json_t *spec)
{
	struct chosen chosen = { 0 };
	check_node_name_of(c, spec, "must be either unset or set to a non-empty string", &chosen);
	check_selector_of(c, spec, true, &chosen);
	check_true(c, spec, "allNodes", &chosen);
	check_true(c, spec, "perDeviceNodeSelection", &chosen);
	check_chosen(c, &chosen,
		     "exactly one of `nodeName`, `nodeSelector`, `allNodes`, "
		     "`perDeviceNodeSelection` is required",
		     ", but multiple fields are set");
}

static void check_device_place(struct check *c, const json_t *device, bool per_device)
{
	struct chosen chosen = { 0 };
	if (!per_device) {
		if (json_object_get(device, "nodeName") ||
		    json_object_get(device, "nodeSelector") || json_object_get(device, "allNodes"))
			check_invalid(c, NULL, NULL,
				      "`nodeName`, `nodeSelector` and `allNodes` can only be set "
				      "if `perDeviceNodeSelection` is set to true in the "
				      "ResourceSlice spec");
		return;
	}
	check_node_name_of(c, device, "must not be empty", &chosen);
	check_selector_of(c, device, false, &chosen);
	check_true(c, device, "allNodes", &chosen);
	check_chosen(c, &chosen,
		     "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when "
		     "`perDeviceNodeSelection` is set to true in the ResourceSlice spec",
		     "");
}

/* ---- what it is ---- */

static const char *digits_end(const char *p, const char *end)
{
	const char *from = p;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p == from || (*from == '0' && p > from + 1) ? NULL : p;
}

/* One or more dot-separated words of letters, digits and hyphens; numbers in `numeric` ones have no zero in front. */
static const char *words_end(const char *p, const char *end, bool numeric)
{
	for (;;) {
		const char *from = p;
		bool number = true;
		for (; p < end && (*p == '-' || (*p >= '0' && *p <= '9') ||
				   (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'));
		     p++)
			number = number && *p >= '0' && *p <= '9';
		if (p == from || (numeric && number && *from == '0' && p > from + 1))
			return NULL;
		if (p == end || *p != '.')
			return p;
		p++;
	}
}

static bool is_semver(struct str text)
{
	const char *p = text.p, *end = text.p + text.n;
	for (int i = 0; i < 3 && p; i++) {
		p = digits_end(p, end);
		if (p && i < 2)
			p = p < end && *p == '.' ? p + 1 : NULL;
	}
	if (p && p < end && *p == '-')
		p = words_end(p + 1, end, true);
	if (p && p < end && *p == '+')
		p = words_end(p + 1, end, false);
	return p == end;
}

static void check_version(struct check *c, const char *child, struct str text)
{
	if (!is_semver(text))
		check_invalid_text(c, child, text,
				   "must be a string compatible with semver.org spec 2.0.0");
	if (text.n > VALUE_MAX_BYTES)
		check_too_long(c, child, VALUE_MAX_BYTES);
}

static void check_list_value(struct check *c, const json_t *attribute, const char *name)
{
	const json_t *list = json_object_get(attribute, name);
	size_t was = check_in(c, name), i;
	json_t *item;
	if (list && json_array_size(list) == 0)
		check_invalid(c, NULL, list, "must not be empty if specified");
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(c, i);
		if (!strcmp(name, "versions"))
			check_version(c, NULL, tree_str(item));
		else if (tree_str(item).n > VALUE_MAX_BYTES)
			CHECK_DECLARED(c, check_too_long(c, NULL, VALUE_MAX_BYTES));
		check_out(c, at);
	}
	check_out(c, was);
}

/* The generated rule of unions names the members that are there. */
static void check_one_value(struct check *c, const json_t *attribute)
{
	static const char *const all[] = { "int",   "bool",    "string",   "version", "ints",
					   "bools", "strings", "versions", NULL };
	auto_buf set = { 0 };
	for (size_t i = 0; all[i]; i++)
		if (json_object_get(attribute, all[i]))
			buf_printf(&set, "%s%s", set.n ? ", " : "{", all[i]);
	buf_putc(&set, '}');
	CHECK_DECLARED(c, check_invalid_text(c, NULL, buf_view(&set),
					     "must specify exactly one of: `int`, `bool`, "
					     "`string`, `version`, `ints`, `bools`, `strings`, "
					     "`versions`"));
}

static void check_attribute(struct check *c, const json_t *attribute)
{
	static const char *const lists[] = { "bools", "ints", "strings", "versions" };
	if (field(attribute, "string").n > VALUE_MAX_BYTES)
		check_too_long(c, "string", VALUE_MAX_BYTES);
	if (json_object_get(attribute, "version"))
		check_version(c, "version", field(attribute, "version"));
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		check_list_value(c, attribute, lists[i]);
	if (json_object_size(attribute) == 0)
		CHECK_DECLARED(c,
			       check_invalid_text(c, NULL, STR(""),
						  "must specify one of: `int`, `bool`, `string`, "
						  "`version`, `ints`, `bools`, `strings`, "
						  "`versions`"));
	else if (json_object_size(attribute) > 1)
		check_one_value(c, attribute);
}

static size_t values_of(const json_t *device)
{
	static const char *const lists[] = { "bools", "ints", "strings", "versions" };
	const char *name;
	json_t *attribute;
	size_t total = 0;
	json_object_foreach (json_object_get(device, "attributes"), name, attribute) {
		size_t n = 0;
		for (size_t i = 0; i < COUNT_OF(lists); i++)
			n += json_array_size(json_object_get(attribute, lists[i]));
		total += n ? n : 1;
	}
	return total;
}

static void check_amounts(struct check *c, const json_t *device)
{
	size_t n = json_object_size(json_object_get(device, "attributes")) +
		   json_object_size(json_object_get(device, "capacity"));
	if (n > ATTRIBUTES_MAX)
		check_invalid_number(c, NULL, (int64_t)n,
				     "the total number of attributes and capacities must not "
				     "exceed %d",
				     ATTRIBUTES_MAX);
	if (values_of(device) > VALUES_MAX)
		check_invalid_number(c, NULL, (int64_t)values_of(device),
				     "the total number of attribute values must not exceed %d",
				     VALUES_MAX);
}

static void check_attributes(struct check *c, const json_t *device)
{
	size_t was = check_in(c, "attributes");
	const char *name;
	json_t *value;
	json_object_foreach (json_object_get(device, "attributes"), name, value) {
		check_qualified_device_name(c, NULL, str_from(name), false);
		size_t at = check_in_key(c, str_from(name));
		check_attribute(c, value);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_capacities(struct check *c, const json_t *device)
{
	bool shared = json_is_true(json_object_get(device, "allowMultipleAllocations"));
	size_t was = check_in(c, "capacity");
	const char *name;
	json_t *capacity;
	json_object_foreach (json_object_get(device, "capacity"), name, capacity) {
		const json_t *policy = json_object_get(capacity, "requestPolicy");
		check_qualified_device_name(c, NULL, str_from(name), false);
		size_t at = check_in_key(c, str_from(name));
		if (policy && !shared)
			check_forbidden(c, "requestPolicy",
					"allowMultipleAllocations must be true");
		else if (json_array_size(json_object_get(policy, "validValues")) &&
			 json_object_get(policy, "validRange"))
			check_forbidden(c, "requestPolicy",
					"exactly one policy can be specified, cannot specify "
					"\"validValues\" and \"validRange\" at the same time");
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_counters(struct check *c, const json_t *of, const char *set)
{
	const json_t *counters = json_object_get(of, "counters");
	const char *name;
	json_t *counter;
	CHECK_DECLARED(c, check_required_name(c, set, field(of, set), name_dns_label));
	size_t was = check_in(c, "counters");
	if (json_object_size(counters) == 0)
		CHECK_DECLARED(c, check_required(c, NULL, "%s", ""));
	if (json_object_size(counters) > COUNTERS_MAX)
		check_too_many(c, NULL, json_object_size(counters), COUNTERS_MAX);
	else
		json_object_foreach ((json_t *)counters, name, counter)
			CHECK_DECLARED(c, check_name(c, NULL, str_from(name), name_dns_label));
	check_out(c, was);
}

static void check_counter_set(struct check *c, const json_t *set, void *ctx)
{
	(void)ctx;
	check_counters(c, set, "name");
}

static void check_consumption(struct check *c, const json_t *consumption, void *ctx)
{
	(void)ctx;
	check_counters(c, consumption, "counterSet");
}

static void check_device(struct check *c, const json_t *device, void *ctx)
{
	const bool *per_device = ctx;
	check_name(c, "name", field(device, "name"), name_dns_label);
	check_amounts(c, device);
	check_attributes(c, device);
	check_capacities(c, device);
	check_set(c, device, "consumesCounters", CONSUMED_SETS_MAX, "counterSet", true,
		  check_consumption, NULL);
	check_set(c, device, "taints", TAINTS_MAX, NULL, false, check_device_taint, NULL);
	check_device_place(c, device, *per_device);
	check_binding_conditions(c, device);
}

/* ---- slices ---- */

static size_t most_devices(const json_t *spec)
{
	static const char *const lists[] = { "bools", "ints", "strings", "versions" };
	size_t i;
	json_t *device, *attribute;
	const char *name;
	json_array_foreach (json_object_get(spec, "devices"), i, device) {
		if (json_array_size(json_object_get(device, "taints")) ||
		    json_array_size(json_object_get(device, "consumesCounters")))
			return DEVICES_MAX_ADVANCED;
		json_object_foreach (json_object_get(device, "attributes"), name, attribute)
			for (size_t k = 0; k < COUNT_OF(lists); k++)
				if (json_object_get(attribute, lists[k]))
					return DEVICES_MAX_ADVANCED;
	}
	return DEVICES_MAX;
}

static void check_pool(struct check *c, const json_t *pool)
{
	int64_t count = tree_int(json_object_get(pool, "resourceSliceCount"), 0),
		generation = tree_int(json_object_get(pool, "generation"), 0);
	size_t was = check_in(c, "pool");
	check_pool_name(c, "name", field(pool, "name"));
	if (count <= 0)
		check_invalid_number(c, "resourceSliceCount", count, "must be greater than zero");
	if (generation < 0)
		check_invalid_number(c, "generation", generation,
				     "must be greater than or equal to zero");
	check_out(c, was);
}

static void check_slice(struct check *c, const json_t *spec, const json_t *old)
{
	bool per_device = json_is_true(json_object_get(spec, "perDeviceNodeSelection"));
	check_csi_driver_name(c, "driver", field(spec, "driver"));
	check_pool(c, json_object_get(spec, "pool"));
	if (old) {
		check_immutable_text(c, "pool.name", tree_get(spec, "pool", "name", NULL),
				     tree_get(old, "pool", "name", NULL));
		check_immutable_text(c, "driver", json_object_get(spec, "driver"),
				     json_object_get(old, "driver"));
		check_immutable(c, "nodeName", json_object_get(spec, "nodeName"),
				json_object_get(old, "nodeName"));
	}
	check_place(c, spec);
	if (json_object_get(spec, "sharedCounters") && json_object_get(spec, "devices"))
		check_invalid_text(c, NULL, STR(""),
				   "only one of `sharedCounters` or `devices` is allowed");
	check_set(c, spec, "devices", most_devices(spec), "name", false, check_device, &per_device);
	check_set(c, spec, "sharedCounters", COUNTER_SETS_MAX, "name", true, check_counter_set,
		  NULL);
}

void validate_device_slice(struct check *c, const json_t *slice)
{
	size_t was = check_in(c, "spec");
	check_slice(c, json_object_get(slice, "spec"), NULL);
	check_out(c, was);
}

void validate_device_slice_update(struct check *c, const json_t *new, const json_t *old)
{
	size_t was = check_in(c, "spec");
	check_slice(c, json_object_get(new, "spec"), json_object_get(old, "spec"));
	check_out(c, was);
}
