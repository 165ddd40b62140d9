/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/service_ip.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/mem.h"

#define RANGE_MAX       ((uint64_t)1 << 20) /* upstream, too, uses no more of an IPv6 range */
#define STATIC_BAND_MIN 16
#define STATIC_BAND_MAX 256

int service_ip_family(const char *text)
{
	unsigned char raw[16];
	if (inet_pton(AF_INET, text, raw) == 1)
		return 4;
	return inet_pton(AF_INET6, text, raw) == 1 ? 6 : 0;
}

void ip_canonical(const char *text, char out[IP_TEXT_MAX])
{
	unsigned char raw[16];
	int family = service_ip_family(text) == 6 ? AF_INET6 : AF_INET;
	if (inet_pton(family, text, raw) != 1 || !inet_ntop(family, raw, out, IP_TEXT_MAX))
		snprintf(out, IP_TEXT_MAX, "%s", text);
}

static size_t bytes_of(const struct ip_range *r)
{
	return r->family == 6 ? 16 : 4;
}

bool ip_range_parse(struct str cidr, struct ip_range *out)
{
	char text[64];
	int64_t prefix;
	size_t slash = str_find(cidr, '/');
	struct ip_range r = { 0 };
	if (slash == cidr.n || slash >= sizeof(text) ||
	    !str_to_i64(str_of(cidr.p + slash + 1, cidr.n - slash - 1), &prefix))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)slash, cidr.p);
	r.family = service_ip_family(text);
	if (!r.family || inet_pton(r.family == 6 ? AF_INET6 : AF_INET, text, r.base) != 1)
		return false;
	int bits = (int)bytes_of(&r) * 8;
	if (prefix < 0 || prefix > bits)
		return false;
	r.prefix = (int)prefix;
	for (int i = r.prefix; i < bits; i++)
		r.base[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	r.size = bits - r.prefix >= 20 ? RANGE_MAX : (uint64_t)1 << (bits - r.prefix);
	*out = r;
	return true;
}

void ip_range_text(const struct ip_range *r, uint64_t offset, char out[IP_TEXT_MAX])
{
	unsigned char raw[16];
	memcpy(raw, r->base, sizeof(raw));
	for (size_t i = bytes_of(r); i-- > 0 && offset;) {
		offset += raw[i];
		raw[i] = (unsigned char)offset;
		offset >>= 8;
	}
	inet_ntop(r->family == 6 ? AF_INET6 : AF_INET, raw, out, IP_TEXT_MAX);
}

bool ip_range_offset(const struct ip_range *r, const char *address, uint64_t *out)
{
	unsigned char raw[16];
	uint64_t offset = 0;
	if (service_ip_family(address) != r->family ||
	    inet_pton(r->family == 6 ? AF_INET6 : AF_INET, address, raw) != 1)
		return false;
	for (size_t i = 0; i < bytes_of(r); i++) {
		int diff = raw[i] - r->base[i];
		if (offset > RANGE_MAX || (offset == 0 && diff < 0))
			return false;
		offset = (offset << 8) + (uint64_t)(int64_t)diff;
	}
	*out = offset;
	return offset < r->size;
}

int service_ranges_init(struct service_ranges *s, const char *cidrs, struct err *err)
{
	struct str rest = str_from(cidrs), one;
	pthread_mutex_init(&s->lock, NULL);
	while (str_next(&rest, ',', &one)) {
		if (s->n == 2)
			return err_set(err, ERR_INVALID,
				       "service range %s: at most one IPv4 and one IPv6 range",
				       cidrs);
		if (!ip_range_parse(str_trim(one), &s->range[s->n]))
			return err_set(err, ERR_INVALID, "service range %.*s: not a CIDR",
				       STR_ARG(one));
		s->n++;
	}
	return s->n ? 0 : err_set(err, ERR_INVALID, "no service range is given");
}

void service_ranges_free(struct service_ranges *s)
{
	map_free(&s->taken, NULL);
	free(s->more);
	pthread_mutex_destroy(&s->lock);
}

static const struct ip_range *range_for(const struct service_ranges *s, int family)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->range[i].family == family)
			return &s->range[i];
	return NULL;
}

