/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/image_gc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "agent/kubelet/node/node.h"
#include "base/log.h"
#include "base/mem.h"

int64_t image_gc_wanted(int64_t size_bytes, int64_t available_bytes)
{
	int64_t used = size_bytes - available_bytes;
	if (size_bytes <= 0 || used < size_bytes / 100 * IMAGE_GC_HIGH_PERCENT)
		return 0;
	return used - size_bytes / 100 * IMAGE_GC_LOW_PERCENT;
}

static int unused_and_large_first(const void *a, const void *b)
{
	const struct image_gc_item *x = a, *y = b;
	if (x->used != y->used)
		return x->used ? 1 : -1;
	return x->size_bytes < y->size_bytes ? 1 : x->size_bytes > y->size_bytes ? -1 : 0;
}

size_t image_gc_choose(struct image_gc_item *items, size_t count, int64_t wanted_bytes)
{
	size_t n = 0;
	if (count)
		qsort(items, count, sizeof(*items), unused_and_large_first);
	for (; n < count && !items[n].used && wanted_bytes > 0; n++)
		wanted_bytes -= items[n].size_bytes;
	return n;
}

struct collection {
	struct kubelet *k;
	struct map used; /* ids of images that containers have */
	int64_t wanted_bytes;
	size_t removed;
	void (*done)(void *ctx); /* may be NULL */
	void *ctx;
};

static void note_used(void *ctx, const struct container_status *s)
{
	struct collection *c = ctx;
	map_put(&c->used, str_from(s->image), c);
}

/* A pod may be about to ask for what was just brought here. A clock that was set back says nothing. */
static bool is_young(const struct image *i)
{
	int64_t age_s = (int64_t)time(NULL) - i->stored_s;
	return age_s >= 0 && age_s < IMAGE_GC_MIN_AGE_S;
}

static void collect(void *ctx)
{
	struct collection *c = ctx;
	struct image **list = NULL;
	size_t count = 0;
	if (image_list(c->k->images, &list, &count, NULL) < 0)
		return;
	struct image_gc_item *items = mem_zalloc((count + 1) * sizeof(*items));
	for (size_t i = 0; i < count; i++)
		items[i] = (struct image_gc_item){ list[i]->id, list[i]->size_bytes,
						   map_get(&c->used, str_from(list[i]->id)) ||
							   is_young(list[i]) };
	size_t n = image_gc_choose(items, count, c->wanted_bytes);
	for (size_t i = 0; i < n; i++)
		c->removed += image_remove(c->k->images, items[i].id, NULL) == 0;
	free(items);
	for (size_t i = 0; i < count; i++)
		image_free(list[i]);
	free(list);
}

static void collected(void *ctx)
{
	struct collection *c = ctx;
	if (c->removed || !c->done)
		log_info("removed unused images: the disk is nearly full",
			 LOG_I("images", c->removed));
	if (c->removed && c->k->node)
		node_images_changed(c->k->node);
	map_free(&c->used, NULL);
	if (c->done)
		c->done(c->ctx);
	free(c);
}

static void start(struct kubelet *k, int64_t wanted_bytes, void (*done)(void *ctx), void *ctx)
{
	struct collection *c = NEW(struct collection);
	*c = (struct collection){ .k = k, .wanted_bytes = wanted_bytes, .done = done, .ctx = ctx };
	runtime_each_container(k->runtime, NULL, note_used, c);
	loop_work(k->loop, collect, collected, c);
}

void image_gc_unused(struct kubelet *k, void (*done)(void *ctx), void *ctx)
{
	start(k, INT64_MAX, done, ctx);
}

void image_gc(struct kubelet *k)
{
	struct statvfs fs;
	if (statvfs(k->config.data_dir, &fs) < 0)
		return;
	int64_t wanted = image_gc_wanted((int64_t)(fs.f_blocks * fs.f_frsize),
					 (int64_t)(fs.f_bavail * fs.f_frsize));
	if (wanted)
		start(k, wanted, NULL, NULL);
}
