/* SPDX-License-Identifier: Apache-2.0 */
/* Printers for values anywhere, the table of all printers, and the cells of custom resources. */
#include "api/table/printer.h"

#include <jansson.h>

#include "api/object/view_path.h"
#include "api/selector/selector.h"
#include "api/table/printer_cells.h"
#include "api/values/duration.h"
#include "base/clock.h"
#include "base/mem.h"

/* ---- what printers share ---- */

void cell_puts(struct cell *c, const char *text)
{
	buf_puts(&c->text, text);
}

void cell_raw(struct cell *c, const char *json)
{
	buf_puts(&c->text, json);
	c->raw = true;
}

void cell_int(struct cell *c, int64_t v)
{
	buf_i64(&c->text, v);
	c->raw = true;
}

bool cell_time(struct at time, int64_t *out_s)
{
	auto_buf text = { 0 };
	int64_t us;
	at_text(time, &text);
	if (text.n == 0 || !time_parse(buf_view(&text), &us))
		return false;
	*out_s = us / 1000000;
	return true;
}

static void add_human(struct cell *c, int64_t seconds)
{
	char text[DURATION_TEXT_MAX];
	buf_add(&c->text, text, duration_human(seconds, text));
}

void cell_age_of(struct cell *c, struct at time, const char *absent)
{
	int64_t s;
	if (cell_time(time, &s))
		add_human(c, c->now_s - s);
	else
		cell_puts(c, absent);
}

void cell_or(struct cell *c, struct at value, const char *absent)
{
	if (at_empty(value))
		cell_puts(c, absent);
	else
		at_text(value, &c->text);
}

void cell_more(struct cell *c, size_t total, size_t shown)
{
	if (total > shown)
		buf_printf(&c->text, " + %zu more...", total - shown);
}

