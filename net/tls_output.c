/* SPDX-License-Identifier: Apache-2.0 */
/* What is written: chunks wait in the plain queue until the end of the turn, or until the transport has drained, and become records in
 * one block for the transport. A chunk that fills records is encrypted from where it lies; mbedtls wants smaller ones gathered. */
#include "net/tls_conn.h"

#define TRANSPORT_HIGH (512 * 1024)
#define BLOCK_BYTES    (128 * 1024)
#define FLIGHT_BYTES   4096 /* what a handshake sends in one turn */

void tls_block_send(struct tls_stream *t)
{
	if (t->block_n == 0)
		return;
	struct chunk c = chunk_take(t->block, t->block_n);
	t->block = NULL;
	t->block_n = t->block_cap = 0;
	stream_write(t->transport, &c, 1);
}

/* Room for n bytes at the end of the block. */
static char *block_room(struct tls_stream *t, size_t n)
{
	if (t->block && t->block_cap - t->block_n < n)
		tls_block_send(t);
	if (!t->block) {
		size_t want = !t->established                     ? FLIGHT_BYTES
			      : t->plain.bytes > TLS_BUFFER_BYTES ? BLOCK_BYTES
								  : 0;
		t->block_cap = n > want ? n : want;
		t->block = mem_alloc(t->block_cap);
	}
	return t->block + t->block_n;
}

int tls_bio_send(void *ctx, const unsigned char *p, size_t n)
{
	struct tls_stream *t = ctx;
	memcpy(block_room(t, n), p, n);
	t->block_n += n;
	return (int)n;
}

void tls_count_queued(struct tls_stream *t)
{
	t->base.queued_bytes =
		t->plain.bytes + t->block_n + (t->transport_gone ? 0 : t->transport->queued_bytes);
}

void tls_send_alert(struct tls_stream *t, enum tls_alert a)
{
	if (t->shut) /* close_notify was the last */
		return;
	unsigned char *to = (unsigned char *)block_room(t, 2 + TLS_RECORD_OVERHEAD);
	t->block_n += tls_records_seal_alert(t->records, a, to);
}

/* Takes the next record's worth of plain text: in place if the first chunk fills it or is all there is. */
static struct str next_piece(struct tls_stream *t, size_t max, bool *copied)
{
	struct str first = chunk_queue_first(&t->plain);
	*copied = false;
	if (first.n >= max)
		return str_of(first.p, max);
	if (first.n == t->plain.bytes)
		return first;
	size_t n = t->plain.bytes < max ? t->plain.bytes : max;
	chunk_queue_copy(&t->plain, t->base.loop->read_buffer, n);
	*copied = true;
	return str_of(t->base.loop->read_buffer, n);
}

static void seal_one(struct tls_stream *t)
{
	size_t n = t->plain.bytes < TLS_RECORD_PLAIN ? t->plain.bytes : TLS_RECORD_PLAIN;
	unsigned char *to = (unsigned char *)block_room(t, n + TLS_RECORD_OVERHEAD);
	t->block_n += tls_records_seal(t->records, &t->plain, n, to);
}

static bool has_room(const struct tls_stream *t)
{
	return t->transport->queued_bytes + t->block_n < TRANSPORT_HIGH;
}

/* Before any data, when one is due (RFC 8446, 4.6.3); a peer that does not read what we send gets no more of them. */
static void update_key(struct tls_stream *t)
{
	if (t->shut || !has_room(t) ||
	    !(t->key_update_due || (t->plain.bytes > 0 && tls_records_key_is_worn(t->records))))
		return;
	t->key_update_due = false;
	unsigned char *to = (unsigned char *)block_room(t, TLS_KEY_UPDATE_BYTES);
	t->block_n += tls_records_seal_key_update(t->records, to);
}

static void say_goodbye(struct tls_stream *t)
{
	if (t->records)
		tls_send_alert(t, TLS_CLOSE_NOTIFY);
	else
		mbedtls_ssl_close_notify(&t->ssl);
	tls_block_send(t);
}

static bool encrypt_one(struct tls_stream *t)
{
	bool copied;
	if (t->records) {
		seal_one(t);
		return true;
	}
	int max = mbedtls_ssl_get_max_out_record_payload(&t->ssl);
	struct str piece = next_piece(t, max > 0 ? (size_t)max : TLS_BUFFER_BYTES, &copied);
	int n = mbedtls_ssl_write(&t->ssl, (const unsigned char *)piece.p, piece.n);
	if (n < 0 || (size_t)n != piece.n)
		return false;
	if (!copied)
		chunk_queue_consume(&t->plain, piece.n);
	return true;
}

static void encrypt(struct tls_stream *t)
{
	chunk_queue_consume(&t->plain, 0);
	if (t->records)
		update_key(t);
	while (t->plain.bytes > 0 && !t->failed && has_room(t)) {
		if (!encrypt_one(t))
			tls_abandon(t);
	}
	tls_block_send(t);
	if (t->plain.bytes == 0 && t->shutting && !t->shut && !t->closing) {
		say_goodbye(t);
		t->shut = true;
		stream_shutdown(t->transport);
	}
	tls_count_queued(t);
}

void tls_encrypt(struct tls_stream *t)
{
	bool had = t->base.queued_bytes > 0;
	if (!t->established || t->closing)
		return;
	encrypt(t);
	if (had && t->base.queued_bytes == 0 && !t->closing && t->base.on_drain)
		t->base.on_drain(&t->base);
}
