/* SPDX-License-Identifier: Apache-2.0 */
/* Families and series are only ever added, under one lock; values are atomics. A double is kept as its bits. */
#include "base/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

struct metric {
	struct metric_family *family;
	struct metric *next;
	char *labels;              /* `{a="b"}` without the braces */
	_Atomic uint64_t value;    /* bits of a double; a histogram's sum */
	_Atomic uint64_t counts[]; /* a histogram's buckets, +Inf last */
};

struct metric_family {
	enum metric_type type;
	char *name, *help;
	const char *const *labels;
	const double *buckets;
	size_t nbuckets, nseries;
	struct metric *first, *last;
	struct map series;
	struct metric_family *next;
};

struct collector {
	void (*fn)(void *ctx);
	void *ctx;
	struct collector *next;
};

static struct {
	pthread_mutex_t lock;
	struct metric_family *first, *last;
	struct map by_name;
	struct collector *collectors;
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct metric_family *metric_family(enum metric_type type, const char *name, const char *help,
				    const char *const *labels, const double *buckets,
				    size_t nbuckets)
{
	pthread_mutex_lock(&registry.lock);
	struct metric_family *f = map_get(&registry.by_name, str_from(name));
	if (!f) {
		f = NEW(struct metric_family);
		*f = (struct metric_family){
			.type = type, .labels = labels, .buckets = buckets, .nbuckets = nbuckets
		};
		f->name = str_dup(str_from(name));
		f->help = str_dup(str_from(help));
		map_put(&registry.by_name, str_from(name), f);
		if (registry.last)
			registry.last->next = f;
		else
			registry.first = f;
		registry.last = f;
	}
	pthread_mutex_unlock(&registry.lock);
	return f;
}

static void label_text(const struct metric_family *f, const char *const *values, struct buf *out)
{
	for (size_t i = 0; f->labels && f->labels[i]; i++) {
		if (i)
			buf_putc(out, ',');
		buf_puts(out, f->labels[i]);
		buf_putc(out, '=');
		buf_json_string(out, str_from(values[i]));
	}
}

static struct metric *series_add(struct metric_family *f, struct str labels)
{
	size_t counts = f->type == METRIC_HISTOGRAM ? f->nbuckets + 1 : 0;
	struct metric *m = mem_zalloc(sizeof(*m) + counts * sizeof(m->counts[0]));
	m->family = f;
	m->labels = str_dup(labels);
	map_put(&f->series, labels, m);
	if (f->last)
		f->last->next = m;
	else
		f->first = m;
	f->last = m;
	f->nseries++;
	return m;
}

struct metric *metric_with(struct metric_family *f, const char *const *values)
{
	auto_buf labels = { 0 };
	label_text(f, values, &labels);
	pthread_mutex_lock(&registry.lock);
	struct metric *m = map_get(&f->series, buf_view(&labels));
	if (!m && f->nseries >= METRIC_SERIES_MAX)
		m = f->last; /* bounded, whatever clients make up */
	else if (!m)
		m = series_add(f, buf_view(&labels));
	pthread_mutex_unlock(&registry.lock);
	return m;
}

static double from_bits(uint64_t bits)
{
	double v;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

static uint64_t to_bits(double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

void metric_add(struct metric *m, double v)
{
	uint64_t old = atomic_load_explicit(&m->value, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&m->value, &old, to_bits(from_bits(old) + v),
						      memory_order_relaxed, memory_order_relaxed))
		;
}

void metric_set(struct metric *m, double v)
{
	atomic_store_explicit(&m->value, to_bits(v), memory_order_relaxed);
}

void metric_observe(struct metric *m, double v)
{
	const struct metric_family *f = m->family;
	size_t i = 0;
	while (i < f->nbuckets && v > f->buckets[i])
		i++;
	atomic_fetch_add_explicit(&m->counts[i], 1, memory_order_relaxed);
	metric_add(m, v);
}

void metrics_on_collect(void (*fn)(void *ctx), void *ctx)
{
	struct collector *c = NEW(struct collector);
	pthread_mutex_lock(&registry.lock);
	*c = (struct collector){ fn, ctx, registry.collectors };
	registry.collectors = c;
	pthread_mutex_unlock(&registry.lock);
}

static void number(struct buf *out, double v)
{
	if (isinf(v))
		buf_puts(out, v > 0 ? "+Inf" : "-Inf");
	else if (v == floor(v) && fabs(v) < 1e15)
		buf_i64(out, (int64_t)v);
	else
		buf_printf(out, "%.17g", v);
}

static void sample(struct buf *out, const struct metric *m, const char *suffix, const char *le,
		   double v)
{
	buf_printf(out, "%s%s", m->family->name, suffix);
	if (*m->labels || le)
		buf_printf(out, "{%s%s", m->labels, *m->labels && le ? "," : "");
	if (le)
		buf_printf(out, "le=\"%s\"", le);
	if (*m->labels || le)
		buf_putc(out, '}');
	buf_putc(out, ' ');
	number(out, v);
	buf_putc(out, '\n');
}

static void histogram(struct buf *out, const struct metric *m)
{
	uint64_t sum = 0;
	for (size_t i = 0; i <= m->family->nbuckets; i++) {
		char le[32] = "+Inf";
		if (i < m->family->nbuckets)
			snprintf(le, sizeof(le), "%g", m->family->buckets[i]);
		sum += atomic_load_explicit(&m->counts[i], memory_order_relaxed);
		sample(out, m, "_bucket", le, (double)sum);
	}
	sample(out, m, "_sum", NULL, from_bits(atomic_load(&m->value)));
	sample(out, m, "_count", NULL, (double)sum);
}

void metrics_render(struct buf *out)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	pthread_mutex_lock(&registry.lock);
	struct collector *collectors = registry.collectors;
	pthread_mutex_unlock(&registry.lock);
	for (struct collector *c = collectors; c; c = c->next)
		c->fn(c->ctx);
	pthread_mutex_lock(&registry.lock);
	for (struct metric_family *f = registry.first; f; f = f->next) {
		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name,
			   types[f->type]);
		for (struct metric *m = f->first; m; m = m->next) {
			if (f->type == METRIC_HISTOGRAM)
				histogram(out, m);
			else
				sample(out, m, "", NULL, from_bits(atomic_load(&m->value)));
		}
	}
	pthread_mutex_unlock(&registry.lock);
}