static bool offset_free(struct service_ranges *s, const struct ip_range *r, uint64_t offset,
			char out[IP_TEXT_MAX])
{
	ip_range_text(r, offset, out);
	return !map_get(&s->taken, str_from(out));
}

/* A walk over [from, to) that starts at a random place. */
static bool band_take(struct service_ranges *s, const struct ip_range *r, uint64_t from,
		      uint64_t to, char out[IP_TEXT_MAX])
{
	if (to <= from)
		return false;
	uint64_t start = rand_u64() % (to - from);
	for (uint64_t i = 0; i < to - from; i++)
		if (offset_free(s, r, from + (start + i) % (to - from), out))
			return map_put(&s->taken, str_from(out), s), true;
	return false;
}

static uint64_t static_band(uint64_t size)
{
	uint64_t band = size / 16;
	if (size <= STATIC_BAND_MIN)
		return 0;
	return band < STATIC_BAND_MIN   ? STATIC_BAND_MIN
	       : band > STATIC_BAND_MAX ? STATIC_BAND_MAX
					: band;
}

static bool range_take(struct service_ranges *s, const struct ip_range *r, char out[IP_TEXT_MAX])
{
	uint64_t last =
		r->family == 4 && r->size > 2 ? r->size - 1 : r->size; /* no broadcast address */
	uint64_t band = static_band(r->size);
	return band_take(s, r, band > 1 ? band : 1, last, out) || band_take(s, r, 1, band, out);
}

int service_ip_take_next(struct service_ranges *s, int family, char out[IP_TEXT_MAX],
			 struct err *err)
{
	const struct ip_range *r = range_for(s, family);
	if (!r)
		return err_set(err, ERR_INTERNAL,
			       "failed to allocate IP: no service range of family IPv%d", family);
	pthread_mutex_lock(&s->lock);
	bool ok = range_take(s, r, out);
	for (size_t i = 0; i < s->nmore && !ok; i++)
		ok = s->more[i].family == family && range_take(s, &s->more[i], out);
	pthread_mutex_unlock(&s->lock);
	return ok ? 0 : err_set(err, ERR_INTERNAL, "failed to allocate a serviceIP: range is full");
}

/* Neither the first address of a range nor, with IPv4, its last is one of it. */
static bool range_gives(const struct ip_range *r, const char *text)
{
	uint64_t offset;
	if (!ip_range_offset(r, text, &offset) || offset == 0)
		return false;
	return r->family == 6 || r->size <= 2 || r->size == RANGE_MAX || offset != r->size - 1;
}

/* The lock is held. */
static bool any_gives(const struct service_ranges *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (range_gives(&s->range[i], text))
			return true;
	for (size_t i = 0; i < s->nmore; i++)
		if (range_gives(&s->more[i], text))
			return true;
	return false;
}

void service_ranges_more(struct service_ranges *s, struct ip_range *take, size_t n)
{
	pthread_mutex_lock(&s->lock);
	free(s->more);
	s->more = take;
	s->nmore = n;
	pthread_mutex_unlock(&s->lock);
}

int service_ip_take(struct service_ranges *s, const char *address, struct err *err)
{
	char text[IP_TEXT_MAX];
	ip_canonical(address, text);
	pthread_mutex_lock(&s->lock);
	bool known = any_gives(s, text), was = map_get(&s->taken, str_from(text)) != NULL;
	if (known && !was)
		map_put(&s->taken, str_from(text), s);
	pthread_mutex_unlock(&s->lock);
	if (!known)
		return err_set(err, ERR_INVALID,
			       "failed to allocate IP %s: the provided network does not match the "
			       "current range",
			       text);
	return was ? err_set(err, ERR_INVALID,
			     "failed to allocate IP %s: provided IP is already allocated", text)
		   : 0;
}

void service_ip_give_back(struct service_ranges *s, const char *address)
{
	char text[IP_TEXT_MAX];
	ip_canonical(address, text);
	pthread_mutex_lock(&s->lock);
	map_del(&s->taken, str_from(text));
	pthread_mutex_unlock(&s->lock);
}
