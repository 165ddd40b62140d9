/* SPDX-License-Identifier: Apache-2.0 */
/* Frames have an 8-byte head: control frames (first bit set) are gathered whole, up to CONTROL_MAX; data is passed on as it comes.
 * One inflate and one deflate stream live as long as the session, as the header blocks of a session are one zlib stream each way. */
#include "net/spdy.h"

#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/mem.h"

#define VERSION          3
#define CONTROL_MAX      (64 * 1024)
#define HEADERS_MAX      (64 * 1024) /* inflated */
#define HEADER_COUNT_MAX 100
#define DATA_FRAME_MAX   (32 * 1024)
#define FLAG_FIN         1

enum frame_type {
	SYN_STREAM = 1,
	SYN_REPLY,
	RST_STREAM,
	SETTINGS,
	PING = 6,
	GOAWAY,
	HEADERS,
	WINDOW_UPDATE
};

struct spdy {
	const struct spdy_ops *ops;
	void *ctx;
	z_stream in, out;
	unsigned char dictionary[SPDY_DICTIONARY_BYTES];
	unsigned char head[8];
	size_t head_n;
	uint32_t left; /* of the frame's payload */
	bool in_payload, broken;
	struct buf control; /* payload of a control frame */
	uint32_t last_id;   /* highest stream of the peer */
};

