/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/device_parts.h"

#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/volume_parts.h"
#include "base/mem.h"

#define SELECTORS_MAX          32
#define EXPRESSION_MAX_BYTES   (10 * 1024)
#define PARAMETERS_MAX_BYTES   (10 * 1024)
#define IDENTIFIER_MAX_BYTES   32
#define POOL_NAME_MAX_BYTES    253
#define BINDING_CONDITIONS_MAX 4

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* Lists whose generated rule prints the whole item. */
static const char *type_of_items(const char *list)
{
	static const char *const types[][2] = {
		{ "requests", "resource/v1.DeviceRequest" },
		{ "firstAvailable", "resource/v1.DeviceSubRequest" },
		{ "reservedFor", "resource/v1.ResourceClaimConsumerReference" },
		{ "sharedCounters", "resource/v1.CounterSet" },
		{ "consumesCounters", "resource/v1.DeviceCounterConsumption" },
	};
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (!strcmp(list, types[i][0]))
			return types[i][1];
	return NULL;
}

static void duplicate(struct check *c, const char *list, const json_t *item, struct str key)
{
	const char *type = json_is_object(item) && c->declared ? type_of_items(list) : NULL;
	if (type)
		check_duplicate_typed(c, type, item);
	else
		check_duplicate_text(c, NULL, key);
}

static void check_unique(struct check *c, const char *name, const json_t *list, const char *key)
{
	struct map seen = { 0 };
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		struct str value = *key ? field(item, key) : tree_str(item);
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, value))
			duplicate(c, name, item, value);
		check_out(c, at);
	}
	map_free(&seen, NULL);
}

void check_set(struct check *c, const json_t *of, const char *name, size_t max, const char *key,
	       bool declared, check_item check, void *ctx)
{
	const json_t *list = json_object_get(of, name);
	size_t was = check_in(c, name), i, n = json_array_size(list);
	bool outer = c->declared;
	json_t *item;
	if (max && n > max) {
		c->declared = outer || declared;
		check_too_many(c, NULL, n, max);
		c->declared = outer;
		check_out(c, was);
		return;
	}
	if (key && declared) {
		c->declared = true;
		check_unique(c, name, list, key);
		c->declared = outer;
	}
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(c, i);
		check(c, item, ctx);
		check_out(c, at);
	}
	if (key && !declared)
		check_unique(c, name, list, key);
	check_out(c, was);
}

static void check_selector(struct check *c, const json_t *selector, void *ctx)
{
	const json_t *cel = json_object_get(selector, "cel");
	(void)ctx;
	if (!cel)
		check_required(c, "cel", "%s", "");
	else if (field(cel, "expression").n > EXPRESSION_MAX_BYTES)
		check_too_long(c, "cel.expression", EXPRESSION_MAX_BYTES);
}

void check_device_selectors(struct check *c, const json_t *of)
{
	check_set(c, of, "selectors", SELECTORS_MAX, NULL, true, check_selector, NULL);
}

