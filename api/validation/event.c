/* SPDX-License-Identifier: Apache-2.0 */
/* Events under both of their names: the core group's old rules hold for both, events.k8s.io adds its own. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/metadata.h"
#include "base/mem.h"

struct names { /* fields that the two versions call differently */
	const char *object, *controller, *message, *first, *last, *count, *source;
};
static const struct names core = { "involvedObject", "reportingComponent", "message",
				   "firstTimestamp", "lastTimestamp",      "count",
				   "source" };
static const struct names modern = { "regarding",
				     "reportingController",
				     "note",
				     "deprecatedFirstTimestamp",
				     "deprecatedLastTimestamp",
				     "deprecatedCount",
				     "deprecatedSource" };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_limit(struct check *c, const json_t *event, const char *name, size_t max)
{
	if (field(event, name).n > max)
		check_invalid_text(c, name, STR(""), "can have at most %zu characters", max);
}

static void check_required_text(struct check *c, const json_t *event, const char *name, size_t max)
{
	if (field(event, name).n == 0)
		check_required(c, name, "%s", "");
	check_limit(c, event, name, max);
}

static void check_old_namespace(struct check *c, const json_t *event, struct str of_object)
{
	struct str ns = meta_namespace(event);
	bool fine = of_object.n ? str_eq(ns, of_object) : ns.n == 0 || str_eqz(ns, "default");
	if (!fine)
		check_invalid_text(c, "involvedObject.namespace", of_object,
				   "does not match event.namespace");
}

static void check_new(struct check *c, const json_t *event, const struct names *n,
		      struct str of_object)
{
	struct str ns = meta_namespace(event);
	if (of_object.n == 0 && !str_eqz(ns, "default") && !str_eqz(ns, "kube-system"))
		check_invalid_text(c, "involvedObject.namespace", of_object,
				   "does not match event.namespace");
	if (field(event, n->controller).n == 0)
		check_required(c, n->controller, "%s", "");
	check_name(c, n->controller, field(event, n->controller), name_label_key);
	check_required_text(c, event, "reportingInstance", 128);
	check_required_text(c, event, "action", 128);
	check_required_text(c, event, "reason", 128);
	check_limit(c, event, n->message, 1024);
}

static void check_legacy(struct check *c, const json_t *event, const struct names *n)
{
	struct str of_object = tree_get_str(event, n->object, "namespace", NULL);
	if (field(event, "eventTime").n == 0)
		check_old_namespace(c, event, of_object);
	else
		check_new(c, event, n, of_object);
}

void validate_core_event(struct check *c, const json_t *event)
{
	check_legacy(c, event, &core);
}

void validate_core_event_update(struct check *c, const json_t *new, const json_t *old)
{
	(void)old;
	check_legacy(c, new, &core);
}

static void check_series(struct check *c, const json_t *event)
{
	const json_t *series = json_object_get(event, "series");
	if (!series)
		return;
	if (json_integer_value(json_object_get(series, "count")) < 2)
		check_invalid_text(c, "series.count", STR(""), "should be at least 2");
	if (field(series, "lastObservedTime").n == 0)
		check_required(c, "series.lastObservedTime", "%s", "");
}

static void check_unset(struct check *c, const json_t *event, const char *name, const char *shown)
{
	const json_t *value = json_object_get(event, name);
	if (!shape_empty(value) && !(json_is_integer(value) && json_integer_value(value) == 0))
		check_invalid_text(c, shown, STR(""), "needs to be unset");
}

void validate_event(struct check *c, const json_t *event)
{
	struct str type = field(event, "type");
	check_legacy(c, event, &modern);
	bool general = c->general; /* said again, by stricter rules */
	c->general = false;
	check_metadata(c, event, true, name_dns_subdomain);
	c->general = general;
	check_series(c, event);
	if (field(event, "eventTime").n == 0)
		check_required(c, "eventTime", "%s", "");
	if (!str_eqz(type, "Normal") && !str_eqz(type, "Warning"))
		check_invalid_text(c, "type", STR(""), "has invalid value: %.*s", STR_ARG(type));
	check_unset(c, event, modern.first, core.first);
	check_unset(c, event, modern.last, core.last);
	check_unset(c, event, modern.count, core.count);
	check_unset(c, event, modern.source, core.source);
}

/* Fields that stay as they are, by upstream's names of them, with the type of what is printed; "": a text. */
static const struct {
	const char *field, *shown, *type;
} fixed[] = {
	{ "regarding", "involvedObject", "core/v1.ObjectReference" },
	{ "reason", NULL, "" },
	{ "note", "message", "" },
	{ "deprecatedSource", "source", "core/v1.EventSource" },
	{ "deprecatedFirstTimestamp", "firstTimestamp", NULL },
	{ "deprecatedLastTimestamp", "lastTimestamp", NULL },
	{ "deprecatedCount", "count", NULL },
	{ "type", NULL, "" },
	{ "eventTime", NULL, NULL },
	{ "action", NULL, "" },
	{ "related", NULL, "core/v1.ObjectReference" },
	{ "reportingController", NULL, "" },
	{ "reportingInstance", NULL, "" },
};

void validate_event_update(struct check *c, const json_t *new, const json_t *old)
{
	check_legacy(c, new, &modern);
	if (!shape_equal(json_object_get(new, "series"), json_object_get(old, "series")))
		check_series(c, new);
	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		const json_t *a = json_object_get(new, fixed[i].field),
			     *b = json_object_get(old, fixed[i].field);
		const char *shown = fixed[i].shown ? fixed[i].shown : fixed[i].field;
		bool pointer = !strcmp(fixed[i].field, "related") && !a;
		if (fixed[i].type && !*fixed[i].type)
			check_immutable_text(c, shown, a, b);
		else if (!fixed[i].type || pointer)
			check_immutable(c, shown, a, b);
		else if (!(shape_empty(a) && shape_empty(b)) && !shape_equal(a, b))
			check_invalid_internal(c, shown, fixed[i].type, a, "field is immutable");
	}
}
