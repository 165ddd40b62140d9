/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing and backward-shift deletion (no tombstones). The hash is SipHash-1-3 with a
 * 128-bit result (Aumasson and Bernstein). */
#include "storage/etcd/key_index.h"

#include "base/encode.h"
#include "base/mem.h"

#define ROTL(v, b) (((v) << (b)) | ((v) >> (64 - (b))))

struct sip {
	uint64_t v0, v1, v2, v3;
};

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = ROTL(s->v1, 13) ^ s->v0;
	s->v0 = ROTL(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = ROTL(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = ROTL(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = ROTL(s->v1, 17) ^ s->v2;
	s->v2 = ROTL(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	sip_round(s);
	s->v0 ^= m;
}

static uint64_t sip_finish(struct sip *s)
{
	sip_round(s);
	sip_round(s);
	sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

struct key_hash key_index_hash(const struct key_index *x, struct str key)
{
	struct sip s = { x->secret[0] ^ 0x736f6d6570736575u,
			 x->secret[1] ^ 0x646f72616e646f6du ^ 0xee,
			 x->secret[0] ^ 0x6c7967656e657261u, x->secret[1] ^ 0x7465646279746573u };
	uint64_t m = 0;
	size_t at = 0;
	struct key_hash h;

	for (; at + 8 <= key.n; at += 8) {
		memcpy(&m, key.p + at, 8);
		sip_word(&s, m);
	}
	m = 0;
	if (at < key.n)
		memcpy(&m, key.p + at, key.n - at);
	sip_word(&s, m | ((uint64_t)key.n << 56));
	s.v2 ^= 0xee;
	h.lo = sip_finish(&s);
	s.v1 ^= 0xdd;
	h.hi = sip_finish(&s);
	return h;
}

void key_index_init(struct key_index *x)
{
	memset(x, 0, sizeof(*x));
	rand_bytes(x->secret, sizeof(x->secret));
}

void key_index_free(struct key_index *x)
{
	free(x->slots);
	memset(x, 0, sizeof(*x));
}

static size_t slot_of(const struct key_index *x, struct key_hash h)
{
	size_t i = (size_t)h.lo & (x->cap - 1);

	while (x->slots[i].mod && (x->slots[i].hash.lo != h.lo || x->slots[i].hash.hi != h.hi))
		i = (i + 1) & (x->cap - 1);
	return i;
}

const struct key_entry *key_index_get(const struct key_index *x, struct key_hash h)
{
	const struct key_entry *e;

	if (!x->cap)
		return NULL;
	e = &x->slots[slot_of(x, h)];
	return e->mod ? e : NULL;
}

static void grow(struct key_index *x)
{
	struct key_index bigger = *x;

	bigger.cap = x->cap ? x->cap * 2 : 256;
	bigger.slots = mem_zalloc(bigger.cap * sizeof(*bigger.slots));
	for (size_t i = 0; i < x->cap; i++)
		if (x->slots[i].mod)
			bigger.slots[slot_of(&bigger, x->slots[i].hash)] = x->slots[i];
	free(x->slots);
	*x = bigger;
}

void key_index_set(struct key_index *x, struct key_hash h, int64_t mod, int64_t create)
{
	struct key_entry *e;

	if (x->count * 4 >= x->cap * 3)
		grow(x);
	e = &x->slots[slot_of(x, h)];
	if (!e->mod)
		x->count++;
	*e = (struct key_entry){ .hash = h, .mod = mod, .create = create };
}

void key_index_del(struct key_index *x, struct key_hash h)
{
	size_t hole, mask = x->cap - 1;

	if (!x->cap)
		return;
	hole = slot_of(x, h);
	if (!x->slots[hole].mod)
		return;
	for (size_t i = (hole + 1) & mask; x->slots[i].mod; i = (i + 1) & mask) {
		size_t home = (size_t)x->slots[i].hash.lo & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue; /* it may not move in front of its home */
		x->slots[hole] = x->slots[i];
		hole = i;
	}
	x->slots[hole].mod = 0;
	x->count--;
}