static void check_parameters_of(struct check *c, const json_t *opaque)
{
	const json_t *parameters = json_object_get(opaque, "parameters");
	char *text = parameters ? json_dumps(parameters, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	if (!parameters || json_is_null(parameters))
		check_required(c, "parameters", "%s", "");
	else if (strlen(text) > PARAMETERS_MAX_BYTES)
		check_too_long(c, "parameters", PARAMETERS_MAX_BYTES);
	else if (!json_is_object(parameters))
		check_invalid_text(c, "parameters", STR("<value omitted>"),
				   "must be a valid JSON object");
	free(text);
}

void check_device_configuration(struct check *c, const json_t *config)
{
	const json_t *opaque = json_object_get(config, "opaque");
	size_t was = check_in(c, "opaque");
	if (!opaque) {
		check_required(c, NULL, "%s", "");
	} else {
		CHECK_DECLARED(c, check_csi_driver_name(c, "driver", field(opaque, "driver")));
		check_parameters_of(c, opaque);
	}
	check_out(c, was);
}

static const char *const effects[] = { "NoExecute", "NoSchedule", "None", NULL };

static void check_toleration(struct check *c, const json_t *toleration, void *ctx)
{
	static const char *const operators[] = { "Equal", "Exists", NULL };
	struct str operator= field(toleration, "operator"), value = field(toleration, "value");
	(void)ctx;
	if (field(toleration, "key").n)
		CHECK_DECLARED(c, check_name(c, "key", field(toleration, "key"), name_label_key));
	if (str_eqz(operator, "Exists") && value.n)
		check_invalid_text(c, "value", value, "must be empty for operator `Exists`");
	if (str_eqz(operator, "Equal"))
		check_name(c, "value", value, name_label_value);
	CHECK_DECLARED(c, check_one_of(c, toleration, "operator", operators, true));
	CHECK_DECLARED(c, check_one_of(c, toleration, "effect", effects, false));
}

void check_device_tolerations(struct check *c, const json_t *of)
{
	check_set(c, of, "tolerations", 0, NULL, false, check_toleration, NULL);
}

void check_device_taint(struct check *c, const json_t *taint, void *ctx)
{
	(void)ctx;
	check_name(c, "key", field(taint, "key"), name_label_key);
	if (field(taint, "value").n)
		check_name(c, "value", field(taint, "value"), name_label_value);
	CHECK_DECLARED(c, check_one_of(c, taint, "effect", effects, true));
}

static void check_identifier(struct check *c, const char *child, struct str name)
{
	if (name.n > IDENTIFIER_MAX_BYTES)
		check_too_long(c, child, IDENTIFIER_MAX_BYTES);
	check_name(c, child, name, name_c_identifier);
}

static void check_prefix(struct check *c, const char *child, struct str domain)
{
	struct name_errors e = name_dns_subdomain(domain);
	if (domain.n > 63)
		check_too_long(c, child, 63);
	for (size_t i = 0; i < e.n; i++)
		check_invalid_text(c, child, domain, "prefix: %s", e.text[i]);
}

void check_qualified_device_name(struct check *c, const char *child, struct str name, bool full)
{
	size_t slash = str_find(name, '/');
	struct str domain = str_of(name.p, slash),
		   id = slash < name.n ? str_of(name.p + slash + 1, name.n - slash - 1) : STR("");
	if (slash == name.n) {
		check_identifier(c, child, name);
		if (full)
			check_invalid_text(c, child, name,
					   "a fully qualified name must be a domain and a name "
					   "separated by a slash");
		return;
	}
	if (domain.n == 0)
		check_invalid_text(c, child, domain,
				   full ? "prefix must not be empty"
					: "the domain must not be empty");
	else if (full)
		check_prefix(c, child, domain);
	else
		check_csi_driver_name(c, child, domain);
	if (id.n == 0)
		check_invalid_text(c, child, id,
				   full ? "name must not be empty" : "the name must not be empty");
	else if (str_find(id, '/') == id.n)
		check_identifier(c, child, id);
}

void check_pool_name(struct check *c, const char *child, struct str name)
{
	struct str rest = name;
	if (name.n == 0)
		check_required(c, child, "%s", "");
	if (name.n > POOL_NAME_MAX_BYTES)
		check_too_long(c, child, POOL_NAME_MAX_BYTES);
	for (bool more = name.n > 0; more;) {
		size_t slash = str_find(rest, '/');
		check_name(c, child, str_of(rest.p, slash), name_dns_subdomain);
		more = slash < rest.n;
		rest = more ? str_of(rest.p + slash + 1, rest.n - slash - 1) : rest;
	}
}

static void check_condition(struct check *c, const json_t *condition, void *ctx)
{
	(void)ctx;
	check_name(c, NULL, tree_str(condition), name_label_key);
}

static void check_overlap(struct check *c, const json_t *failures, const struct map *names)
{
	size_t was = check_in(c, "bindingFailureConditions"), i;
	json_t *condition;
	json_array_foreach (failures, i, condition) {
		size_t at = check_in_index(c, i);
		if (map_get(names, tree_str(condition)))
			check_invalid(c, NULL, condition,
				      "bindingFailureConditions must not overlap with "
				      "bindingConditions");
		check_out(c, at);
	}
	check_out(c, was);
}

void check_binding_conditions(struct check *c, const json_t *of)
{
	const json_t *list = json_object_get(of, "bindingConditions"),
		     *failures = json_object_get(of, "bindingFailureConditions");
	struct map names = { 0 };
	size_t i;
	json_t *condition;
	check_set(c, of, "bindingConditions", BINDING_CONDITIONS_MAX, "", false, check_condition,
		  NULL);
	check_set(c, of, "bindingFailureConditions", BINDING_CONDITIONS_MAX, "", false,
		  check_condition, NULL);
	json_array_foreach (list, i, condition)
		map_put(&names, tree_str(condition), &names);
	check_overlap(c, failures, &names);
	if (json_array_size(list) == 0 && json_array_size(failures))
		check_invalid(c, "bindingConditions", list,
			      "bindingConditions are required to use bindingFailureConditions");
	if (json_array_size(failures) == 0 && json_array_size(list))
		check_invalid(c, "bindingFailureConditions", failures,
			      "bindingFailureConditions are required to use bindingConditions");
	map_free(&names, NULL);
}
