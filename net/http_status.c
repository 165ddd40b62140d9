/* SPDX-License-Identifier: Apache-2.0 */
/* Status lines, and errors as metav1.Status (apimachinery's pkg/api/errors builds the same shapes). */
#include <stdio.h>

#include "net/http_exchange.h"

static const struct {
	int status;
	const char *text;
} texts[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 412, "Precondition Failed" },
	{ 413, "Request Entity Too Large" },
	{ 414, "Request URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Requested Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Entity" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (texts[i].status == status)
			return texts[i].text;
	}
	return "Status";
}

bool http_field_is_hop(struct str name)
{
	static const struct str hop[] = { STR_INIT("connection"),
					  STR_INIT("keep-alive"),
					  STR_INIT("proxy-connection"),
					  STR_INIT("proxy-authenticate"),
					  STR_INIT("proxy-authorization"),
					  STR_INIT("te"),
					  STR_INIT("trailer"),
					  STR_INIT("transfer-encoding"),
					  STR_INIT("upgrade") };
	for (size_t i = 0; i < COUNT_OF(hop); i++) {
		if (str_eq(name, hop[i]))
			return true;
	}
	return false;
}

static void text_field(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "\"%s\":", name);
	buf_json_string(out, str_from(text));
}

static void add_cause(struct buf *out, const struct err_cause *c)
{
	buf_putc(out, '{');
	text_field(out, "reason", c->type ? c->type : "");
	buf_putc(out, ',');
	text_field(out, "message", c->message ? c->message : "");
	if (c->field) {
		buf_putc(out, ',');
		text_field(out, "field", c->field);
	}
	buf_putc(out, '}');
}

static void add_details(struct buf *out, const struct err *err)
{
	if (err->ncauses == 0 && err->retry_after_s == 0)
		return;
	buf_puts(out, ",\"details\":{");
	if (err->ncauses > 0) {
		buf_puts(out, "\"causes\":[");
		for (size_t i = 0; i < err->ncauses; i++) {
			if (i > 0)
				buf_putc(out, ',');
			add_cause(out, &err->causes[i]);
		}
		buf_putc(out, ']');
	}
	if (err->retry_after_s > 0)
		buf_printf(out, "%s\"retryAfterSeconds\":%d", err->ncauses > 0 ? "," : "",
			   err->retry_after_s);
	buf_putc(out, '}');
}

void http_status_body(struct buf *out, const struct err *err)
{
	buf_puts(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
		      "\"Failure\",");
	text_field(out, "message", err_text(err));
	if (err->reason != ERR_NONE && err_reason_text(err->reason)[0]) {
		buf_putc(out, ',');
		text_field(out, "reason", err_reason_text(err->reason));
	}
	add_details(out, err);
	buf_printf(out, ",\"code\":%d}\n", err_code(err));
}

void http_reply_err(struct http_request *req, const struct err *err)
{
	struct buf body = { 0 };
	char seconds[16];
	struct http_field fields[2] = { { STR("content-type"), STR("application/json") } };
	size_t n = 1;
	if (err->retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%d", err->retry_after_s);
		fields[n++] = (struct http_field){ STR("retry-after"), str_from(seconds) };
	}
	http_status_body(&body, err);
	size_t len = body.n;
	struct chunk c = chunk_take(buf_take(&body), len);
	http_reply(req, err_code(err), fields, n, &c, 1);
}
