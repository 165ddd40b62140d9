/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/resources.h"
#include "api/values/quantity.h"
#include "base/mem.h"

enum { MAX, MIN, DEFAULT, REQUEST, RATIO, LISTS };
static const char *const lists[LISTS] = { "max", "min", "default", "defaultRequest",
					  "maxLimitRequestRatio" };

struct bounds { /* of one resource */
	bool has[LISTS];
	struct quantity q[LISTS];
	const json_t *shown[LISTS];
};

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static bool is_pod(const json_t *limit)
{
	return str_eqz(field(limit, "type"), "Pod");
}

static void check_type(struct check *c, struct str type)
{
	static const char *const types[] = { "Pod", "Container", "PersistentVolumeClaim", NULL };
	size_t before = check_causes(c);
	check_name(c, "type", type, name_label_key);
	if (!check_failed(c, before) && str_find(type, '/') == type.n && !str_in(type, types))
		check_invalid_text(c, "type", type,
				   "must be a standard limit type or fully qualified");
}

static void check_names(struct check *c, const json_t *limit, const char *list)
{
	bool container = is_pod(limit) || str_eqz(field(limit, "type"), "Container");
	size_t was = check_in(c, list);
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(limit, list), key, value) {
		size_t at = check_in_key(c, str_from(key));
		if (container)
			check_container_resource_name(c, str_from(key));
		else
			check_resource_name(c, str_from(key));
		check_out(c, at);
	}
	check_out(c, was);
}

/* Complains at list[name] that bound `low` is above bound `high`. */
static void check_order(struct check *c, const struct bounds *b, struct str name, int at, int shown,
			int low, int high, const char *fmt)
{
	struct str lower = tree_str(b->shown[low]), upper = tree_str(b->shown[high]);
	if (!b->has[low] || !b->has[high] || quantity_cmp(b->q[low], b->q[high]) <= 0)
		return;
	auto_buf text = { 0 };
	for (; *fmt; fmt++)
		if (*fmt == '<')
			buf_str(&text, lower);
		else if (*fmt == '>')
			buf_str(&text, upper);
		else
			buf_putc(&text, *fmt);
	size_t was = check_in(c, lists[at]);
	check_in_key(c, name);
	check_invalid(c, NULL, b->shown[shown], "%.*s", STR_ARG(buf_view(&text)));
	check_out(c, was);
}

static void check_ratio(struct check *c, const struct bounds *b, struct str name)
{
	char text[QUANTITY_TEXT_MAX];
	if (!b->has[RATIO])
		return;
	size_t n = quantity_text(b->q[RATIO], text), was = check_in(c, lists[RATIO]);
	check_in_key(c, name);
	if (quantity_cmp(b->q[RATIO], quantity_from_i64(1, QUANTITY_DECIMAL_SI)) < 0)
		check_invalid(c, NULL, b->shown[RATIO], "ratio %.*s is less than 1", (int)n, text);
	if (b->has[MIN] && b->has[MAX]) {
		double most = quantity_double(b->q[MAX]) / quantity_double(b->q[MIN]);
		if (quantity_double(b->q[RATIO]) > most)
			check_invalid(c, NULL, b->shown[RATIO],
				      "ratio %.*s is greater than max/min = %f", (int)n, text,
				      most);
	}
	check_out(c, was);
}

static void check_bounds(struct check *c, const json_t *limit, struct str name)
{
	struct bounds b = { 0 };
	for (int i = 0; i < LISTS; i++) {
		b.shown[i] = json_object_getn(json_object_get(limit, lists[i]), name.p, name.n);
		b.has[i] = !(is_pod(limit) && (i == DEFAULT || i == REQUEST)) &&
			   quantity_parse(tree_str(b.shown[i]), &b.q[i], NULL) == 0;
	}
	check_order(c, &b, name, MIN, MIN, MIN, MAX, "min value < is greater than max value >");
	check_order(c, &b, name, REQUEST, REQUEST, MIN, REQUEST,
		    "min value < is greater than default request value >");
	check_order(c, &b, name, REQUEST, REQUEST, REQUEST, MAX,
		    "default request value < is greater than max value >");
	check_order(c, &b, name, REQUEST, REQUEST, REQUEST, DEFAULT,
		    "default request value < is greater than default limit value >");
	check_order(c, &b, name, DEFAULT, MIN, MIN, DEFAULT,
		    "min value < is greater than default value >");
	check_order(c, &b, name, DEFAULT, MAX, DEFAULT, MAX,
		    "default value < is greater than max value >");
	check_ratio(c, &b, name);
}

static void check_all_bounds(struct check *c, const json_t *limit)
{
	struct map seen = { 0 };
	const char *key;
	json_t *value;
	for (int i = 0; i < LISTS; i++)
		json_object_foreach (json_object_get(limit, lists[i]), key, value)
			if (!seen_before(&seen, str_from(key)))
				check_bounds(c, limit, str_from(key));
	map_free(&seen, NULL);
}

static void check_limit(struct check *c, const json_t *limit)
{
	check_names(c, limit, lists[MAX]);
	check_names(c, limit, lists[MIN]);
	for (int i = DEFAULT; i <= REQUEST; i++)
		if (!is_pod(limit))
			check_names(c, limit, lists[i]);
		else if (json_object_size(json_object_get(limit, lists[i])))
			check_forbidden(c, lists[i], "may not be specified when `type` is 'Pod'");
	if (str_eqz(field(limit, "type"), "PersistentVolumeClaim") &&
	    !tree_get(limit, "min", "storage", NULL) && !tree_get(limit, "max", "storage", NULL))
		check_required(c, "limits",
			       "either minimum or maximum storage value is required, but neither "
			       "was provided");
	check_names(c, limit, lists[RATIO]);
	check_all_bounds(c, limit);
}

void validate_limit_range(struct check *c, const json_t *range)
{
	struct map types = { 0 };
	size_t was = check_in(c, "spec.limits"), i;
	json_t *limit;
	json_array_foreach (tree_get(range, "spec", "limits", NULL), i, limit) {
		size_t at = check_in_index(c, i);
		check_type(c, field(limit, "type"));
		if (seen_before(&types, field(limit, "type")))
			check_duplicate_text(c, "type", field(limit, "type"));
		check_limit(c, limit);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&types, NULL);
}
