/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CIDR_TEXT_MAX (IP_TEXT_MAX + 4)

bool is_virtual_ingress(const struct core_v1_load_balancer_ingress *i)
{
	return i->ip.n && !str_eqz(i->ip_mode, "Proxy");
}

struct ip cidr_last(const struct cidr *c)
{
	struct ip last = c->base;
	for (unsigned bit = c->prefix; bit < ip_bits(&last); bit++)
		last.bytes[bit / 8] |= (unsigned char)(0x80u >> bit % 8);
	return last;
}

static bool text_of(struct str s, char out[CIDR_TEXT_MAX])
{
	s = str_trim(s);
	if (s.n >= CIDR_TEXT_MAX)
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

static void add(struct source_ranges *r, const struct cidr *c)
{
	r->items = mem_array_grow(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	r->items[r->n++] = *c;
}

static int cidr_cmp(const void *a, const void *b)
{
	const struct cidr *x = a, *y = b;
	int r = memcmp(x->base.bytes, y->base.bytes, sizeof(x->base.bytes));
	return r ? r : (int)x->prefix - (int)y->prefix;
}

/* Ranges of addresses lie in each other or apart: sorted, whoever lies in another comes right behind it. */
static void drop_inner(struct source_ranges *r)
{
	size_t n = 0;
	if (r->n)
		qsort(r->items, r->n, sizeof(*r->items), cidr_cmp);
	for (size_t i = 0; i < r->n; i++)
		if (n == 0 || !cidr_contains(&r->items[n - 1], &r->items[i].base))
			r->items[n++] = r->items[i];
	r->n = n;
}

static bool has_this_node(const struct service_view *v, const struct source_ranges *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t j = 0; j < v->nnode_ips; j++)
			if (v->node_ips[j].family == r->items[i].base.family &&
			    cidr_contains(&r->items[i], &v->node_ips[j]))
				return true;
	return false;
}

static void add_balancers(const struct service_view *v, int family, struct source_ranges *out)
{
	const struct core_v1_load_balancer_status *s = &v->service->status.load_balancer;
	char text[CIDR_TEXT_MAX];
	struct cidr c;
	for (size_t i = 0; i < s->ingress.n; i++) {
		if (!is_virtual_ingress(&s->ingress.items[i]) ||
		    !text_of(s->ingress.items[i].ip, text) || !ip_parse(text, &c.base) ||
		    c.base.family != family)
			continue;
		c.prefix = ip_bits(&c.base);
		add(out, &c);
	}
}

void source_ranges_of(const struct service_view *v, bool v6, struct source_ranges *out)
{
	const struct api_str_list *texts = &v->service->spec.load_balancer_source_ranges;
	int family = v6 ? AF_INET6 : AF_INET;
	*out = (struct source_ranges){ 0 };
	for (size_t i = 0; i < texts->n; i++) {
		char text[CIDR_TEXT_MAX];
		auto_err err = { 0 };
		struct cidr c;
		if (!text_of(texts->items[i], text) || cidr_parse(text, &c, &err) < 0 ||
		    c.base.family != family)
			continue;
		if (c.prefix == 0) {
			out->n = 0;
			return;
		}
		add(out, &c);
	}
	if (has_this_node(v, out))
		add_balancers(v, family, out);
	drop_inner(out);
}

void source_ranges_free(struct source_ranges *r)
{
	free(r->items);
}
