/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/nodes/node_cidr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/mem.h"

static bool parse(struct str cidr, unsigned char address[16], int *family, int *prefix)
{
	size_t at = str_find(cidr, '/');
	uint64_t bits;
	char text[INET6_ADDRSTRLEN];
	if (at >= sizeof(text) || at == cidr.n ||
	    !str_to_u64(str_of(cidr.p + at + 1, cidr.n - at - 1), &bits))
		return false;
	memcpy(text, cidr.p, at);
	text[at] = '\0';
	*family = memchr(text, ':', at) ? AF_INET6 : AF_INET;
	*prefix = (int)bits;
	return bits <= (*family == AF_INET ? 32u : 128u) && inet_pton(*family, text, address) == 1;
}

int node_cidr_pool_init(struct node_cidr_pool *p, const char *cidr, struct err *err)
{
	*p = (struct node_cidr_pool){ 0 };
	if (!parse(str_from(cidr), p->base, &p->family, &p->prefix))
		return err_set(err, ERR_BAD_REQUEST, "\"%s\" is not an address range", cidr);
	int wanted = p->family == AF_INET ? 24 : 64;
	p->node_prefix = p->prefix > wanted ? p->prefix : wanted;
	int bits = p->node_prefix - p->prefix;
	p->count = bits > 16 ? NODE_CIDR_MAX : (size_t)1 << bits;
	p->used = mem_zalloc((p->count + 7) / 8);
	return 0;
}

void node_cidr_pool_free(struct node_cidr_pool *p)
{
	free(p->used);
	*p = (struct node_cidr_pool){ 0 };
}

/* The index lies in the 16 bits (at most) in front of the node prefix. */
static void place(const struct node_cidr_pool *p, size_t index, unsigned char out[16])
{
	memcpy(out, p->base, 16);
	for (int bit = p->node_prefix - 1; index; bit--, index >>= 1)
		if (index & 1)
			out[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
}

static bool index_of(const struct node_cidr_pool *p, struct str cidr, size_t *out)
{
	unsigned char address[16] = { 0 }, check[16];
	int family, prefix;
	if (!parse(cidr, address, &family, &prefix) || family != p->family ||
	    prefix != p->node_prefix)
		return false;
	size_t index = 0;
	for (int bit = p->prefix; bit < p->node_prefix; bit++)
		index = index << 1 | (address[bit / 8] >> (7 - bit % 8) & 1);
	if (index >= p->count)
		return false;
	place(p, index, check);
	*out = index;
	return memcmp(check, address, family == AF_INET ? 4 : 16) == 0;
}

bool node_cidr_take(struct node_cidr_pool *p, struct str cidr)
{
	size_t i;
	if (!index_of(p, cidr, &i))
		return false;
	p->used[i / 8] |= (unsigned char)(1 << i % 8);
	return true;
}

void node_cidr_release(struct node_cidr_pool *p, struct str cidr)
{
	size_t i;
	if (index_of(p, cidr, &i))
		p->used[i / 8] &= (unsigned char)~(1 << i % 8);
}

bool node_cidr_next(struct node_cidr_pool *p, char out[NODE_CIDR_TEXT])
{
	unsigned char address[16];
	char text[INET6_ADDRSTRLEN];
	for (size_t i = 0; i < p->count; i++) {
		if (p->used[i / 8] & 1 << i % 8)
			continue;
		p->used[i / 8] |= (unsigned char)(1 << i % 8);
		place(p, i, address);
		inet_ntop(p->family, address, text, sizeof(text));
		snprintf(out, NODE_CIDR_TEXT, "%s/%d", text, p->node_prefix);
		return true;
	}
	return false;
}
