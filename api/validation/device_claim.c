/* SPDX-License-Identifier: Apache-2.0 */
/* ResourceClaims, their templates, DeviceClasses. */
#include "api/object/meta.h"
#include "api/validation/device_parts.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/metadata.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_parts.h"
#include "base/mem.h"

#define REQUESTS_MAX    32
#define CONSTRAINTS_MAX 32
#define CONFIGS_MAX     32
#define CHOICES_MAX     8
#define RESERVED_MAX    256
#define RESULTS_MAX     32

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- requests ---- */

static void check_allocation_mode(struct check *c, const json_t *request)
{
	static const char *const modes[] = { "All", "ExactCount", NULL };
	CHECK_DECLARED(c, check_known(c, request, "allocationMode", modes));
}

static void check_mode_and_count(struct check *c, const json_t *request)
{
	struct str mode = field(request, "allocationMode");
	int64_t count = tree_int(json_object_get(request, "count"), 0);
	if (str_eqz(mode, "All") && count)
		check_invalid_number(c, "count", count,
				     "must not be specified when allocationMode is 'All'");
	else if (str_eqz(mode, "ExactCount") && count <= 0)
		check_invalid_number(c, "count", count, "must be greater than zero");
	check_allocation_mode(c, request);
}

static void check_device_class_name(struct check *c, const json_t *request)
{
	check_required_name(c, "deviceClassName", field(request, "deviceClassName"),
			    name_dns_subdomain);
}

static void check_choice(struct check *c, const json_t *choice, void *ctx)
{
	(void)ctx;
	check_name(c, "name", field(choice, "name"), name_dns_label);
	CHECK_DECLARED(c, check_device_class_name(c, choice));
	check_device_selectors(c, choice);
	check_mode_and_count(c, choice);
	check_device_tolerations(c, choice);
}

/* What the types themselves demand of a choice. */
static void check_choice_declared(struct check *c, const json_t *choice, void *ctx)
{
	(void)ctx;
	CHECK_DECLARED(c, check_device_class_name(c, choice));
	check_allocation_mode(c, choice);
}

/* Both ways to ask: neither is looked at further than the types themselves demand it. */
static void check_request_twice(struct check *c, const json_t *request)
{
	size_t was = check_in(c, "exactly");
	check_allocation_mode(c, json_object_get(request, "exactly"));
	check_out(c, was);
	check_set(c, request, "firstAvailable", CHOICES_MAX, "name", true, check_choice_declared,
		  NULL);
}

static void check_request(struct check *c, const json_t *request, void *ctx)
{
	static const char one[] = "exactly one of `exactly` or `firstAvailable` is required";
	const json_t *choices = json_object_get(request, "firstAvailable"),
		     *exactly = json_object_get(request, "exactly");
	(void)ctx;
	check_name(c, "name", field(request, "name"), name_dns_label);
	if (json_array_size(choices) && exactly) {
		check_invalid(c, NULL, NULL, "%s, but multiple fields are set", one);
		check_request_twice(c, request);
	} else if (json_array_size(choices)) {
		check_set(c, request, "firstAvailable", CHOICES_MAX, "name", true, check_choice,
			  NULL);
	} else if (exactly) {
		size_t was = check_in(c, "exactly");
		check_device_class_name(c, exactly);
		check_device_selectors(c, exactly);
		check_mode_and_count(c, exactly);
		check_device_tolerations(c, exactly);
		check_out(c, was);
	} else {
		check_required(c, NULL, "%s", one);
	}
}

/* ---- names of requests ---- */

static void names_collect(struct map *names, const json_t *devices)
{
	size_t i, k;
	json_t *request, *choice;
	json_array_foreach (json_object_get(devices, "requests"), i, request) {
		struct str name = field(request, "name");
		map_put(names, name, names);
		json_array_foreach (json_object_get(request, "firstAvailable"), k, choice) {
			auto_buf full = { 0 };
			buf_printf(&full, "%.*s/%.*s", STR_ARG(name),
				   STR_ARG(field(choice, "name")));
			map_put(names, buf_view(&full), names);
		}
	}
}

