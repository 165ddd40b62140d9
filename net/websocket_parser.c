/* SPDX-License-Identifier: Apache-2.0 */
/* A frame is a head of 2 to 14 bytes and a payload (RFC 6455 5.2). Clients mask theirs; control frames are short and whole and may
 * come between the frames of a message. */
#include <mbedtls/sha1.h>
#include <string.h>

#include "base/encode.h"
#include "net/websocket.h"

#define PROTOCOL_ERROR 1002
#define UNMASK_BYTES   4096

static int check_head(const struct websocket_parser *w)
{
	int opcode = w->head[0] & 15;
	bool control = opcode >= 8;
	if ((w->head[0] & 0x70) || !(w->head[1] & 0x80))
		return PROTOCOL_ERROR; /* no extension was agreed; clients must mask */
	if (control && (opcode > WEBSOCKET_PONG || !(w->head[0] & 0x80) ||
			(w->head[1] & 127) > WEBSOCKET_CONTROL_MAX))
		return PROTOCOL_ERROR;
	if (!control && opcode > WEBSOCKET_BINARY)
		return PROTOCOL_ERROR;
	if (!control && (opcode == WEBSOCKET_CONTINUATION) != w->in_message)
		return PROTOCOL_ERROR;
	return 0;
}

static size_t head_length(const struct websocket_parser *w)
{
	unsigned n = w->head[1] & 127;
	return 2 + (n == 126 ? 2 : n == 127 ? 8 : 0) + 4;
}

static int begin_payload(struct websocket_parser *w)
{
	unsigned n = w->head[1] & 127;
	w->left = n;
	if (n == 126) {
		w->left = (uint64_t)w->head[2] << 8 | w->head[3];
	} else if (n == 127) {
		w->left = 0;
		for (int i = 2; i < 10; i++)
			w->left = w->left << 8 | w->head[i];
		if (w->left >> 63)
			return PROTOCOL_ERROR;
	}
	memcpy(w->mask, w->head + w->head_want - 4, 4);
	w->mask_at = 0;
	w->opcode = w->head[0] & 15;
	w->fin = (w->head[0] & 0x80) != 0;
	w->in_payload = true;
	w->control_n = 0;
	if (w->opcode < 8 && w->opcode != WEBSOCKET_CONTINUATION)
		w->message_began = false;
	return 0;
}

static void end_frame(struct websocket_parser *w)
{
	w->in_payload = false;
	w->head_n = 0;
	if (w->opcode >= 8)
		w->control(w, w->opcode, (char *)w->control_data, w->control_n);
	else
		w->in_message = !w->fin;
}

static void unmask(struct websocket_parser *w, char *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(p[i] ^ w->mask[(w->mask_at + i) & 3]);
	w->mask_at = (unsigned)(w->mask_at + n) & 3;
}

static void take_payload(struct websocket_parser *w, const char *p, size_t n)
{
	char plain[UNMASK_BYTES];
	w->left -= n;
	if (w->opcode >= 8) {
		unmask(w, (char *)w->control_data + w->control_n, p, n);
		w->control_n += n;
		return;
	}
	bool more = n > 0;
	do {
		size_t piece = n < sizeof(plain) ? n : sizeof(plain);
		unmask(w, plain, p, piece);
		p += piece;
		n -= piece;
		bool last = w->fin && w->left == 0 && n == 0;
		if (more || last || !w->message_began)
			w->data(w, plain, piece, !w->message_began, last);
		w->message_began |= piece > 0;
	} while (n > 0);
}

static int take_head(struct websocket_parser *w, unsigned char byte)
{
	w->head[w->head_n++] = byte;
	if (w->head_n < 2)
		return 0;
	if (w->head_n == 2) {
		w->head_want = head_length(w);
		return check_head(w);
	}
	return w->head_n == w->head_want ? begin_payload(w) : 0;
}

int websocket_parse(struct websocket_parser *w, const char *p, size_t n)
{
	size_t at = 0;
	while (at < n) {
		if (!w->in_payload) {
			int r = take_head(w, (unsigned char)p[at++]);
			if (r)
				return r;
			if (!w->in_payload || w->left > 0)
				continue;
			take_payload(w, p, 0);
		} else {
			size_t take = n - at < w->left ? n - at : (size_t)w->left;
			take_payload(w, p + at, take);
			at += take;
		}
		if (w->left == 0)
			end_frame(w);
	}
	return 0;
}

size_t websocket_head(unsigned char out[10], int opcode, size_t n)
{
	out[0] = (unsigned char)(0x80 | opcode);
	if (n < 126) {
		out[1] = (unsigned char)n;
		return 2;
	}
	if (n < 65536) {
		out[1] = 126;
		out[2] = (unsigned char)(n >> 8);
		out[3] = (unsigned char)n;
		return 4;
	}
	out[1] = 127;
	for (int i = 0; i < 8; i++)
		out[2 + i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
	return 10;
}

void websocket_accept_key(struct str key, char out[29])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	auto_buf text = { 0 }, encoded = { 0 };
	unsigned char digest[20];
	buf_str(&text, key);
	buf_puts(&text, guid);
	mbedtls_sha1((unsigned char *)text.p, text.n, digest);
	base64_encode(&encoded, digest, sizeof(digest));
	memcpy(out, encoded.p, 29);
}
