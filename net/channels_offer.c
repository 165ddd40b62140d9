/* SPDX-License-Identifier: Apache-2.0 */
/* httpstream.Handshake's rules and texts. */
#include "net/channels_offer.h"

#include "base/buf.h"

static const struct spdy_protocol protocols[] = {
	{ "v4.channel.k8s.io", 4, CHANNELS_REMOTE_COMMAND },
	{ "v3.channel.k8s.io", 3, CHANNELS_REMOTE_COMMAND },
	{ "v2.channel.k8s.io", 2, CHANNELS_REMOTE_COMMAND },
	{ "channel.k8s.io", 1, CHANNELS_REMOTE_COMMAND },
	{ "portforward.k8s.io", 1, CHANNELS_PORT_FORWARD },
};

void spdy_refuse(struct http_request *req, enum err_reason reason, const char *why)
{
	struct err err = { 0 };
	err_set(&err, reason, "unable to upgrade: %s", why);
	http_reply_err(req, &err);
	err_clear(&err);
}

static bool offers(struct str name, const struct http_request *req, bool *any)
{
	for (size_t i = 0; i < req->nfields; i++) {
		struct str list = req->fields[i].value, item;
		if (!str_eq(req->fields[i].name, STR("x-stream-protocol-version")))
			continue;
		while (str_next(&list, ',', &item)) {
			item = str_trim(item);
			*any |= item.n > 0;
			if (item.n > 0 && str_eq(item, name))
				return true;
		}
	}
	return false;
}

/* The client's order decides; it lists the newest first, as the table does. Index, or -1. */
static int negotiate(const struct http_request *req, enum channels_use use, bool *any)
{
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		if (protocols[i].use == use && offers(str_from(protocols[i].name), req, any))
			return (int)i;
	}
	return -1;
}

static void refuse_protocol(struct http_request *req, enum channels_use use)
{
	struct http_field f[8] = { { STR("content-type"), STR("text/plain; charset=utf-8") } };
	size_t n = 1;
	auto_buf text = { 0 };
	struct str wanted = http_header(req, "x-stream-protocol-version");
	buf_printf(&text,
		   "unable to upgrade: unable to negotiate protocol: client supports [%.*s], "
		   "server accepts [",
		   STR_ARG(wanted));
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		if (protocols[i].use != use)
			continue;
		buf_printf(&text, "%s%s", n > 1 ? " " : "", protocols[i].name);
		f[n++] = (struct http_field){ STR("x-accepted-stream-protocol-versions"),
					      str_from(protocols[i].name) };
	}
	buf_puts(&text, "]\n");
	struct chunk c = chunk_copy(buf_view(&text));
	http_reply(req, 403, f, n, &c, 1);
}

static bool upgrade_asked(const struct http_request *req)
{
	struct str list = http_header(req, "connection"), item;
	while (str_next(&list, ',', &item)) {
		if (str_ieq(str_trim(item), STR("upgrade")))
			return str_ieq(http_header(req, "upgrade"), STR("SPDY/3.1"));
	}
	return false;
}

bool spdy_agree(struct http_request *req, enum channels_use use, struct spdy_protocol *out)
{
	bool any = false;
	if (!upgrade_asked(req)) {
		spdy_refuse(req, ERR_BAD_REQUEST, "missing upgrade headers in request");
		return false;
	}
	int i = negotiate(req, use, &any);
	if (i >= 0)
		*out = protocols[i];
	else if (!any)
		spdy_refuse(req, ERR_BAD_REQUEST,
			    "header X-Stream-Protocol-Version does not exist in request");
	else
		refuse_protocol(req, use);
	return i >= 0;
}
