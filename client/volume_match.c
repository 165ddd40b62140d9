/* SPDX-License-Identifier: Apache-2.0 */
#include "client/volume_match.h"

#include "api/object/object.h"
#include "api/values/quantity.h"
#include "client/placement.h"
#include "client/selectors.h"

const struct str *annotation_get(const struct meta_v1_object_meta *m, const char *name)
{
	return str_map_get(&m->annotations, str_from(name));
}

struct str claim_class(const claim_struct *c)
{
	const struct str *old = annotation_get(&c->metadata, ANN_STORAGE_CLASS_OLD);

	return old ? *old : c->spec.storage_class_name;
}

struct str volume_class(const volume_struct *v)
{
	const struct str *old = annotation_get(&v->metadata, ANN_STORAGE_CLASS_OLD);

	return old ? *old : v->spec.storage_class_name;
}

static int64_t storage_of(const struct api_quantity_map *list)
{
	struct quantity q;

	for (size_t i = 0; i < list->n; i++)
		if (str_eqz(list->items[i].key, "storage") &&
		    quantity_parse(list->items[i].value.text, &q, NULL) == 0)
			return quantity_i64(q);
	return 0;
}

int64_t claim_size(const claim_struct *c)
{
	return storage_of(&c->spec.resources.requests);
}

int64_t volume_size(const volume_struct *v)
{
	return storage_of(&v->spec.capacity);
}

bool claim_is_bound(const claim_struct *c)
{
	return c->spec.volume_name.n && annotation_get(&c->metadata, ANN_BIND_COMPLETED);
}

bool volume_is_for(const volume_struct *v, const claim_struct *c)
{
	const struct core_v1_object_reference *r = v->spec.claim_ref;

	return r && str_eq(r->name, c->metadata.name) &&
	       str_eq(r->namespace, c->metadata.namespace) &&
	       (!r->uid.n || str_eq(r->uid, c->metadata.uid));
}

static struct str mode_or_default(struct str mode)
{
	return mode.n ? mode : STR("Filesystem");
}

bool volume_modes_differ(const claim_struct *c, const volume_struct *v)
{
	return !str_eq(mode_or_default(c->spec.volume_mode), mode_or_default(v->spec.volume_mode));
}

bool volume_has_access_modes(const volume_struct *v, const claim_struct *c)
{
	for (size_t i = 0; i < c->spec.access_modes.n; i++) {
		bool has = false;

		for (size_t k = 0; k < v->spec.access_modes.n; k++)
			has |= str_eq(c->spec.access_modes.items[i], v->spec.access_modes.items[k]);
		if (!has)
			return false;
	}
	return true;
}

bool volume_reaches(const volume_struct *v, const struct core_v1_node *n)
{
	const struct core_v1_volume_node_affinity *a = v->spec.node_affinity;

	if (!a || !a->required)
		return true;
	for (size_t i = 0; i < a->required->node_selector_terms.n; i++)
		if (node_term_matches(&a->required->node_selector_terms.items[i], n))
			return true;
	return false;
}

static bool labels_match(const volume_struct *v, const struct meta_v1_label_selector *s)
{
	struct object_label labels[64];
	const struct api_str_map *m = &v->metadata.labels;
	const struct object o = { .labels = labels, .nlabels = m->n < 64 ? m->n : 64 };

	for (size_t i = 0; i < o.nlabels; i++)
		labels[i] = (struct object_label){ m->items[i].key, m->items[i].value };
	return label_selector_matches(s, &o);
}

enum volume_fit volume_fits(const volume_struct *v, const claim_struct *c,
			    const struct core_v1_node *node, bool delayed)
{
	if ((v->spec.claim_ref && !volume_is_for(v, c)) || volume_size(v) < claim_size(c) ||
	    volume_modes_differ(c, v) || v->metadata.deletion_timestamp.set ||
	    !str_eq(c->spec.volume_attributes_class_name, v->spec.volume_attributes_class_name))
		return VOLUME_NO;
	if (volume_is_for(v, c))
		return node && !volume_reaches(v, node) ? VOLUME_MEANT_ELSEWHERE : VOLUME_MEANT;
	if (!node && delayed)
		return VOLUME_NO;
	if (!str_eqz(v->status.phase, "Available") ||
	    (c->spec.selector && !labels_match(v, c->spec.selector)) ||
	    !str_eq(volume_class(v), claim_class(c)))
		return VOLUME_NO;
	if (node && (!volume_reaches(v, node) || !volume_has_access_modes(v, c)))
		return VOLUME_NO;
	return VOLUME_MAYBE;
}
