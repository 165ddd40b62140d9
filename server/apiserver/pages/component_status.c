/* SPDX-License-Identifier: Apache-2.0 */
/* componentstatuses, long deprecated and still asked for: everything is in this process, so what runs is healthy. */
#include "server/apiserver/read/made.h"
#include "server/apiserver/read/selection.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/subresources.h"

static const char *const components[] = { "controller-manager", "scheduler", "etcd-0" };

static void component_add(struct api_request *r, struct made *m, struct str name)
{
	auto_buf text = { 0 };
	buf_puts(&text,
		 "{\"kind\":\"ComponentStatus\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":");
	buf_json_string(&text, name);
	buf_puts(&text, "},\"conditions\":[{\"type\":\"Healthy\",\"status\":\"True\",\"message\":"
			"\"ok\"}]}");
	made_add(r, m, STR(""), name, buf_view(&text));
}

void sub_component_statuses(struct api_request *r)
{
	struct selection selection = { 0 };
	struct made made = { 0 };
	auto_err err = { 0 };
	if (respond_negotiate(r, true, false, &err) < 0 ||
	    selection_parse(r->resource, r->opt.label_selector, r->opt.field_selector, &selection,
			    &err) < 0) {
		respond_err(r, &err);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(components); i++) {
		if (r->verb == API_GET && !str_eqz(r->name, components[i]))
			continue;
		component_add(r, &made, str_from(components[i]));
		if (made.n && !selection_match(&selection, made.items[made.n - 1]))
			object_unref(made.items[--made.n]);
	}
	selection_free(&selection);
	if (r->verb == API_GET && !made.n) {
		request_about(r, "", "componentstatus", r->name);
		err_set(&err, ERR_NOT_FOUND, "componentstatus \"%.*s\" not found",
			STR_ARG(r->name));
		respond_err(r, &err);
		return;
	}
	made_respond(r, &made);
}
