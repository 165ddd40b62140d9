/* SPDX-License-Identifier: Apache-2.0 */
/* componentstatuses, long deprecated and still asked for: everything is in this process, so what runs is healthy. */
#include "api/codec.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources.h"

static const char *const components[] = { "controller-manager", "scheduler", "etcd-0" };

#define KIND "\"kind\":\"ComponentStatus\",\"apiVersion\":\"v1\","

/* `head`: KIND, or nothing for an item of a list. */
static void component_write(const char *head, const char *name, struct buf *out)
{
	buf_printf(out,
		   "{%s\"metadata\":{\"name\":\"%s\"},\"conditions\":[{\"type\":\"Healthy\","
		   "\"status\":\"True\",\"message\":\"ok\"}]}",
		   head, name);
}

static void respond_one(struct api_request *r)
{
	struct buf text = { 0 };
	auto_err err = { 0 };
	for (size_t i = 0; i < COUNT_OF(components); i++) {
		if (!str_eqz(r->name, components[i]))
			continue;
		component_write(KIND, components[i], &text);
		respond_json(r, 200, r->resource->type, &text);
		return;
	}
	lookup_not_found(r, r->resource, r->name, &err);
	respond_err(r, &err);
}

void sub_component_statuses(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, false, false, &err) < 0) {
		respond_err(r, &err);
		return;
	}
	if (r->verb == API_GET) {
		respond_one(r);
		return;
	}
	struct buf text = { 0 };
	buf_puts(&text, "{\"kind\":\"ComponentStatusList\",\"apiVersion\":\"v1\",\"metadata\":{},"
			"\"items\":[");
	for (size_t i = 0; i < COUNT_OF(components); i++) {
		if (i)
			buf_putc(&text, ',');
		component_write("", components[i], &text);
	}
	buf_puts(&text, "]}\n");
	respond_json(r, 200, api_type_by_kind(STR(""), STR("v1"), STR("ComponentStatusList")),
		     &text);
}
