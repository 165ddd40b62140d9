/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "net/http1_conn.h"

static size_t count_fields(const struct http_request *req, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < req->nfields; i++)
		n += str_eqz(req->fields[i].name, name);
	return n;
}

/* RFC 9110 5.6.2; upper case is gone already */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			  (c && strchr("!#$%&'*+-.^_`|~", c));
		if (!ok)
			return false;
	}
	return s.n > 0;
}

static bool names_are_tokens(const struct http_request *req)
{
	for (size_t i = 0; i < req->nfields; i++) {
		if (!is_token(req->fields[i].name))
			return false;
	}
	return true;
}

static bool is_visible(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	}
	return s.n > 0;
}

const char *http1_check_head(struct http1 *h, struct http1_exchange *x, int *status)
{
	struct str expect = http_header(&x->x.pub, "expect");
	*status = 400;
	if (h->parser.http_major != 1)
		return *status = 505, "HTTP version not supported";
	if (!names_are_tokens(&x->x.pub))
		return "invalid header field name";
	if (!is_visible(x->x.pub.target))
		return "invalid request target";
	if (x->x.pub.version == 11 && !http_header(&x->x.pub, "host").p)
		return "missing required Host header";
	if (count_fields(&x->x.pub, "host") > 1)
		return "too many Host headers";
	if (expect.n > 0 && !str_ieq(expect, STR("100-continue")))
		return *status = 417, "unknown expectation";
	x->expects_continue = expect.n > 0 && x->x.pub.version == 11;
	return NULL;
}
