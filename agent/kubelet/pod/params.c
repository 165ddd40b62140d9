/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/params.h"

static void pair_add(void *ctx, struct str key, struct str value)
{
	struct params *p = ctx;
	p->items[p->n++] = (struct str_pair){ key, value };
}

void params_parse(struct str text, struct arena *a, struct params *out)
{
	size_t max = 1;
	for (size_t i = 0; i < text.n; i++)
		max += text.p[i] == '&';
	*out = (struct params){ .items = ARENA_ARRAY(a, struct str_pair, max) };
	query_each(a, text, pair_add, out);
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