static int by_text(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

void cell_sorted_set(struct cell *c, struct str *items, size_t n, const char *sep)
{
	if (n)
		qsort(items, n, sizeof(*items), by_text);
	for (size_t i = 0; i < n; i++) {
		if (i && str_eq(items[i - 1], items[i]))
			continue;
		cell_puts(c, i ? sep : "");
		buf_str(&c->text, items[i]);
	}
}

struct at cell_find(struct at list, const char *field, const char *value)
{
	AT_EACH(list, it)
	if (at_eq(at_get(it, field), value))
		return it;
	return (struct at){ 0 };
}

bool cell_has_condition(struct at conditions, const char *type, const char *status)
{
	return at_eq(at_get(cell_find(conditions, "type", type), "status"), status);
}

/* ---- values anywhere ---- */

static const char *absent_or(const struct cell *c, const char *text)
{
	return c->column->absent ? c->column->absent : text;
}

static void cell_text(struct cell *c)
{
	cell_or(c, c->value, absent_or(c, ""));
}

static void cell_integer(struct cell *c)
{
	const char *absent = absent_or(c, "0");
	int64_t number;
	if (at_type(c->value) == READ_NUMBER)
		cell_int(c, at_int(c->value, 0));
	else if (str_to_i64(str_from(absent), &number))
		cell_int(c, number);
	else
		cell_puts(c, absent);
}

static void cell_bool(struct cell *c)
{
	if (at_type(c->value) == READ_BOOL)
		cell_raw(c, at_true(c->value) ? "true" : "false");
	else
		cell_raw(c, absent_or(c, "false"));
}

static void cell_len(struct cell *c)
{
	cell_int(c, (int64_t)at_count(c->value));
}

static void cell_age(struct cell *c)
{
	cell_age_of(c, c->value, absent_or(c, "<unknown>"));
}

static void cell_rfc3339(struct cell *c)
{
	at_text(c->value, &c->text);
}

static void cell_seconds(struct cell *c)
{
	if (at_type(c->value) == READ_NUMBER)
		add_human(c, at_int(c->value, 0));
	else
		cell_puts(c, absent_or(c, ""));
}

static void join_field(struct cell *c, const char *field)
{
	const char *sep = "";
	AT_EACH(c->value, it)
	{
		cell_puts(c, sep);
		at_text(field ? at_get(it, field) : it, &c->text);
		sep = ",";
	}
}

static void cell_join(struct cell *c)
{
	if (at_count(c->value) == 0)
		cell_puts(c, absent_or(c, ""));
	join_field(c, NULL);
}

static void cell_names(struct cell *c)
{
	join_field(c, "name");
}

static void cell_images(struct cell *c)
{
	join_field(c, "image");
}

static void cell_labels(struct cell *c)
{
	size_t n = at_count(c->value), i = 0;
	auto_free struct str *pairs = mem_alloc((n + 1) * sizeof(*pairs));
	auto_free struct buf *texts = mem_zalloc((n + 1) * sizeof(*texts));
	AT_EACH(c->value, it)
	{
		buf_str(&texts[i], at_key(it));
		buf_putc(&texts[i], '=');
		at_text(it, &texts[i]);
		pairs[i] = buf_view(&texts[i]);
		i++;
	}
	if (n == 0)
		cell_puts(c, "<none>");
	cell_sorted_set(c, pairs, n, ",");
	while (i)
		buf_free(&texts[--i]);
}

/* A label selector as query text. */
static void print_selector(struct cell *c, const char *empty, const char *broken)
{
	struct str raw = at_raw(c->value);
	struct selector *s = NULL;
	json_t *tree = raw.n ? json_loadb(raw.p, raw.n, JSON_DECODE_ANY, NULL) : NULL;
	int r = tree ? selector_from_json(tree, &s, NULL) : 0;
	if (r < 0)
		cell_puts(c, broken);
	else if (!s)
		cell_puts(c, empty);
	else
		selector_format(s, &c->text);
	selector_free(s);
	json_decref(tree);
}

static void cell_selector(struct cell *c)
{
	print_selector(c, "<none>", "<error>");
}

static void cell_deployments_selector(struct cell *c)
{
	c->value = at_path(c->root, "spec.selector");
	print_selector(c, "", "<invalid>");
}

static const struct {
	const char *name;
	cell_fn fn;
} printers[] = {
	{ "age", cell_age },
	{ "apiservices.available", cell_apiservices_available },
	{ "apiservices.service", cell_apiservices_service },
	{ "bool", cell_bool },
	{ "certificatesigningrequests.condition", cell_certificatesigningrequests_condition },
	{ "clusterrolebindings.groups", cell_bindings_groups },
	{ "clusterrolebindings.role", cell_bindings_role },
	{ "clusterrolebindings.serviceaccounts", cell_bindings_serviceaccounts },
	{ "clusterrolebindings.users", cell_bindings_users },
	{ "componentstatuses.error", cell_componentstatuses_error },
	{ "componentstatuses.message", cell_componentstatuses_message },
	{ "componentstatuses.status", cell_componentstatuses_status },
	{ "configmaps.data", cell_configmaps_data },
	{ "controllerrevisions.controller", cell_controllerrevisions_controller },
	{ "cronjobs.suspend", cell_cronjobs_suspend },
	{ "csidrivers.tokenrequests", cell_csidrivers_tokenrequests },
	{ "customresourcedefinitions.established", cell_crds_established },
	{ "customresourcedefinitions.versions", cell_crds_versions },
	{ "deployments.ready", cell_ready_of_replicas },
	{ "deployments.selector", cell_deployments_selector },
	{ "endpoints.endpoints", cell_endpoints_endpoints },
	{ "endpointslices.endpoints", cell_endpointslices_endpoints },
	{ "endpointslices.ports", cell_endpointslices_ports },
	{ "events.count", cell_events_count },
	{ "events.first_seen", cell_events_first_seen },
	{ "events.last_seen", cell_events_last_seen },
	{ "events.message", cell_events_message },
	{ "events.object", cell_events_object },
	{ "events.source", cell_events_source },
	{ "flowschemas.missingpl", cell_flowschemas_missingpl },
	{ "horizontalpodautoscalers.reference", cell_hpa_reference },
	{ "horizontalpodautoscalers.targets", cell_hpa_targets },
	{ "images", cell_images },
	{ "ingressclasses.name", cell_ingressclasses_name },
	{ "ingressclasses.parameters", cell_ingressclasses_parameters },
	{ "ingresses.hosts", cell_ingresses_hosts },
	{ "ingresses.ports", cell_ingresses_ports },
	{ "int", cell_integer },
	{ "ipaddresses.parentref", cell_ipaddresses_parentref },
	{ "jobs.completions", cell_jobs_completions },
	{ "jobs.duration", cell_jobs_duration },
	{ "jobs.status", cell_jobs_status },
	{ "join", cell_join },
	{ "labels", cell_labels },
	{ "len", cell_len },
	{ "load_balancer", cell_load_balancer },
	{ "modes", cell_access_modes },
	{ "mutatingadmissionpolicies.paramkind", cell_policies_paramkind },
	{ "mutatingadmissionpolicybindings.paramref", cell_policybindings_paramref },
	{ "names", cell_names },
	{ "nodes.external_ip", cell_nodes_external_ip },
	{ "nodes.internal_ip", cell_nodes_internal_ip },
	{ "nodes.kernel_version", cell_nodes_kernel_version },
	{ "nodes.roles", cell_nodes_roles },
	{ "nodes.status", cell_nodes_status },
	{ "persistentvolumeclaims.access_modes", cell_persistentvolumeclaims_access_modes },
	{ "persistentvolumeclaims.capacity", cell_persistentvolumeclaims_capacity },
	{ "persistentvolumeclaims.status", cell_volumes_status },
	{ "persistentvolumeclaims.storageclass", cell_volumes_storageclass },
	{ "persistentvolumes.claim", cell_persistentvolumes_claim },
	{ "persistentvolumes.status", cell_volumes_status },
	{ "persistentvolumes.storageclass", cell_volumes_storageclass },
	{ "podcertificaterequests.state", cell_podcertificaterequests_state },
	{ "podmetrics.cpu", cell_podmetrics_cpu },
	{ "podmetrics.memory", cell_podmetrics_memory },
	{ "pods.readiness_gates", cell_pods_readiness_gates },
	{ "pods.ready", cell_pods_ready },
	{ "pods.restarts", cell_pods_restarts },
	{ "pods.status", cell_pods_status },
	{ "resourceclaims.state", cell_resourceclaims_state },
	{ "resourcequotas.limit", cell_resourcequotas_limit },
	{ "resourcequotas.request", cell_resourcequotas_request },
	{ "rfc3339", cell_rfc3339 },
	{ "rolebindings.groups", cell_bindings_groups },
	{ "rolebindings.role", cell_bindings_role },
	{ "rolebindings.serviceaccounts", cell_bindings_serviceaccounts },
	{ "rolebindings.users", cell_bindings_users },
	{ "seconds", cell_seconds },
	{ "selector", cell_selector },
	{ "services.external_ip", cell_services_external_ip },
	{ "services.port_s", cell_services_ports },
	{ "statefulsets.ready", cell_ready_of_replicas },
	{ "storageclasses.name", cell_storageclasses_name },
	{ "storageversionmigrations.resource", cell_migrations_resource },
	{ "storageversionmigrations.status", cell_migrations_status },
	{ "text", cell_text },
	{ "validatingadmissionpolicies.paramkind", cell_policies_paramkind },
	{ "validatingadmissionpolicybindings.paramref", cell_policybindings_paramref },
};

static cell_fn find_printer(const char *name)
{
	for (size_t lo = 0, hi = COUNT_OF(printers); lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int order = strcmp(name, printers[mid].name);
		if (order == 0)
			return printers[mid].fn;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool cell_exists(const char *name)
{
	return find_printer(name) != NULL;
}

/* ---- custom resources ---- */

static void custom_number(struct cell *c, bool integer)
{
	struct str raw = at_raw(c->value);
	bool whole = !memchr(raw.p ? raw.p : "", '.', raw.n);
	if (at_type(c->value) != READ_NUMBER) {
		cell_raw(c, "null");
	} else if (integer && !whole) {
		cell_int(c, (int64_t)strtod(raw.p, NULL));
	} else {
		buf_str(&c->text, raw);
		c->raw = true;
	}
}

/* As upstream's cellForJSONValue: what is not of the column's type is null. */
static void cell_custom(struct cell *c)
{
	struct str type = str_from(c->column->type);
	bool null = at_type(c->value) == READ_NOTHING || at_type(c->value) == READ_NULL;
	if (null)
		cell_raw(c, "null");
	else if (str_eq(type, STR("integer")) || str_eq(type, STR("number")))
		custom_number(c, str_eq(type, STR("integer")));
	else if (str_eq(type, STR("boolean")))
		cell_raw(c, at_type(c->value) == READ_BOOL ? at_true(c->value) ? "true" : "false"
							   : "null");
	else if (str_eq(type, STR("date")))
		cell_age_of(c, c->value, "<unknown>");
	else
		at_text(c->value, &c->text);
}

void cell_print(struct cell *c, struct buf *out)
{
	buf_reset(&c->text);
	c->raw = false;
	c->value = c->column->path ? view_path(c->root, c->column->path) : (struct at){ 0 };
	cell_fn print = c->column->cell ? find_printer(c->column->cell) : NULL;
	if (print)
		print(c);
	else if (c->custom)
		cell_custom(c);
	else
		cell_text(c);
	if (c->raw)
		buf_str(out, buf_view(&c->text));
	else
		buf_json_string(out, c->text.n ? buf_view(&c->text) : STR(""));
}
