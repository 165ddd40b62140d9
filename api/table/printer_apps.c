/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of workloads and autoscalers. */
#include "api/table/printer_cells.h"
#include "api/values/duration.h"

void cell_ready_of_replicas(struct cell *c)
{
	buf_printf(&c->text, "%lld/%lld",
		   (long long)at_int(at_path(c->root, "status.readyReplicas"), 0),
		   (long long)at_int(at_path(c->root, "spec.replicas"), 0));
}

void cell_jobs_status(struct cell *c)
{
	static const char *const types[][2] = { { "Complete", "Complete" },
						{ "Failed", "Failed" },
						{ NULL, "Terminating" },
						{ "Suspended", "Suspended" },
						{ "FailureTarget", "FailureTarget" },
						{ "SuccessCriteriaMet", "SuccessCriteriaMet" } };
	struct at conditions = at_path(c->root, "status.conditions");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		bool holds = types[i][0]
				     ? cell_has_condition(conditions, types[i][0], "True")
				     : !at_empty(at_path(c->root, "metadata.deletionTimestamp"));
		if (holds) {
			cell_puts(c, types[i][1]);
			return;
		}
	}
	cell_puts(c, "Running");
}

void cell_jobs_completions(struct cell *c)
{
	struct at completions = at_path(c->root, "spec.completions");
	long long done = at_int(at_path(c->root, "status.succeeded"), 0);
	long long parallelism = at_int(at_path(c->root, "spec.parallelism"), 0);
	if (at_type(completions) == READ_NUMBER)
		buf_printf(&c->text, "%lld/%lld", done, (long long)at_int(completions, 0));
	else if (parallelism > 1)
		buf_printf(&c->text, "%lld/1 of %lld", done, parallelism);
	else
		buf_printf(&c->text, "%lld/1", done);
}

void cell_jobs_duration(struct cell *c)
{
	int64_t start, end;
	char text[DURATION_TEXT_MAX];
	if (!cell_time(at_path(c->root, "status.startTime"), &start))
		return;
	if (!cell_time(at_path(c->root, "status.completionTime"), &end))
		end = c->now_s;
	buf_add(&c->text, text, duration_human(end - start, text));
}

void cell_cronjobs_suspend(struct cell *c)
{
	struct at suspend = at_path(c->root, "spec.suspend");
	cell_puts(c, at_type(suspend) != READ_BOOL ? "<unset>"
		     : at_true(suspend)            ? "True"
						   : "False");
}

static void add_lower(struct cell *c, struct at value)
{
	size_t from = c->text.n;
	at_text(value, &c->text);
	for (size_t i = from; i < c->text.n; i++)
		if (c->text.p[i] >= 'A' && c->text.p[i] <= 'Z')
			c->text.p[i] = (char)(c->text.p[i] + 32);
}

static void add_group_of(struct cell *c, struct at api_version)
{
	auto_buf text = { 0 };
	at_text(api_version, &text);
	size_t slash = str_find(buf_view(&text), '/');
	if (slash < text.n)
		buf_printf(&c->text, ".%.*s", (int)slash, text.p);
}

void cell_controllerrevisions_controller(struct cell *c)
{
	AT_EACH(at_path(c->root, "metadata.ownerReferences"), it)
	{
		if (!at_true(at_get(it, "controller")))
			continue;
		add_lower(c, at_get(it, "kind"));
		add_group_of(c, at_get(it, "apiVersion"));
		cell_puts(c, "/");
		at_text(at_get(it, "name"), &c->text);
		return;
	}
	cell_puts(c, "<none>");
}

/* ---- horizontal pod autoscalers ---- */

void cell_hpa_reference(struct cell *c)
{
	struct at target = at_path(c->root, "spec.scaleTargetRef");
	at_text(at_get(target, "kind"), &c->text);
	cell_puts(c, "/");
	at_text(at_get(target, "name"), &c->text);
}

/* "current/target", a missing current value is <unknown> */
static void add_pair(struct cell *c, struct at current, struct at target)
{
	cell_or(c, current, "<unknown>");
	cell_puts(c, "/");
	at_text(target, &c->text);
}

static void external_metric(struct cell *c, struct at spec, struct at current)
{
	struct at target = at_get(spec, "target"), average = at_get(target, "averageValue");
	struct at now = at_get(current, "current");
	if (average.v) {
		add_pair(c, at_get(now, "averageValue"), average);
		cell_puts(c, " (avg)");
	} else {
		add_pair(c, at_get(now, "value"), at_get(target, "value"));
	}
}

static void pods_metric(struct cell *c, struct at spec, struct at current)
{
	add_pair(c, at_path(current, "current.averageValue"), at_path(spec, "target.averageValue"));
}

static void resource_metric(struct cell *c, struct at spec, struct at current)
{
	struct at average = at_path(spec, "target.averageValue");
	struct at used = at_path(current, "current.averageUtilization"),
		  wanted = at_path(spec, "target.averageUtilization");
	at_text(at_get(spec, "name"), &c->text);
	cell_puts(c, ": ");
	if (average.v) {
		add_pair(c, at_path(current, "current.averageValue"), average);
		return;
	}
	cell_or(c, used, "<unknown>");
	cell_puts(c, used.v ? "%/" : "/");
	cell_or(c, wanted, "<auto>");
	cell_puts(c, wanted.v ? "%" : "");
}

static const struct {
	const char *type, *field;
	void (*print)(struct cell *c, struct at spec, struct at current);
} metrics[] = {
	{ "External", "external", external_metric },
	{ "Object", "object", external_metric },
	{ "Pods", "pods", pods_metric },
	{ "Resource", "resource", resource_metric },
	{ "ContainerResource", "containerResource", resource_metric },
};

static void add_metric(struct cell *c, struct at spec, struct at current)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		if (at_eq(at_get(spec, "type"), metrics[i].type)) {
			metrics[i].print(c, at_get(spec, metrics[i].field),
					 at_get(current, metrics[i].field));
			return;
		}
	cell_puts(c, "<unknown type>");
}

/* autoscaling/v1 knows the processor only */
static void cpu_target(struct cell *c, struct at target)
{
	struct at current = at_path(c->root, "status.currentCPUUtilizationPercentage");
	cell_puts(c, "cpu: ");
	cell_or(c, current, "<unknown>");
	cell_puts(c, current.v ? "%/" : "/");
	at_text(target, &c->text);
	cell_puts(c, "%");
}

void cell_hpa_targets(struct cell *c)
{
	struct at list = at_path(c->root, "spec.metrics"),
		  current = at_path(c->root, "status.currentMetrics");
	struct at cpu = at_path(c->root, "spec.targetCPUUtilizationPercentage");
	size_t i = 0;
	AT_EACH(list, it)
	{
		if (i < 2) {
			cell_puts(c, i ? ", " : "");
			add_metric(c, it, at_item(current, i));
		}
		i++;
	}
	cell_more(c, i, 2);
	if (i == 0 && cpu.v)
		cpu_target(c, cpu);
	else if (i == 0)
		cell_puts(c, "<none>");
}