static void check_request_ref(struct check *c, const char *child, struct str name,
			      const struct map *names)
{
	static const char wanted[] = "must be the name of a request in the claim or the name of a "
				     "request and a subrequest separated by '/'";
	size_t slash = str_find(name, '/');
	struct str sub = slash < name.n ? str_of(name.p + slash + 1, name.n - slash - 1) : STR("");
	if (str_find(sub, '/') < sub.n) {
		check_invalid_text(c, child, name, "%s", wanted);
		return;
	}
	check_name(c, child, str_of(name.p, slash), name_dns_label);
	if (slash < name.n)
		check_name(c, child, sub, name_dns_label);
	if (!map_get(names, name))
		check_invalid_text(c, child, name, "%s", wanted);
}

static void check_ref_item(struct check *c, const json_t *name, void *names)
{
	check_request_ref(c, NULL, tree_str(name), names);
}

static void check_constraint(struct check *c, const json_t *constraint, void *names)
{
	const json_t *match = json_object_get(constraint, "matchAttribute"),
		     *distinct = json_object_get(constraint, "distinctAttribute");
	check_set(c, constraint, "requests", REQUESTS_MAX, "", true, check_ref_item, names);
	if (match)
		CHECK_DECLARED(c, check_qualified_device_name(c, "matchAttribute", tree_str(match),
							      true));
	if (distinct)
		CHECK_DECLARED(c, check_qualified_device_name(c, "distinctAttribute",
							      tree_str(distinct), true));
	if (!match && !distinct)
		check_required(c, NULL,
			       "exactly one of \"matchAttribute\" or \"distinctAttribute\" is "
			       "required, but multiple fields are set");
}

static void check_claim_config(struct check *c, const json_t *config, void *names)
{
	check_set(c, config, "requests", REQUESTS_MAX, "", true, check_ref_item, names);
	check_device_configuration(c, config);
}

void check_device_claim_spec(struct check *c, const json_t *spec)
{
	const json_t *devices = json_object_get(spec, "devices");
	struct map names = { 0 };
	size_t was = check_in(c, "devices");
	names_collect(&names, devices);
	check_set(c, devices, "requests", REQUESTS_MAX, "name", true, check_request, NULL);
	check_set(c, devices, "constraints", CONSTRAINTS_MAX, NULL, true, check_constraint, &names);
	check_set(c, devices, "config", CONFIGS_MAX, NULL, true, check_claim_config, &names);
	check_out(c, was);
	map_free(&names, NULL);
}

/* ---- claims ---- */

void validate_device_claim(struct check *c, const json_t *claim)
{
	size_t was = check_in(c, "spec");
	check_device_claim_spec(c, json_object_get(claim, "spec"));
	check_out(c, was);
}

void validate_device_claim_update(struct check *c, const json_t *new, const json_t *old)
{
	CHECK_DECLARED(c, check_fixed(c, "spec", new, old));
}

static void check_consumer(struct check *c, const json_t *consumer, void *ctx)
{
	static const char *const fields[] = { "resource", "name", "uid" };
	(void)ctx;
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (field(consumer, fields[i]).n == 0)
			check_required(c, fields[i], "%s", "");
}

static void check_result(struct check *c, const json_t *result, void *names)
{
	check_request_ref(c, "request", field(result, "request"), names);
	CHECK_DECLARED(c, check_csi_driver_name(c, "driver", field(result, "driver")));
	CHECK_DECLARED(c, check_pool_name(c, "pool", field(result, "pool")));
	check_name(c, "device", field(result, "device"), name_dns_label);
	check_binding_conditions(c, result);
	check_device_tolerations(c, result);
}

static void check_allocated_config(struct check *c, const json_t *config, void *names)
{
	static const char *const sources[] = { "FromClaim", "FromClass", NULL };
	CHECK_DECLARED(c, check_one_of(c, config, "source", sources, true));
	check_claim_config(c, config, names);
}

