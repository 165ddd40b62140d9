/* SPDX-License-Identifier: Apache-2.0 */
/* Prefers nodes that have the pod's images, large ones more, and images that many nodes have more. */
#include "base/buf.h"
#include "server/scheduler/plugin.h"

#define MIB           (1LL << 20)
#define SUM_LEAST     (23 * MIB)
#define PER_CONTAINER (1000 * MIB)

struct state {
	const struct image_place **images; /* those that some node has */
	size_t n, wanted;
};

static bool has_tag(struct str image)
{
	size_t colon = str_rfind(image, ':'), slash = str_rfind(image, '/');

	return colon < image.n && (slash == image.n || colon > slash);
}

static void want(const struct sched_cycle *c, struct state *s, struct str image)
{
	const struct image_place *p;
	auto_buf tagged = { 0 };

	s->wanted++;
	if (!c->cluster->images.by_name.count)
		return;
	buf_str(&tagged, image);
	if (!has_tag(image))
		buf_puts(&tagged, ":latest");
	p = images_find(&c->cluster->images, buf_view(&tagged));
	if (p)
		s->images[s->n++] = p;
}

static bool pre_score(const struct sched_cycle *c, struct node_info *const *nodes, size_t n,
		      void **state)
{
	const struct core_v1_pod_spec *spec = &c->pod->spec;
	struct state *s = ARENA_NEW(c->arena, struct state);

	(void)nodes;
	(void)n;
	s->images = ARENA_ARRAY(c->arena, const struct image_place *,
				spec->containers.n + spec->init_containers.n + spec->volumes.n + 1);
	for (size_t i = 0; i < spec->init_containers.n; i++)
		want(c, s, spec->init_containers.items[i].image);
	for (size_t i = 0; i < spec->containers.n; i++)
		want(c, s, spec->containers.items[i].image);
	for (size_t i = 0; i < spec->volumes.n; i++)
		if (spec->volumes.items[i].image)
			want(c, s, spec->volumes.items[i].image->reference);
	*state = s;
	return s->n > 0;
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct state *s = c->state;
	int64_t sum = 0, highest = PER_CONTAINER * (int64_t)s->wanted;

	for (size_t i = 0; i < s->n; i++)
		if (image_on(s->images[i], n->slot))
			sum += (int64_t)((double)s->images[i]->size_bytes *
					 ((double)s->images[i]->nodes / (double)c->cluster->nlist));
	if (sum < SUM_LEAST)
		sum = SUM_LEAST;
	if (sum > highest)
		sum = highest;
	return SCORE_MAX * (sum - SUM_LEAST) / (highest - SUM_LEAST);
}

const struct sched_plugin plugin_image_locality = {
	.name = "ImageLocality", .pre_score = pre_score, .score = score, .weight = 1
};
