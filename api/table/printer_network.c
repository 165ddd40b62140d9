/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of endpoints, endpoint slices, ingresses and addresses. */
#include "api/table/printer_cells.h"

#define SHOWN 3

/* "ip:port", an IPv6 address in brackets */
static void add_endpoint(struct cell *c, struct at ip, struct at port)
{
	struct str raw = at_raw(ip);
	bool six = memchr(raw.p ? raw.p : "", ':', raw.n) != NULL;
	cell_puts(c, c->text.n ? "," : "");
	if (port.v && six)
		cell_puts(c, "[");
	at_text(ip, &c->text);
	if (!port.v)
		return;
	buf_printf(&c->text, "%s:%lld", six ? "]" : "", (long long)at_int(at_get(port, "port"), 0));
}

void cell_endpoints_endpoints(struct cell *c)
{
	struct at subsets = at_get(c->root, "subsets");
	size_t n = 0;
	if (at_count(subsets) == 0) {
		cell_puts(c, "<none>");
		return;
	}
	AT_EACH(subsets, subset)
	{
		struct at ports = at_get(subset, "ports"), port = at_first(ports);
		do {
			AT_EACH(at_get(subset, "addresses"), address)
			if (n++ < SHOWN)
				add_endpoint(c, at_get(address, "ip"), port);
			port = port.v ? at_next(ports, port) : port;
		} while (port.v);
	}
	cell_more(c, n, SHOWN);
}

void cell_endpointslices_ports(struct cell *c)
{
	size_t n = 0;
	AT_EACH(at_get(c->root, "ports"), it)
	{
		if (n++ >= SHOWN)
			continue;
		cell_puts(c, n > 1 ? "," : "");
		struct at number = at_get(it, "port");
		cell_or(c, at_empty(number) ? at_get(it, "name") : number, "*");
	}
	if (n == 0)
		cell_puts(c, "<unset>");
	cell_more(c, n, SHOWN);
}

void cell_endpointslices_endpoints(struct cell *c)
{
	size_t n = 0;
	AT_EACH(at_get(c->root, "endpoints"), endpoint)
	AT_EACH(at_get(endpoint, "addresses"), address)
	{
		if (n++ >= SHOWN)
			continue;
		cell_puts(c, n > 1 ? "," : "");
		at_text(address, &c->text);
	}
	if (n == 0)
		cell_puts(c, "<unset>");
	cell_more(c, n, SHOWN);
}

void cell_ingresses_hosts(struct cell *c)
{
	struct at rules = at_path(c->root, "spec.rules");
	size_t n = 0;
	AT_EACH(rules, it)
	{
		if (n == SHOWN) {
			cell_more(c, at_count(rules), SHOWN);
			return;
		}
		if (at_empty(at_get(it, "host")))
			continue;
		cell_puts(c, n++ ? "," : "");
		at_text(at_get(it, "host"), &c->text);
	}
	if (n == 0)
		cell_puts(c, "*");
}

void cell_ingresses_ports(struct cell *c)
{
	cell_puts(c, at_count(at_path(c->root, "spec.tls")) ? "80, 443" : "80");
}

void cell_ingressclasses_name(struct cell *c)
{
	at_text(at_path(c->root, "metadata.name"), &c->text);
	if (at_eq(at_get(at_path(c->root, "metadata.annotations"),
			 "ingressclass.kubernetes.io/is-default-class"),
		  "true"))
		cell_puts(c, " (default)");
}

void cell_ingressclasses_parameters(struct cell *c)
{
	struct at parameters = at_path(c->root, "spec.parameters"),
		  group = at_get(parameters, "apiGroup");
	if (!parameters.v) {
		cell_puts(c, "<none>");
		return;
	}
	at_text(at_get(parameters, "kind"), &c->text);
	if (!at_empty(group)) {
		cell_puts(c, ".");
		at_text(group, &c->text);
	}
	cell_puts(c, "/");
	at_text(at_get(parameters, "name"), &c->text);
}

void cell_ipaddresses_parentref(struct cell *c)
{
	struct at parent = at_path(c->root, "spec.parentRef");
	static const char *const parts[][2] = {
		{ "resource", "" }, { "group", "." }, { "namespace", "/" }, { "name", "/" }
	};
	if (!parent.v) {
		cell_puts(c, "<none>");
		return;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct at part = at_get(parent, parts[i][0]);
		if (at_empty(part))
			continue;
		cell_puts(c, parts[i][1]);
		at_text(part, &c->text);
	}
}
