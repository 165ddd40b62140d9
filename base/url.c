/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include "base/encode.h"

bool percent_decode(struct arena *a, struct str in, bool plus, struct str *out)
{
	if (!memchr(in.p ? in.p : "", '%', in.n) &&
	    !(plus && memchr(in.p ? in.p : "", '+', in.n))) {
		*out = arena_str(a, in);
		return true;
	}
	char *to = arena_alloc(a, in.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (c == '%') {
			if (i + 2 >= in.n || !hex_decode(&c, 1, str_of(in.p + i + 1, 2)))
				return false;
			i += 2;
		} else if (plus && c == '+') {
			c = ' ';
		}
		to[n++] = c;
	}
	*out = str_of(to, n);
	return true;
}

bool query_next(struct str *rest, struct str *key, struct str *value)
{
	struct str pair;
	while (str_next(rest, '&', &pair)) {
		if (pair.n == 0)
			continue;
		size_t eq = str_find(pair, '=');
		*key = str_of(pair.p, eq);
		*value = eq < pair.n ? str_of(pair.p + eq + 1, pair.n - eq - 1)
				     : str_of(pair.p + pair.n, 0);
		return true;
	}
	return false;
}

struct str query_get(struct arena *a, struct str query, const char *name)
{
	struct str key, value, out;
	while (query_next(&query, &key, &value))
		if (str_eqz(key, name))
			return percent_decode(a, value, true, &out) ? out : (struct str){ 0 };
	return (struct str){ 0 };
}

bool query_has(struct str query, const char *name)
{
	struct str key, value;
	while (query_next(&query, &key, &value))
		if (str_eqz(key, name))
			return true;
	return false;
}

void query_each(struct arena *a, struct str query,
		void (*fn)(void *ctx, struct str key, struct str value), void *ctx)
{
	struct str key, value, k, v;
	while (query_next(&query, &key, &value))
		if (percent_decode(a, key, true, &k) && percent_decode(a, value, true, &v))
			fn(ctx, k, v);
}
