/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that the client opens: one of each kind for a command, two of each number for a forwarded connection. */
#include <string.h>

#include "net/channels_spdy.h"

#define STREAMS_MAX 2000

static struct str find(const struct spdy_header *h, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_ieq(h[i].name, str_from(name)))
			return h[i].value;
	}
	return (struct str){ 0 };
}

static const struct {
	const char *name;
	enum channel_kind kind;
} kinds[] = {
	{ "stdin", CHANNEL_STDIN }, { "stdout", CHANNEL_STDOUT }, { "stderr", CHANNEL_STDERR },
	{ "error", CHANNEL_ERROR }, { "resize", CHANNEL_RESIZE },
};

static bool open_command_stream(struct spdy_session *k, uint32_t id, struct str type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!str_eqz(type, kinds[i].name))
			continue;
		if (channels_find(&k->base, kinds[i].kind))
			return false;
		session_add(&k->base, kinds[i].kind, id);
		spdy_reply(k->spdy, id);
		session_schedule(&k->base);
		return true;
	}
	return false;
}

static struct chan *find_half(struct spdy_session *k, const char *request_id,
			      enum channel_kind kind)
{
	LIST_EACH(&k->base.chans, it)
	{
		struct chan *c = LIST_ITEM(it, struct chan, link);
		if (c->pub.kind == kind && !c->peer && strcmp(c->request_id, request_id) == 0)
			return c;
	}
	return NULL;
}

/* Clients before 1.4 sent no request id: their error stream comes first, its data stream has the next number. */
static char *request_id_of(struct str given, uint32_t id, bool data)
{
	if (given.n > 0)
		return str_dup(given);
	return str_printf("%u", data ? id - 2 : id);
}

static bool open_forward_stream(struct spdy_session *k, uint32_t id, struct str type,
				const struct spdy_header *h, size_t n)
{
	uint64_t port;
	bool data = str_eq(type, STR("data"));
	if (!str_to_u64(find(h, n, "port"), &port) || port < 1 || port > 65535)
		return false;
	if ((!data && !str_eq(type, STR("error"))) || k->base.nchans >= STREAMS_MAX)
		return false;
	char *request_id = request_id_of(find(h, n, "requestid"), id, data);
	if (find_half(k, request_id, data ? CHANNEL_DATA : CHANNEL_ERROR)) {
		free(request_id);
		return false;
	}
	struct chan *other = find_half(k, request_id, data ? CHANNEL_ERROR : CHANNEL_DATA);
	struct chan *c = session_add(&k->base, data ? CHANNEL_DATA : CHANNEL_ERROR, id);
	c->pub.port = (int)port;
	c->pub.request_id = c->request_id = request_id;
	c->peer = other;
	if (other)
		other->peer = c;
	spdy_reply(k->spdy, id);
	session_schedule(&k->base);
	return true;
}

bool spdy_stream_opened(void *ctx, uint32_t id, const struct spdy_header *h, size_t n)
{
	struct spdy_session *k = ctx;
	struct str type = find(h, n, "streamtype");
	if (k->base.dead || k->base.closing)
		return false;
	if (k->base.config.use == CHANNELS_REMOTE_COMMAND)
		return open_command_stream(k, id, type);
	return open_forward_stream(k, id, type, h, n);
}
