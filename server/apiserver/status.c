/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/status.h"

#include "server/apiserver/request.h"

static bool has_details(enum err_reason reason)
{
	switch (reason) {
	case ERR_NOT_FOUND:
	case ERR_ALREADY_EXISTS:
	case ERR_CONFLICT:
	case ERR_FORBIDDEN:
	case ERR_INVALID:
	case ERR_SERVER_TIMEOUT:
	case ERR_METHOD_NOT_ALLOWED: return true;
	default: return false;
	}
}

static void member(struct buf *out, bool *first, const char *key, struct str value)
{
	if (value.n == 0)
		return;
	buf_printf(out, "%s\"%s\":", *first ? "" : ",", key);
	buf_json_string(out, value);
	*first = false;
}

static void causes_write(const struct err *err, bool *first, struct buf *out)
{
	if (err->ncauses == 0)
		return;
	buf_printf(out, "%s\"causes\":[", *first ? "" : ",");
	*first = false;
	for (size_t i = 0; i < err->ncauses; i++) {
		bool none = true;
		buf_puts(out, i ? ",{" : "{");
		member(out, &none, "reason", str_from(err->causes[i].type));
		member(out, &none, "message", str_from(err->causes[i].message));
		member(out, &none, "field", str_from(err->causes[i].field));
		buf_putc(out, '}');
	}
	buf_putc(out, ']');
}

/* Events of both groups are the core group's when upstream judges them. */
static struct str details_group(const struct api_request *r, const struct err *err)
{
	bool judged = err->reason == ERR_INVALID && str_eqz(r->group, "events.k8s.io");
	return judged ? STR("") : r->group;
}

static void details_write(const struct api_request *r, const struct err *err, struct buf *out)
{
	bool first = true;
	buf_puts(out, ",\"details\":{");
	if (r && r->about.set) {
		member(out, &first, "name", r->about.name);
		member(out, &first, "group", r->about.group);
		member(out, &first, "kind", r->about.kind);
	} else if (r && r->is_resource_path && has_details(err->reason)) {
		bool by_kind = err->reason == ERR_INVALID && r->resource;
		member(out, &first, "name", r->detail_name.n ? r->detail_name : r->name);
		member(out, &first, "group", details_group(r, err));
		member(out, &first, "kind", by_kind ? str_from(r->resource->kind) : r->plural);
	}
	causes_write(err, &first, out);
	if (err->retry_after_s > 0)
		buf_printf(out, "%s\"retryAfterSeconds\":%d", first ? "" : ",", err->retry_after_s);
	buf_putc(out, '}');
}

void status_write(const struct api_request *r, const struct err *err, struct buf *out)
{
	int code = err_code(err);
	bool details = err->ncauses || err->retry_after_s || has_details(err->reason) ||
		       (r && r->about.set);
	bool first = true;
	buf_puts(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{");
	if (r)
		member(out, &first, "continue", r->status_continue);
	buf_puts(out, "},\"status\":\"Failure\",\"message\":");
	buf_json_string(out, str_from(err_text(err)));
	if (err_reason_text(err->reason)[0]) { /* what is unknown says nothing */
		buf_puts(out, ",\"reason\":");
		buf_json_string(out, str_from(err_reason_text(err->reason)));
	}
	if (details)
		details_write(r, err, out);
	buf_printf(out, ",\"code\":%d}\n", code);
}

void status_success(const struct api_request *r, struct str name, struct str uid, struct buf *out)
{
	bool first = true;
	buf_puts(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
		      "\"Success\"");
	if (r->resource) {
		buf_puts(out, ",\"details\":{");
		member(out, &first, "name", name);
		member(out, &first, "group", r->group);
		member(out, &first, "kind", r->plural);
		member(out, &first, "uid", uid);
		buf_putc(out, '}');
	}
	buf_puts(out, "}\n");
}
