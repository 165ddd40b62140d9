/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/tally.h"

#include "base/mem.h"
#include "client/selectors.h"

static bool namespace_matches(const struct tallies *all, const struct core_v1_pod_affinity_term *t,
			      struct str own, struct str ns)
{
	const struct object *o;

	for (size_t i = 0; i < t->namespaces.n; i++)
		if (str_eq(t->namespaces.items[i], ns))
			return true;
	if (!t->namespace_selector)
		return !t->namespaces.n && str_eq(own, ns);
	if (label_selector_is_empty(t->namespace_selector))
		return true;
	o = all->find_namespace ? all->find_namespace(all->namespace_ctx, ns) : NULL;
	return o && label_selector_matches(t->namespace_selector, o);
}

bool pod_terms_match(const struct tallies *all, const struct pod_terms *t, const struct object *pod)
{
	if (t->without_leaving && pod->deleting)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (!namespace_matches(all, t->items[i], t->own_ns, pod->ns) ||
		    !label_selector_matches(t->items[i]->label_selector, pod) ||
		    (t->empty_selects_none && label_selector_is_empty(t->items[i]->label_selector)))
			return false;
	return t->n > 0;
}

static void write_key(struct buf *out, const struct pod_terms *t, const struct topology *topology,
		      const char *kind)
{
	buf_reset(out);
	buf_printf(out, "%s %d%d %.*s %s", kind, t->without_leaving, t->empty_selects_none,
		   STR_ARG(t->own_ns), topology->key);
	for (size_t i = 0; i < t->n; i++) {
		struct core_v1_pod_affinity_term term = *t->items[i];

		term.topology_key = STR("");
		buf_putc(out, ' ');
		struct_write_json(api_struct_core_v1_pod_affinity_term, &term, out);
	}
}

/* The terms in memory of the tally's own: they are in its key. */
static void keep_terms(struct tally *t, const struct pod_terms *from)
{
	struct core_v1_pod_affinity_term **items =
		ARENA_ARRAY(&t->arena, struct core_v1_pod_affinity_term *, from->n);
	auto_buf json = { 0 };

	t->terms = *from;
	t->terms.own_ns = arena_str(&t->arena, from->own_ns);
	for (size_t i = 0; i < from->n; i++) {
		items[i] = ARENA_NEW(&t->arena, struct core_v1_pod_affinity_term);
		buf_reset(&json);
		struct_write_json(api_struct_core_v1_pod_affinity_term, from->items[i], &json);
		if (struct_read_json(arena_str(&t->arena, buf_view(&json)), &t->arena,
				     api_struct_core_v1_pod_affinity_term, items[i], NULL) < 0)
			abort(); /* it was written a line above */
		t->by_namespace_labels |= items[i]->namespace_selector &&
					  !label_selector_is_empty(items[i]->namespace_selector);
	}
	t->terms.items = (const struct core_v1_pod_affinity_term *const *)items;
}

static struct tally *tally_new(struct map *in, struct str key, const struct pod_terms *terms,
			       struct topology *topology)
{
	struct tally *t = NEW(struct tally);

	t->key = str_dup(key);
	t->topology = topology;
	keep_terms(t, terms);
	map_put(in, key, t);
	return t;
}

static void tally_free(void *v)
{
	struct tally *t = v;

	arena_free(&t->arena);
	free(t->count);
	free(t->key);
	free(t);
}

static void slot_take(struct tallies *all, struct tally *t)
{
	all->changes++;
	t->slot = -1;
	for (int i = 0; i < TALLIES_MAX && t->slot < 0; i++)
		if (!all->slots[i])
			t->slot = i;
	if (t->slot < 0)
		all->nslotless++;
	else
		all->slots[t->slot] = t;
}

static void slot_give(struct tallies *all, struct tally *t)
{
	all->changes++;
	if (t->slot < 0)
		all->nslotless--;
	else
		all->slots[t->slot] = NULL;
}

static void forget(struct map *in, struct tally *t)
{
	map_del(in, str_from(t->key));
	tally_free(t);
}

static void forget_selecting(struct tallies *all, struct tally *t)
{
	slot_give(all, t);
	forget(&all->selecting, t);
}

static void make_room(struct tallies *all)
{
	struct tally *oldest = NULL;
	struct map_entry *e;

	if (all->selecting.count < TALLIES_MAX)
		return;
	for (size_t i = 0; (e = map_next(&all->selecting, &i));) {
		struct tally *t = e->value;

		if (!oldest || t->used < oldest->used)
			oldest = t;
	}
	if (oldest->used <= all->turn)
		forget_selecting(all, oldest);
}

