/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_call_head.h"

#include <stdio.h>
#include <string.h>

#include "net/http1.h"

bool http_call_has_field(const struct http_call_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->nfields; i++) {
		if (str_ieq(spec->fields[i].name, str_from(name)))
			return true;
	}
	return false;
}

static bool method_has_body(struct str m)
{
	return str_eq(m, STR("POST")) || str_eq(m, STR("PUT")) || str_eq(m, STR("PATCH"));
}

bool http_call_head(const struct http_call_spec *spec, struct buf *out)
{
	bool chunked = false;
	struct str path = spec->target.n ? spec->target : STR("/");
	buf_printf(out, "%.*s ", STR_ARG(spec->method));
	for (size_t i = 0; i < path.n; i++) /* a space or a line break would start something else */
		if ((unsigned char)path.p[i] <= ' ' || path.p[i] == 0x7f)
			buf_printf(out, "%%%02X", (unsigned char)path.p[i]);
		else
			buf_putc(out, path.p[i]);
	buf_puts(out, " HTTP/1.1\r\n");
	if (!http_call_has_field(spec, "host")) {
		struct http_field host = { STR("host"), spec->authority };
		char text[300];
		if (!spec->authority.n) {
			bool v6 = strchr(spec->host, ':') != NULL;
			snprintf(text, sizeof(text), "%s%s%s:%d", v6 ? "[" : "", spec->host,
				 v6 ? "]" : "", spec->port);
			host.value = str_from(text);
		}
		http1_add_fields(out, &host, 1);
	}
	http1_add_fields(out, spec->fields, spec->nfields);
	if (http_call_has_field(spec, "content-length") ||
	    http_call_has_field(spec, "transfer-encoding"))
		chunked = http_call_has_field(spec, "transfer-encoding");
	else if (spec->streaming && !http_call_has_field(spec, "upgrade")) {
		chunked = true;
		buf_puts(out, "transfer-encoding: chunked\r\n");
	} else if (spec->body.n > 0 || method_has_body(spec->method)) {
		buf_printf(out, "content-length: %zu\r\n", spec->body.n);
	}
	buf_puts(out, "\r\n");
	return chunked;
}
