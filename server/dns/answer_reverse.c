/* SPDX-License-Identifier: Apache-2.0 */
/* From addresses to names. */
#include "server/dns/answer_parts.h"

#include <stdio.h>

static bool hex_digit(struct str label, unsigned *out)
{
	if (label.n != 1)
		return false;
	char c = label.p[0];
	*out = (unsigned)(c >= '0' && c <= '9'   ? c - '0'
			  : c >= 'a' && c <= 'f' ? c - 'a' + 10
						 : 16);
	return *out < 16;
}

/* "1.0.43.10.in-addr.arpa", "….ip6.arpa" */
static bool reverse_address(struct str name, struct dns_address *a)
{
	struct str label;
	*a = (struct dns_address){ 0 };
	if (str_ends(name, STR(".in-addr.arpa"))) {
		struct str rest = str_of(name.p, name.n - strlen(".in-addr.arpa"));
		uint64_t v;
		for (a->size = 4; a->size > 0 && str_next(&rest, '.', &label); a->size--) {
			if (!str_to_u64(label, &v) || v > 255)
				return false;
			a->bytes[a->size - 1] = (uint8_t)v;
		}
		bool whole = a->size == 0 && rest.p == NULL;
		a->size = 4;
		return whole;
	}
	if (!str_ends(name, STR(".ip6.arpa")))
		return false;
	struct str rest = str_of(name.p, name.n - strlen(".ip6.arpa"));
	unsigned i = 0, digit;
	for (; i < 32 && str_next(&rest, '.', &label); i++) {
		if (!hex_digit(label, &digit))
			return false;
		a->bytes[15 - i / 2] |= (uint8_t)(i % 2 ? digit << 4 : digit);
	}
	a->size = 16;
	return i == 32 && rest.p == NULL;
}

bool dns_task_reverse(struct dns_task *t)
{
	struct dns_address a;
	char name[2 * DNS_NAME_MAX], host[DNS_ENDPOINT_NAME_MAX];
	if (!reverse_address(t->q->name, &a))
		return false;
	const struct dns_pointer *p = dns_records_reverse(t->zone->records, &a);
	for (const struct dns_pointer *x = p; x; x = x->next) {
		struct str e = x->endpoint ? dns_endpoint_name(x->endpoint, host) : STR("");
		snprintf(name, sizeof(name), "%.*s%s%s.svc.%s", STR_ARG(e), e.n ? "." : "",
			 x->service->key, t->zone->domain);
		if (t->q->type == DNS_PTR)
			dns_add_name(t->a, DNS_ANSWER, DNS_HEADER, DNS_PTR, DNS_TTL_S,
				     str_from(name));
	}
	return p != NULL;
}
