/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the place of jansson's src/hashtable.c, under its header. Nearly all objects of an API have a handful of members: those are
 * looked through in their order, so that nobody hashes a key and an object costs no table. Larger ones get buckets, chains of
 * pairs through list.next that end with NULL, under jansson's own seeded hash. */
#if HAVE_CONFIG_H
#include <jansson_private_config.h>
#endif

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hashtable.h"
#include "jansson_private.h" /* for container_of() */
#include <jansson_config.h>

#define FEW         12 /* members that need no buckets */
#define FIRST_ORDER 5  /* 32 buckets; as many as pairs at least */

typedef struct hashtable_list list_t;
typedef struct hashtable_pair pair_t;

extern volatile uint32_t hashtable_seed;
#include "lookup3.h"

static pair_t *in_order(list_t *l)
{
	return container_of(l, pair_t, ordered_list);
}

static pair_t *in_chain(list_t *l)
{
	return container_of(l, pair_t, list);
}

static list_t **bucket_of(hashtable_t *t, size_t hash)
{
	return &t->buckets[hash & hashmask(t->order)].first;
}

static int is(const pair_t *p, const char *key, size_t n)
{
	return p->key_len == n && memcmp(p->key, key, n) == 0;
}

static pair_t *find(hashtable_t *t, const char *key, size_t n)
{
	list_t *l;
	if (t->buckets) {
		size_t hash = hashlittle(key, n, hashtable_seed);
		for (l = *bucket_of(t, hash); l; l = l->next)
			if (in_chain(l)->hash == hash && is(in_chain(l), key, n))
				return in_chain(l);
		return NULL;
	}
	for (l = t->ordered_list.next; l != &t->ordered_list; l = l->next)
		if (is(in_order(l), key, n))
			return in_order(l);
	return NULL;
}

static void hang(hashtable_t *t, pair_t *p)
{
	list_t **bucket = bucket_of(t, p->hash);
	p->list.next = *bucket;
	*bucket = &p->list;
}

/* Without memory for more buckets the chains, or the one list, just stay longer. */
static void rehash(hashtable_t *t, size_t order)
{
	struct hashtable_bucket *fresh = jsonp_malloc(hashsize(order) * sizeof(*fresh));
	list_t *l;
	if (!fresh)
		return;
	memset(fresh, 0, hashsize(order) * sizeof(*fresh));
	for (l = t->ordered_list.next; !t->buckets && l != &t->ordered_list; l = l->next)
		in_order(l)->hash =
			hashlittle(in_order(l)->key, in_order(l)->key_len, hashtable_seed);
	jsonp_free(t->buckets);
	t->buckets = fresh;
	t->order = order;
	for (l = t->ordered_list.next; l != &t->ordered_list; l = l->next)
		hang(t, in_order(l));
}

static pair_t *pair_new(const char *key, size_t n, json_t *value)
{
	pair_t *p;
	if (n >= (size_t)-1 - offsetof(pair_t, key))
		return NULL;
	p = jsonp_malloc(offsetof(pair_t, key) + n + 1);
	if (!p)
		return NULL;
	p->value = value;
	p->key_len = n;
	memcpy(p->key, key, n);
	p->key[n] = '\0';
	return p;
}

static void pair_free(pair_t *p)
{
	json_decref(p->value);
	jsonp_free(p);
}

static void append(hashtable_t *t, pair_t *p)
{
	list_t *head = &t->ordered_list, *l = &p->ordered_list;
	l->next = head;
	l->prev = head->prev;
	head->prev->next = l;
	head->prev = l;
	t->size++;
}

static void make_empty(hashtable_t *t)
{
	t->size = t->order = 0;
	t->buckets = NULL;
	t->ordered_list.next = t->ordered_list.prev = &t->ordered_list;
}

int hashtable_init(hashtable_t *t)
{
	make_empty(t);
	return 0;
}

void hashtable_clear(hashtable_t *t)
{
	list_t *l = t->ordered_list.next, *next;
	for (; l != &t->ordered_list; l = next) {
		next = l->next;
		pair_free(in_order(l));
	}
	jsonp_free(t->buckets);
	make_empty(t);
}

void hashtable_close(hashtable_t *t)
{
	hashtable_clear(t);
}

int hashtable_set(hashtable_t *t, const char *key, size_t n, json_t *value)
{
	pair_t *p = find(t, key, n);
	if (p) {
		json_decref(p->value);
		p->value = value;
		return 0;
	}
	p = pair_new(key, n, value);
	if (!p)
		return -1;
	if (t->buckets) {
		p->hash = hashlittle(key, n, hashtable_seed);
		hang(t, p);
	}
	append(t, p);
	if (!t->buckets && t->size > FEW)
		rehash(t, FIRST_ORDER);
	else if (t->buckets && t->size > hashsize(t->order))
		rehash(t, t->order + 1);
	return 0;
}

void *hashtable_get(hashtable_t *t, const char *key, size_t n)
{
	pair_t *p = find(t, key, n);
	return p ? p->value : NULL;
}

int hashtable_del(hashtable_t *t, const char *key, size_t n)
{
	pair_t *p = find(t, key, n);
	if (!p)
		return -1;
	if (t->buckets) {
		list_t **at = bucket_of(t, p->hash);
		while (*at != &p->list)
			at = &(*at)->next;
		*at = p->list.next;
	}
	p->ordered_list.prev->next = p->ordered_list.next;
	p->ordered_list.next->prev = p->ordered_list.prev;
	t->size--;
	pair_free(p);
	return 0;
}

/* ---- iterators are links of the order ---- */

void *hashtable_iter(hashtable_t *t)
{
	return hashtable_iter_next(t, &t->ordered_list);
}

void *hashtable_iter_at(hashtable_t *t, const char *key, size_t n)
{
	pair_t *p = find(t, key, n);
	return p ? &p->ordered_list : NULL;
}

void *hashtable_iter_next(hashtable_t *t, void *iter)
{
	list_t *next = ((list_t *)iter)->next;
	return next == &t->ordered_list ? NULL : next;
}

void *hashtable_iter_key(void *iter)
{
	return in_order(iter)->key;
}

size_t hashtable_iter_key_len(void *iter)
{
	return in_order(iter)->key_len;
}

void *hashtable_iter_value(void *iter)
{
	return in_order(iter)->value;
}

void hashtable_iter_set(void *iter, json_t *value)
{
	json_decref(in_order(iter)->value);
	in_order(iter)->value = value;
}
