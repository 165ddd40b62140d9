/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of nodes, services, component statuses, quotas. */
#include "api/table/printer_cells.h"
#include "api/values/quantity.h"
#include "base/mem.h"

void cell_nodes_status(struct cell *c)
{
	struct at ready = cell_find(at_path(c->root, "status.conditions"), "type", "Ready");
	cell_puts(c, !ready.v                                 ? "Unknown"
		     : at_eq(at_get(ready, "status"), "True") ? "Ready"
							      : "NotReady");
	if (at_true(at_path(c->root, "spec.unschedulable")))
		cell_puts(c, ",SchedulingDisabled");
}

void cell_nodes_roles(struct cell *c)
{
	struct at labels = at_path(c->root, "metadata.labels");
	auto_free struct str *roles = mem_alloc((at_count(labels) + 1) * sizeof(*roles));
	size_t n = 0;
	AT_EACH(labels, it)
	{
		struct str key = at_key(it), raw = at_raw(it);
		if (str_cut_prefix(&key, STR("node-role.kubernetes.io/"))) {
			if (key.n)
				roles[n++] = key;
		} else if (str_eq(key, STR("kubernetes.io/role")) && raw.n > 2) {
			roles[n++] = str_of(raw.p + 1, raw.n - 2);
		}
	}
	if (n == 0)
		cell_puts(c, "<none>");
	cell_sorted_set(c, roles, n, ",");
}

static void node_address(struct cell *c, const char *type)
{
	cell_or(c, at_get(cell_find(at_path(c->root, "status.addresses"), "type", type), "address"),
		"<none>");
}

void cell_nodes_internal_ip(struct cell *c)
{
	node_address(c, "InternalIP");
}

void cell_nodes_external_ip(struct cell *c)
{
	node_address(c, "ExternalIP");
}

void cell_nodes_kernel_version(struct cell *c)
{
	struct at info = at_path(c->root, "status.nodeInfo");
	cell_or(c, at_get(info, "kernelVersion"), "<unknown>");
	if (at_empty(at_get(info, "architecture")))
		return;
	cell_puts(c, " (");
	at_text(at_get(info, "architecture"), &c->text);
	cell_puts(c, ")");
}

/* ip, else hostname, of each ingress of a load balancer's status */
static void load_balancer(struct cell *c, struct at ingress)
{
	size_t n = at_count(ingress), i = 0;
	auto_free struct str *items = mem_alloc((n + 1) * sizeof(*items));
	AT_EACH(ingress, it)
	{
		struct at address =
			at_empty(at_get(it, "ip")) ? at_get(it, "hostname") : at_get(it, "ip");
		struct str raw = at_raw(address);
		if (!at_empty(address))
			items[i++] = str_of(raw.p + 1, raw.n - 2);
	}
	cell_sorted_set(c, items, i, ",");
}

void cell_load_balancer(struct cell *c)
{
	load_balancer(c, at_get(c->value, "ingress"));
}

static void external_ips(struct cell *c)
{
	AT_EACH(at_path(c->root, "spec.externalIPs"), it)
	{
		if (c->text.n)
			cell_puts(c, ",");
		at_text(it, &c->text);
	}
}

void cell_services_external_ip(struct cell *c)
{
	struct at type = at_path(c->root, "spec.type");
	if (at_eq(type, "ExternalName")) {
		at_text(at_path(c->root, "spec.externalName"), &c->text);
		return;
	}
	bool balanced = at_eq(type, "LoadBalancer");
	if (!balanced && !at_eq(type, "ClusterIP") && !at_eq(type, "NodePort")) {
		cell_puts(c, "<unknown>");
		return;
	}
	if (balanced)
		load_balancer(c, at_path(c->root, "status.loadBalancer.ingress"));
	external_ips(c);
	if (c->text.n == 0)
		cell_puts(c, balanced ? "<pending>" : "<none>");
}

void cell_services_ports(struct cell *c)
{
	AT_EACH(at_path(c->root, "spec.ports"), it)
	{
		int64_t node_port = at_int(at_get(it, "nodePort"), 0);
		if (c->text.n)
			cell_puts(c, ",");
		buf_i64(&c->text, at_int(at_get(it, "port"), 0));
		if (node_port > 0)
			buf_printf(&c->text, ":%lld", (long long)node_port);
		cell_puts(c, "/");
		at_text(at_get(it, "protocol"), &c->text);
	}
	if (c->text.n == 0)
		cell_puts(c, "<none>");
}

void cell_configmaps_data(struct cell *c)
{
	cell_int(c, (int64_t)(at_count(at_get(c->root, "data")) +
			      at_count(at_get(c->root, "binaryData"))));
}

/* The sum over the containers. */
static void used(struct cell *c, const char *resource)
{
	struct quantity sum = { 0 }, one;
	auto_buf text = { 0 };
	AT_EACH(at_get(c->root, "containers"), container)
	{
		buf_reset(&text);
		at_text(at_get(at_get(container, "usage"), resource), &text);
		if (quantity_parse(buf_view(&text), &one, NULL) == 0)
			sum = quantity_add(sum, one);
	}
	quantity_format(sum, &c->text);
}

void cell_podmetrics_cpu(struct cell *c)
{
	used(c, "cpu");
}

void cell_podmetrics_memory(struct cell *c)
{
	used(c, "memory");
}

static struct at healthy(struct cell *c)
{
	return cell_find(at_get(c->root, "conditions"), "type", "Healthy");
}

void cell_componentstatuses_status(struct cell *c)
{
	struct at condition = healthy(c);
	cell_puts(c, !condition.v                                 ? "Unknown"
		     : at_eq(at_get(condition, "status"), "True") ? "Healthy"
								  : "Unhealthy");
}

void cell_componentstatuses_message(struct cell *c)
{
	at_text(at_get(healthy(c), "message"), &c->text);
}

void cell_componentstatuses_error(struct cell *c)
{
	at_text(at_get(healthy(c), "error"), &c->text);
}

void cell_resource_quantity(struct cell *c, struct at map, struct at key)
{
	auto_buf name = { 0 };
	buf_str(&name, at_key(key));
	buf_putc(&name, 0);
	cell_or(c, at_get(map, name.p), "0");
}

static void quota(struct cell *c, bool limits)
{
	struct at used = at_path(c->root, "status.used");
	AT_EACH(at_path(c->root, "status.hard"), it)
	{ /* maps at rest are sorted */
		if (str_starts(at_key(it), STR("limits.")) != limits)
			continue;
		if (c->text.n)
			cell_puts(c, ", ");
		buf_str(&c->text, at_key(it));
		cell_puts(c, ": ");
		cell_resource_quantity(c, used, it);
		cell_puts(c, "/");
		at_text(it, &c->text);
	}
}

void cell_resourcequotas_request(struct cell *c)
{
	quota(c, false);
}

void cell_resourcequotas_limit(struct cell *c)
{
	quota(c, true);
}
