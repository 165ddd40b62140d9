/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/params.h"

#include "base/encode.h"

struct str params_decode(struct str s, bool plus, struct arena *a)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char byte;
		if (s.p[i] == '%' && i + 2 < s.n && hex_decode(&byte, 1, str_of(s.p + i + 1, 2))) {
			out[n++] = (char)byte;
			i += 2;
		} else {
			out[n++] = plus && s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	return str_of(out, n);
}

void params_parse(struct str text, struct arena *a, struct params *out)
{
	size_t max = 1;
	struct str part;
	for (size_t i = 0; i < text.n; i++)
		max += text.p[i] == '&';
	out->items = ARENA_ARRAY(a, struct str_pair, max);
	out->n = 0;
	while (str_next(&text, '&', &part)) {
		struct str name;
		if (!part.n)
			continue;
		str_next(&part, '=', &name);
		out->items[out->n++] = (struct str_pair){ params_decode(name, true, a),
							  params_decode(part, true, a) };
	}
}

struct str params_get(const struct params *q, const char *name)
{
	for (size_t i = 0; i < q->n; i++)
		if (str_eqz(q->items[i].name, name))
			return q->items[i].value;
	return (struct str){ 0 };
}

bool params_flag(const struct params *q, const char *name)
{
	struct str v = params_get(q, name);
	return str_eqz(v, "1") || str_eqz(v, "true");
}

bool params_i64(const struct params *q, const char *name, int64_t *out)
{
	return str_to_i64(params_get(q, name), out);
}

const char **params_all(const struct params *q, const char *name, struct arena *a)
{
	const char **out = ARENA_ARRAY(a, const char *, q->n + 1);
	size_t n = 0;
	for (size_t i = 0; i < q->n; i++)
		if (str_eqz(q->items[i].name, name))
			out[n++] = arena_strdup(a, q->items[i].value);
	return out;
}
