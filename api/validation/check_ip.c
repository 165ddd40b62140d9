/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, in every spelling that is not ambiguous. */
#include "api/validation/check.h"
#include "api/values/addr.h"

int ip_family(struct str text)
{
	struct addr ip;
	return addr_parse(text, &ip) ? ip.family : 0;
}

int cidr_family(struct str text)
{
	struct addr_range c;
	return addr_range_parse(text, &c) ? c.ip.family : 0;
}

static bool check_address(struct check *c, const char *child, struct str text, struct addr *ip)
{
	size_t before = check_causes(c);
	if (!addr_parse(text, ip))
		check_invalid_text(c, child, text,
				   "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
	else if (ip->zeros)
		check_invalid_text(c, child, text, "must not have leading 0s");
	else if (ip->mapped)
		check_invalid_text(c, child, text, "must not be an IPv4-mapped IPv6 address");
	return !check_failed(c, before);
}

void check_ip(struct check *c, const char *child, struct str text)
{
	struct addr ip;
	check_address(c, child, text, &ip);
}

void check_ip_canonical(struct check *c, const char *child, struct str text)
{
	char canonical[ADDR_TEXT_MAX];
	struct addr ip;
	if (!check_address(c, child, text, &ip))
		return;
	addr_text(&ip, canonical);
	if (!str_eqz(text, canonical))
		check_invalid_text(c, child, text, "must be in canonical form (\"%s\")", canonical);
}

void check_ip_reaches(struct check *c, const char *child, struct str text)
{
	static const char *const words[] = {
		[ADDR_LOOPBACK] = "may not be in the loopback range (127.0.0.0/8, ::1/128)",
		[ADDR_LINK_LOCAL] =
			"may not be in the link-local range (169.254.0.0/16, fe80::/10)",
		[ADDR_LINK_MULTICAST] =
			"may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
		[ADDR_BROADCAST] = NULL,
	};
	struct addr ip;
	if (!addr_parse(text, &ip)) {
		check_invalid_text(c, child, text, "must be a valid IP address");
		return;
	}
	enum addr_scope scope = addr_scope(&ip);
	if (scope == ADDR_UNSPECIFIED)
		check_invalid_text(c, child, text, "may not be unspecified (%.*s)", STR_ARG(text));
	else if (words[scope])
		check_invalid_text(c, child, text, "%s", words[scope]);
}

static bool check_range_text(struct check *c, const char *child, struct str text,
			     struct addr_range *out)
{
	size_t before = check_causes(c);
	struct addr masked;
	if (!addr_range_parse(text, out)) {
		check_invalid_text(
			c, child, text,
			"must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
		return false;
	}
	masked = addr_range_masked(out);
	if (out->zeros)
		check_invalid_text(c, child, text,
				   "must not have leading 0s in IP or prefix length");
	else if (out->ip.mapped)
		check_invalid_text(c, child, text, "must not have an IPv4-mapped IPv6 address");
	else if (memcmp(masked.bytes, out->ip.bytes, sizeof(masked.bytes)) != 0)
		check_invalid_text(c, child, text,
				   "must not have bits set beyond the prefix length");
	return !check_failed(c, before);
}

void check_cidr(struct check *c, const char *child, struct str text)
{
	struct addr_range cidr;
	check_range_text(c, child, text, &cidr);
}
