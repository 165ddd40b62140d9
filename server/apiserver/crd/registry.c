/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/crd/registry.h"

#include <pthread.h>
#include <stdio.h>

#include "api/registry.h"
#include "base/mem.h"

#define NAME_MAX_BYTES 640

struct crd_registry {
	pthread_mutex_t lock; /* held for pointer work only */
	struct crd_set *now;
};

static void unref(void *c)
{
	crd_unref(c);
}

struct crd_set *crd_set_ref(struct crd_set *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void crd_set_unref(struct crd_set *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	map_free(&s->by_name, unref);
	free(s->all);
	free(s);
}

/* Groups by name; in a group its preferred version first; resources by name. */
static int by_place(const void *x, const void *y)
{
	const struct api_resource *a = *(const struct api_resource *const *)x,
				  *b = *(const struct api_resource *const *)y;
	int c = strcmp(a->group, b->group);
	if (c == 0)
		c = crd_version_order(a->version, b->version);
	return c ? c : strcmp(a->plural, b->plural);
}

static void set_list(struct crd_set *s)
{
	size_t cap = api_builtin_count;
	struct map_entry *e;
	for (size_t i = 0; (e = map_next(&s->by_name, &i));)
		cap += ((struct crd *)e->value)->nversions;
	s->all = mem_alloc((cap + 1) * sizeof(*s->all));
	for (; s->n < api_builtin_count; s->n++)
		s->all[s->n] = api_builtin[s->n];
	for (size_t i = 0; (e = map_next(&s->by_name, &i));) {
		const struct crd *c = e->value;
		for (size_t k = 0; k < c->nversions; k++)
			if (c->served[k])
				s->all[s->n++] = &c->versions[k];
	}
	qsort(s->all + api_builtin_count, s->n - api_builtin_count, sizeof(*s->all), by_place);
}

static struct crd_set *set_new(const struct crd_set *like)
{
	struct crd_set *s = NEW(struct crd_set);
	struct map_entry *e;
	atomic_init(&s->refs, 1);
	for (size_t i = 0; like && (e = map_next(&like->by_name, &i));)
		map_put(&s->by_name, e->key, crd_ref(e->value));
	return s;
}

struct crd_registry *crd_registry_new(void)
{
	struct crd_registry *g = NEW(struct crd_registry);
	pthread_mutex_init(&g->lock, NULL);
	g->now = set_new(NULL);
	set_list(g->now);
	return g;
}

void crd_registry_free(struct crd_registry *g)
{
	if (!g)
		return;
	crd_set_unref(g->now);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

struct crd_set *crd_registry_now(struct crd_registry *g)
{
	pthread_mutex_lock(&g->lock);
	struct crd_set *s = crd_set_ref(g->now);
	pthread_mutex_unlock(&g->lock);
	return s;
}

static const struct api_resource *find(const struct crd_set *s, struct str group,
				       struct str version, struct str plural)
{
	char name[NAME_MAX_BYTES];
	int n = snprintf(name, sizeof(name), "%.*s.%.*s", STR_ARG(plural), STR_ARG(group));
	if (n < 0 || (size_t)n >= sizeof(name))
		return NULL;
	const struct crd *c = map_get(&s->by_name, str_of(name, (size_t)n));
	const struct api_resource *r = c ? crd_version(c, version) : NULL;
	return r && crd_serves(c, r) ? r : NULL;
}

const struct api_resource *crd_registry_find(struct crd_registry *g, struct str group,
					     struct str version, struct str plural)
{
	pthread_mutex_lock(&g->lock);
	const struct api_resource *r = api_resource_ref(find(g->now, group, version, plural));
	pthread_mutex_unlock(&g->lock);
	return r;
}

bool crd_registry_has_version(struct crd_registry *g, struct str group, struct str version)
{
	struct crd_set *s = crd_registry_now(g);
	bool found = false;
	for (size_t i = api_builtin_count; i < s->n && !found; i++)
		found = str_eqz(group, s->all[i]->group) && str_eqz(version, s->all[i]->version);
	crd_set_unref(s);
	return found;
}

struct crd *crd_registry_put(struct crd_registry *g, struct str name, struct crd *c)
{
	struct crd_set *old = g->now, *s = set_new(old);
	struct crd *before =
		c ? map_put(&s->by_name, name, crd_ref(c)) : map_del(&s->by_name, name);
	set_list(s);
	pthread_mutex_lock(&g->lock);
	g->now = s;
	pthread_mutex_unlock(&g->lock);
	crd_set_unref(old);
	return before;
}
