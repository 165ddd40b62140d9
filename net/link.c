/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"

/* "http:" of "http://host/path": letters, digits and "+-." before the first colon. */
static size_t scheme_length(struct str link)
{
	for (size_t i = 0; i < link.n; i++) {
		char c = link.p[i], lower = (char)(c | 0x20);
		bool letter = lower >= 'a' && lower <= 'z';
		if (c == ':')
			return i ? i + 1 : 0;
		if (!letter &&
		    (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
			return 0;
	}
	return 0;
}

bool link_rewrite(const struct link_base *base, struct str link, struct buf *out)
{
	if (!link.n)
		return false;
	size_t scheme = scheme_length(link);
	struct str rest = str_of(link.p + scheme, link.n - scheme);
	if (str_starts(rest, STR("//"))) {
		struct str host = str_of(rest.p + 2, str_find(str_of(rest.p + 2, rest.n - 2), '/'));
		if (!host.n || (!str_eq(host, base->host) && !str_eq(host, base->asked)))
			return false;
		rest = str_of(host.p + host.n, rest.n - 2 - host.n);
	} else if (scheme) {
		return false; /* mailto:, data: … */
	}
	if (!str_starts(rest, STR("/")))
		return false;
	bool shown = str_starts(rest, base->prefix);
	if (shown && rest.n == link.n)
		return false;
	if (!shown)
		buf_str(out, base->prefix);
	buf_str(out, rest);
	return true;
}
