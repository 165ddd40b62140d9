/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/pairs.h"

#include "base/mem.h"

void pairs_set(struct api_str_map *m, struct arena *a, const char *key, struct str value)
{
	struct api_str_pair *items = ARENA_ARRAY(a, struct api_str_pair, m->n + 1);
	size_t n = 0, i = 0;

	for (; i < m->n && str_cmp(m->items[i].key, str_from(key)) < 0; i++)
		items[n++] = m->items[i];
	items[n++] = (struct api_str_pair){ str_from(key), value };
	for (; i < m->n; i++)
		if (!str_eqz(m->items[i].key, key))
			items[n++] = m->items[i];
	*m = (struct api_str_map){ items, n };
}

int64_t pairs_number(const struct api_str_map *m, const char *key)
{
	int64_t v = 0;

	for (size_t i = 0; i < m->n; i++)
		if (str_eqz(m->items[i].key, key))
			str_to_i64(m->items[i].value, &v);
	return v;
}

int32_t scaled_value(const struct api_int_or_string *v, int32_t of, bool up)
{
	int64_t percent;

	if (!v->set)
		return 0;
	if (!v->is_string)
		return v->i;
	if (!str_ends(v->s, STR("%")) || !str_to_i64(str_of(v->s.p, v->s.n - 1), &percent))
		return 0;
	return (int32_t)((percent * of + (up ? 99 : 0)) / 100);
}