void tallies_turn(struct tallies *all)
{
	all->turn = all->clock;
}

struct tally *tally_selecting(struct tallies *all, const struct pod_terms *terms,
			      struct topology *topology, bool *made)
{
	struct tally *t;

	write_key(&all->scratch, terms, topology, "s");
	t = map_get(&all->selecting, buf_view(&all->scratch));
	*made = !t;
	if (!t) {
		make_room(all);
		t = tally_new(&all->selecting, buf_view(&all->scratch), terms, topology);
		slot_take(all, t);
	}
	t->used = ++all->clock;
	return t;
}

struct tally *tally_carried(struct tallies *all, enum carried_kind kind,
			    const struct core_v1_pod_affinity_term *term, struct str own_ns,
			    struct topology *topology)
{
	const struct pod_terms terms = { .items = &term, .n = 1, .own_ns = own_ns };
	struct tally *t;

	write_key(&all->scratch, &terms, topology, kind == CARRIED_FORBIDS ? "f" : "w");
	t = map_get(&all->carried, buf_view(&all->scratch));
	if (!t)
		t = tally_new(&all->carried, buf_view(&all->scratch), &terms, topology);
	t->carriers++;
	return t;
}

void tally_drop(struct tallies *all, struct tally *t)
{
	if (--t->carriers == 0)
		forget(&all->carried, t);
}

void tally_add(struct tally *t, size_t place, int64_t weight)
{
	int32_t d = topology_domain(t->topology, place);
	size_t had = t->cap;

	if (d == DOMAIN_NONE)
		return;
	t->count = mem_array_grow(t->count, &t->cap, (size_t)d + 1, sizeof(*t->count));
	if (t->cap > had)
		memset(t->count + had, 0, (t->cap - had) * sizeof(*t->count));
	t->count[d] += weight;
	t->total += weight;
	t->version++;
}

static void add_by_asking(struct tallies *all, const struct object *pod, size_t place, int64_t sign)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&all->selecting, &i));) {
		struct tally *t = e->value;

		if (pod_terms_match(all, &t->terms, pod))
			tally_add(t, place, sign);
	}
}

static void set_make(const struct tallies *all, const struct object *pod, struct tally_set *set)
{
	*set = (struct tally_set){ .of = all->changes };
	for (size_t i = 0; i < TALLIES_MAX; i++)
		if (all->slots[i] && pod_terms_match(all, &all->slots[i]->terms, pod))
			set->bits[i / 64] |= 1ULL << (i % 64);
}

void tallies_add(struct tallies *all, const struct object *pod, struct tally_set *set, size_t place,
		 int64_t sign)
{
	if (all->nslotless) {
		add_by_asking(all, pod, place, sign);
		return;
	}
	if (set->of != all->changes)
		set_make(all, pod, set);
	for (size_t w = 0; w < TALLIES_MAX / 64; w++)
		for (uint64_t bits = set->bits[w]; bits; bits &= bits - 1)
			tally_add(all->slots[w * 64 + (size_t)__builtin_ctzll(bits)], place, sign);
}

size_t tallies_meaning(struct tallies *all, enum carried_kind kind, const struct object *pod,
		       struct arena *a, struct tally ***out)
{
	struct tally **found;
	struct map_entry *e;
	size_t n = 0;

	if (!all->carried.count)
		return 0;
	found = ARENA_ARRAY(a, struct tally *, all->carried.count);
	for (size_t i = 0; (e = map_next(&all->carried, &i));) {
		struct tally *t = e->value;

		if (t->key[0] == (kind == CARRIED_FORBIDS ? 'f' : 'w') &&
		    pod_terms_match(all, &t->terms, pod))
			found[n++] = t;
	}
	*out = found;
	return n;
}

void tallies_namespaces_changed(struct tallies *all)
{
	struct tally *stale;
	struct map_entry *e;

	do {
		stale = NULL;
		for (size_t i = 0; !stale && (e = map_next(&all->selecting, &i));)
			if (((struct tally *)e->value)->by_namespace_labels)
				stale = e->value;
		if (stale)
			forget_selecting(all, stale);
	} while (stale);
}

void tallies_free(struct tallies *all)
{
	map_free(&all->selecting, tally_free);
	map_free(&all->carried, tally_free);
	buf_free(&all->scratch);
}