static uint32_t get32(const void *p)
{
	const unsigned char *b = p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void put32(unsigned char *b, uint32_t v)
{
	b[0] = (unsigned char)(v >> 24);
	b[1] = (unsigned char)(v >> 16);
	b[2] = (unsigned char)(v >> 8);
	b[3] = (unsigned char)v;
}

struct spdy *spdy_new(const struct spdy_ops *ops, void *ctx)
{
	struct spdy *s = NEW(struct spdy);
	s->ops = ops;
	s->ctx = ctx;
	spdy_dictionary(s->dictionary);
	inflateInit(&s->in);
	/* small: it only packs empty replies */
	deflateInit2(&s->out, Z_BEST_SPEED, Z_DEFLATED, 11, 4, Z_DEFAULT_STRATEGY);
	deflateSetDictionary(&s->out, s->dictionary, sizeof(s->dictionary));
	return s;
}

void spdy_free(struct spdy *s)
{
	if (!s)
		return;
	inflateEnd(&s->in);
	deflateEnd(&s->out);
	buf_free(&s->control);
	free(s);
}

/* ---- sending ---- */

static void send_control(struct spdy *s, enum frame_type type, const void *payload, size_t n)
{
	unsigned char head[8];
	put32(head, 0x80000000u | VERSION << 16 | (uint32_t)type);
	put32(head + 4, (uint32_t)n);
	s->ops->send(s->ctx, str_of(head, sizeof(head)), str_of(payload, n));
}

static void send_two(struct spdy *s, enum frame_type type, uint32_t a, uint32_t b)
{
	unsigned char payload[8];
	put32(payload, a);
	put32(payload + 4, b);
	send_control(s, type, payload, sizeof(payload));
}

void spdy_reply(struct spdy *s, uint32_t id)
{
	unsigned char none[4] = { 0 }, payload[128];
	put32(payload, id);
	s->out.next_in = none;
	s->out.avail_in = sizeof(none);
	s->out.next_out = payload + 4;
	s->out.avail_out = sizeof(payload) - 4;
	deflate(&s->out, Z_SYNC_FLUSH);
	send_control(s, SYN_REPLY, payload, sizeof(payload) - s->out.avail_out);
}

void spdy_data(struct spdy *s, uint32_t id, struct str body, bool fin)
{
	unsigned char head[8];
	do {
		size_t n = body.n < DATA_FRAME_MAX ? body.n : DATA_FRAME_MAX;
		bool last = fin && n == body.n;
		put32(head, id);
		put32(head + 4, (last ? (uint32_t)FLAG_FIN << 24 : 0) | (uint32_t)n);
		s->ops->send(s->ctx, str_of(head, sizeof(head)), str_of(body.p, n));
		body.p += n;
		body.n -= n;
	} while (body.n > 0);
}

void spdy_reset(struct spdy *s, uint32_t id, enum spdy_status status)
{
	send_two(s, RST_STREAM, id, status);
}

void spdy_goaway(struct spdy *s, uint32_t status)
{
	send_two(s, GOAWAY, s->last_id, status);
}

/* ---- receiving ---- */

static bool inflate_block(struct spdy *s, struct str block, struct buf *out)
{
	s->in.next_in = (unsigned char *)(uintptr_t)block.p;
	s->in.avail_in = (uInt)block.n;
	for (;;) {
		buf_reserve(out, 4096);
		s->in.next_out = (unsigned char *)out->p + out->n;
		s->in.avail_out = 4096;
		int r = inflate(&s->in, Z_SYNC_FLUSH);
		out->n += 4096 - s->in.avail_out;
		if (r == Z_NEED_DICT) {
			if (inflateSetDictionary(&s->in, s->dictionary, sizeof(s->dictionary)) !=
			    Z_OK)
				return false;
			continue;
		}
		if (r == Z_BUF_ERROR)
			return true; /* all is out */
		if (r != Z_OK || out->n > HEADERS_MAX)
			return false;
		if (s->in.avail_in == 0 && s->in.avail_out > 0)
			return true;
	}
}

static bool take_text(struct str *rest, struct str *out)
{
	if (rest->n < 4)
		return false;
	uint32_t n = get32(rest->p);
	if (n > rest->n - 4)
		return false;
	*out = str_of(rest->p + 4, n);
	*rest = str_of(rest->p + 4 + n, rest->n - 4 - n);
	return true;
}

static bool parse_headers(struct str rest, struct arena *a, struct spdy_header **out, size_t *out_n)
{
	if (rest.n < 4)
		return false;
	uint32_t n = get32(rest.p);
	if (n > HEADER_COUNT_MAX)
		return false;
	rest = str_of(rest.p + 4, rest.n - 4);
	*out = ARENA_ARRAY(a, struct spdy_header, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		if (!take_text(&rest, &(*out)[i].name) || !take_text(&rest, &(*out)[i].value))
			return false;
	}
	*out_n = n;
	return true;
}

static bool on_syn_stream(struct spdy *s, struct str p, bool fin)
{
	auto_buf text = { 0 };
	auto_arena a = { 0 };
	struct spdy_header *h;
	size_t n;
	if (p.n < 10)
		return false;
	uint32_t id = get32(p.p) & 0x7fffffff;
	if (!inflate_block(s, str_of(p.p + 10, p.n - 10), &text) ||
	    !parse_headers(buf_view(&text), &a, &h, &n))
		return false;
	if (id == 0 || id % 2 == 0 || id <= s->last_id) {
		spdy_reset(s, id, SPDY_PROTOCOL_ERROR);
		return true;
	}
	s->last_id = id;
	if (!s->ops->opened(s->ctx, id, h, n))
		spdy_reset(s, id, SPDY_CANCEL);
	else if (fin)
		s->ops->ended(s->ctx, id);
	return true;
}

/* Headers of SYN_REPLY and HEADERS mean nothing here, but the zlib stream has to follow them. */
static bool on_other_headers(struct spdy *s, struct str p, bool fin)
{
	auto_buf text = { 0 };
	if (p.n < 4 || !inflate_block(s, str_of(p.p + 4, p.n - 4), &text))
		return false;
	if (fin)
		s->ops->ended(s->ctx, get32(p.p) & 0x7fffffff);
	return true;
}

static bool on_control(struct spdy *s, struct str p)
{
	uint32_t type = get32(s->head) & 0xffff;
	bool fin = (s->head[4] & FLAG_FIN) != 0;
	switch (type) {
	case SYN_STREAM: return on_syn_stream(s, p, fin);
	case SYN_REPLY:
	case HEADERS: return on_other_headers(s, p, fin);
	case RST_STREAM:
		if (p.n != 8)
			return false;
		s->ops->reset(s->ctx, get32(p.p) & 0x7fffffff);
		return true;
	case PING:
		if (p.n != 4)
			return false;
		if (get32(p.p) % 2 == 1) /* the client's; ours would be even */
			send_control(s, PING, p.p, 4);
		return true;
	/* SETTINGS, GOAWAY, WINDOW_UPDATE and what may come: the connection's end says enough */
	default: return true;
	}
}

static void end_frame(struct spdy *s)
{
	s->in_payload = false;
	s->head_n = 0;
	if (s->head[0] & 0x80) {
		if (!on_control(s, s->control.n ? buf_view(&s->control) : STR("")))
			s->broken = true;
		buf_reset(&s->control);
	} else if (s->head[4] & FLAG_FIN) {
		s->ops->ended(s->ctx, get32(s->head) & 0x7fffffff);
	}
}

static void begin_frame(struct spdy *s)
{
	s->left = get32(s->head + 4) & 0xffffff;
	s->in_payload = true;
	if (!(s->head[0] & 0x80))
		return;
	uint32_t version = get32(s->head) >> 16 & 0x7fff;
	if (version != VERSION || s->left > CONTROL_MAX)
		s->broken = true;
}

static void take_payload(struct spdy *s, const char *p, size_t n)
{
	s->left -= (uint32_t)n;
	if (s->head[0] & 0x80)
		buf_add(&s->control, p, n);
	else if (n > 0)
		s->ops->data(s->ctx, get32(s->head) & 0x7fffffff, p, n);
}

bool spdy_input(struct spdy *s, const char *p, size_t n)
{
	while (n > 0 && !s->broken) {
		if (!s->in_payload) {
			s->head[s->head_n++] = (unsigned char)*p++;
			n--;
			if (s->head_n == sizeof(s->head))
				begin_frame(s);
		} else {
			size_t take = n < s->left ? n : s->left;
			take_payload(s, p, take);
			p += take;
			n -= take;
		}
		if (s->in_payload && s->left == 0 && !s->broken)
			end_frame(s);
	}
	if (s->broken)
		spdy_goaway(s, 1);
	return !s->broken;
}
