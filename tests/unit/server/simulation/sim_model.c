/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/simulation/sim_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/object/meta.h"
#include "api/values/quantity.h"
#include "base/mem.h"
#include "tests/unit/server/simulation/sim_time.h"

void sim_broken(struct sim_model *m, const char *fmt, ...)
{
	va_list ap;
	if (m->broken[0])
		return;
	int n = snprintf(m->broken, sizeof(m->broken), "at %.3f s: ", (double)sim_now_us() / 1e6);
	va_start(ap, fmt);
	vsnprintf(m->broken + n, sizeof(m->broken) - (size_t)n, fmt, ap);
	va_end(ap);
}

const struct sim_object *sim_object_of(const struct sim_model *m, struct str uid)
{
	return map_get(&m->uids, uid);
}

bool sim_pod_counts(const struct sim_object *o, struct str owner)
{
	const struct sim_pod *p = o->pod;
	return p && !p->terminal && !p->deleting && str_eq(p->owner, owner);
}

static int64_t amount(const json_t *spec, const char *resource, bool milli)
{
	int64_t sum = 0;
	const json_t *containers = tree_get(spec, "containers", NULL);
	for (size_t i = 0; i < json_array_size(containers); i++) {
		struct quantity q = { 0 };
		struct str text = tree_get_str(json_array_get(containers, i), "resources",
					       "requests", resource, NULL);
		if (text.n && quantity_parse(text, &q, NULL) == 0)
			sum += milli ? quantity_milli(q) : quantity_i64(q);
	}
	return sum;
}

static struct str target_of(const json_t *spec)
{
	const json_t *terms = tree_get(spec, "affinity", "nodeAffinity",
				       "requiredDuringSchedulingIgnoredDuringExecution",
				       "nodeSelectorTerms", NULL);
	const json_t *fields = tree_get(json_array_get(terms, 0), "matchFields", NULL);
	return tree_str(json_array_get(tree_get(json_array_get(fields, 0), "values", NULL), 0));
}

static bool is_ready(const json_t *tree)
{
	const json_t *all = tree_get(tree, "status", "conditions", NULL);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *c = json_array_get(all, i);
		if (str_eqz(tree_get_str(c, "type", NULL), "Ready"))
			return str_eqz(tree_get_str(c, "status", NULL), "True");
	}
	return false;
}

static struct sim_pod *pod_of(const json_t *tree)
{
	struct sim_pod *p = NEW(struct sim_pod);
	const json_t *spec = tree_get(tree, "spec", NULL), *owner = meta_controller(tree);
	const json_t *first = json_array_get(tree_get(spec, "containers", NULL), 0);
	struct str phase = tree_get_str(tree, "status", "phase", NULL);
	*p = (struct sim_pod){
		.owner = tree_get_str(owner, "uid", NULL),
		.owner_kind = tree_get_str(owner, "kind", NULL),
		.node = tree_get_str(spec, "nodeName", NULL),
		.app = meta_label(tree, "app"),
		.index = meta_annotation(tree, "batch.kubernetes.io/job-completion-index"),
		.cpu_milli = amount(spec, "cpu", true),
		.memory = amount(spec, "memory", false),
		.port = tree_int(tree_get(json_array_get(tree_get(first, "ports", NULL), 0),
					  "hostPort", NULL),
				 0),
		.terminal = str_eqz(phase, "Succeeded") || str_eqz(phase, "Failed"),
		.deleting = meta_deletion(tree).n > 0,
		.ready = is_ready(tree),
		.apart = tree_get(spec, "affinity", "podAntiAffinity",
				  "requiredDuringSchedulingIgnoredDuringExecution", NULL) != NULL,
	};
	p->target = p->node.n ? p->node : target_of(spec);
	return p;
}

static struct sim_object *object_made(const struct store_event *ev)
{
	struct sim_object *o = mem_zalloc(sizeof(*o) + ev->key.n + 1);
	memcpy(o + 1, ev->key.p, ev->key.n);
	o->key = str_of(o + 1, ev->key.n);
	o->tree = json_loadb(ev->value.p, ev->value.n, 0, NULL);
	o->kind = meta_kind(o->tree);
	o->ns = meta_namespace(o->tree);
	o->name = meta_name(o->tree);
	o->uid = meta_uid(o->tree);
	o->foreground = meta_has_finalizer(o->tree, STR("foregroundDeletion"));
	if (str_starts(ev->key, STR("/registry/pods/")))
		o->pod = pod_of(o->tree);
	return o;
}

static void object_free(void *object)
{
	struct sim_object *o = object;
	if (!o)
		return;
	json_decref(o->tree);
	free(o->pod);
	free(o);
}

void sim_model_free(struct sim_model *m)
{
	map_free(&m->uids, NULL);
	map_free(&m->objects, object_free);
	map_free(&m->owners, free);
}

static void size_noted(struct sim_model *m, const struct sim_object *o)
{
	const json_t *size = tree_get(o->tree, "spec", "replicas", NULL);
	struct sim_owner *w = map_get(&m->owners, o->uid);
	if (!w && !tree_get(o->tree, "spec", "template", NULL))
		return;
	if (!w)
		map_put(&m->owners, o->uid, w = NEW(struct sim_owner));
	int64_t wanted = tree_int(size, 0);
	if (wanted < w->wanted) {
		w->high = sim_now_us() - w->high_us < 30000000 && w->high > w->wanted ? w->high
										      : w->wanted;
		w->high_us = sim_now_us();
	}
	w->wanted = wanted;
}

void sim_model_event(void *model, const struct store_event *ev)
{
	struct sim_model *m = model;
	struct sim_object *old, *new = NULL;
	m->commits++;
	if (str_starts(ev->key, STR("/registry/leases/")) ||
	    str_starts(ev->key, STR("/registry/events/")) ||
	    !str_starts(ev->key, STR("/registry/")))
		return;
	m->busy_us = sim_now_us();
	if (ev->type == STORE_PUT) {
		new = object_made(ev);
		old = map_put(&m->objects, ev->key, new);
		new->foreground |= old &&str_eq(old->uid, new->uid) && old->foreground;
		map_put(&m->uids, new->uid, new);
		size_noted(m, new);
	} else {
		old = map_del(&m->objects, ev->key);
		if (old)
			map_del(&m->uids, old->uid);
	}
	sim_rules_event(m, old, new);
	object_free(old);
}