static void check_allocation(struct check *c, const json_t *allocation, const json_t *claim)
{
	const json_t *devices = json_object_get(allocation, "devices");
	struct map names = { 0 };
	size_t was = check_in(c, "allocation.devices");
	names_collect(&names, tree_get(claim, "spec", "devices", NULL));
	check_set(c, devices, "results", RESULTS_MAX, NULL, true, check_result, &names);
	check_set(c, devices, "config", 2 * CONFIGS_MAX, NULL, true, check_allocated_config,
		  &names);
	check_out(c, was);
	was = check_in(c, "allocation.nodeSelector");
	if (json_object_get(allocation, "nodeSelector"))
		check_node_selector(c, json_object_get(allocation, "nodeSelector"));
	check_out(c, was);
	map_free(&names, NULL);
}

static bool consumers_added(const json_t *new, const json_t *old)
{
	size_t i, k;
	json_t *a, *b;
	json_array_foreach ((json_t *)new, i, a) {
		bool known = false;
		json_array_foreach ((json_t *)old, k, b)
			known = known || shape_equal(a, b);
		if (!known)
			return true;
	}
	return false;
}

static void check_reserved(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *status = json_object_get(new, "status"),
		     *reserved = json_object_get(status, "reservedFor");
	if (json_array_size(reserved) == 0)
		return;
	if (!json_object_get(status, "allocation"))
		check_forbidden(c, "reservedFor",
				"may not be specified when `allocated` is not set");
	else if (meta_deletion(new).n &&
		 consumers_added(reserved, tree_get(old, "status", "reservedFor", NULL)))
		check_forbidden(c, "reservedFor",
				"new entries may not be added while `deallocationRequested` or "
				"`deletionTimestamp` are set");
}

void validate_device_claim_status(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *status = json_object_get(new, "status"),
		     *before = json_object_get(old, "status"),
		     *allocation = json_object_get(status, "allocation");
	size_t was = check_in(c, "status");
	check_set(c, status, "reservedFor", RESERVED_MAX, "uid", true, check_consumer, NULL);
	check_reserved(c, new, old);
	if (allocation && json_object_get(before, "allocation"))
		CHECK_DECLARED(c, check_fixed(c, "allocation", status, before));
	else if (allocation)
		check_allocation(c, allocation, new);
	check_out(c, was);
}

/* ---- templates ---- */

void validate_device_claim_template(struct check *c, const json_t *template)
{
	const json_t *spec = json_object_get(template, "spec"),
		     *metadata = json_object_get(spec, "metadata");
	size_t was = check_in(c, "spec");
	check_template_metadata(c, metadata);
	check_in(c, "spec");
	check_device_claim_spec(c, json_object_get(spec, "spec"));
	check_out(c, was);
}

void validate_device_claim_template_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "spec"), *b = json_object_get(old, "spec");
	if (!shape_equal(a, b))
		check_invalid_internal(c, "spec", "resource/v1.ResourceClaimTemplateSpec", a,
				       "field is immutable");
}

/* ---- classes ---- */

static void check_class_config(struct check *c, const json_t *config, void *ctx)
{
	(void)ctx;
	check_device_configuration(c, config);
}

static void check_extended_resource(struct check *c, struct str name)
{
	const char *child = "extendedResourceName";
	auto_buf quota = { 0 };
	if (str_find(name, '/') == name.n)
		check_invalid_text(c, child, name,
				   "a name must be a domain-prefixed path, such as "
				   "'example.com/my-prop'");
	else if (str_contains(name, STR("kubernetes.io/")))
		check_invalid_text(c, child, name, "must not have \"kubernetes.io/\" domain");
	if (str_starts(name, STR("requests.")))
		check_invalid_text(c, child, name, "must not have \"requests.\" prefix");
	buf_printf(&quota, "requests.%.*s", STR_ARG(name));
	struct name_errors e = name_label_key(buf_view(&quota));
	for (size_t i = 0; i < e.n; i++)
		check_invalid_text(c, child, name, "%s", e.text[i]);
}

void validate_device_class(struct check *c, const json_t *class)
{
	const json_t *spec = json_object_get(class, "spec"),
		     *name = json_object_get(spec, "extendedResourceName");
	size_t was = check_in(c, "spec");
	check_device_selectors(c, spec);
	check_set(c, spec, "config", CONFIGS_MAX, NULL, true, check_class_config, NULL);
	if (name)
		CHECK_DECLARED(c, check_extended_resource(c, tree_str(name)));
	check_out(c, was);
}
