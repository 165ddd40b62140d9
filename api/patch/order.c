/* SPDX-License-Identifier: Apache-2.0 */
/* Items of lists are found through a map from merge key to position, so a patch of n items costs n. */
#include "api/patch/order.h"

#include "api/object/meta.h"
#include "api/values/go_format.h"
#include "base/mem.h"

/* ---- positions of items by key ---- */

/* A scalar as text that keeps its JSON type apart ("1" is not 1). */
static void key_text(const json_t *value, struct buf *out)
{
	buf_reset(out);
	buf_putc(out, (char)('0' + (value ? (int)json_typeof(value) : 9)));
	if (json_is_string(value))
		buf_str(out, tree_str(value));
	else if (json_is_integer(value))
		buf_i64(out, json_integer_value(value));
	else
		tree_format_go(value, out);
}

const json_t *positions_key(const json_t *item, const char *merge_key)
{
	return merge_key ? json_object_get(item, merge_key) : item;
}

void positions_add(struct positions *p, const json_t *item, size_t at)
{
	key_text(positions_key(item, p->merge_key), &p->text);
	if (!map_get(&p->map, buf_view(&p->text)))
		map_put(&p->map, buf_view(&p->text), (void *)(uintptr_t)(at + 1));
}

void positions_init(struct positions *p, const json_t *list, const char *merge_key)
{
	size_t i;
	json_t *item;
	*p = (struct positions){ .merge_key = merge_key };
	json_array_foreach (list, i, item)
		positions_add(p, item, i);
}

long positions_of(struct positions *p, const json_t *item)
{
	key_text(positions_key(item, p->merge_key), &p->text);
	return (long)(uintptr_t)map_get(&p->map, buf_view(&p->text)) - 1;
}

void positions_free(struct positions *p)
{
	map_free(&p->map, NULL);
	buf_free(&p->text);
}

/* ---- order ---- */

struct ordered {
	json_t *item;      /* borrowed */
	long wanted, live; /* positions in the wanted order and in the live list, -1: not there */
	size_t was;
};

static int by_wanted(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	if (x->wanted != y->wanted)
		return x->wanted < y->wanted ? -1 : 1;
	return x->was < y->was ? -1 : x->was > y->was;
}

static int by_live(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	long lx = x->live < 0 ? INT32_MAX : x->live, ly = y->live < 0 ? INT32_MAX : y->live;
	if (lx != ly)
		return lx < ly ? -1 : 1;
	return x->was < y->was ? -1 : x->was > y->was;
}

/* Two ordered runs into one: a server-only item goes before the first patched item that stood behind it in the live list. */
static json_t *interleave(const struct ordered *server, size_t nserver,
			  const struct ordered *patched, size_t npatched)
{
	json_t *out = json_array();
	size_t i = 0, j = 0;
	while (i < nserver || j < npatched) {
		bool take_server =
			j >= npatched || (i < nserver && server[i].live >= 0 &&
					  patched[j].live >= 0 && server[i].live < patched[j].live);
		json_array_append(out, take_server ? server[i++].item : patched[j++].item);
	}
	return out;
}

/* `merged` in upstream's order: items named by `wanted` as it has them, between them the others as `live` had them. New reference. */
json_t *patch_order(const json_t *merged, const json_t *wanted, struct positions *live,
		    const char *merge_key)
{
	size_t n = json_array_size(merged), nserver = 0, npatched = 0, i;
	json_t *item;
	struct positions want;
	struct ordered *server = mem_alloc((n + 1) * sizeof(*server)),
		       *patched = mem_alloc((n + 1) * sizeof(*patched));
	positions_init(&want, wanted, merge_key);
	json_array_foreach (merged, i, item) {
		struct ordered o = { item, positions_of(&want, item), positions_of(live, item), i };
		if (o.wanted >= 0)
			patched[npatched++] = o;
		else
			server[nserver++] = o;
	}
	qsort(patched, npatched, sizeof(*patched), by_wanted);
	qsort(server, nserver, sizeof(*server), by_live);
	json_t *out = interleave(server, nserver, patched, npatched);
	positions_free(&want);
	free(server);
	free(patched);
	return out;
}
