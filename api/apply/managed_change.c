/* SPDX-License-Identifier: Apache-2.0 */
#include "api/apply/managed_change.h"

#include <string.h>

#include "api/crd/crd.h"
#include "api/object/meta.h"
#include "api/registry.h"

/* The resource in that version. NULL: it is not served. What is the same object in another group (events) counts as not served. */
static const struct api_resource *in_version(const struct api_resource *r, struct str api_version)
{
	size_t slash = str_find(api_version, '/');
	struct str group = slash < api_version.n ? str_of(api_version.p, slash) : STR("");
	struct str version = slash < api_version.n
				     ? str_of(api_version.p + slash + 1, api_version.n - slash - 1)
				     : api_version;
	if (!str_eqz(group, r->group))
		return NULL;
	if (str_eqz(version, r->version))
		return r;
	return r->crd ? crd_version(r->crd, version)
		      : api_resource_find(group, version, str_from(r->plural));
}

/* A copy that lives as long as the sets that are made of it. NULL: no tree. */
static const json_t *converted(struct managed *m, const struct managed_change *c,
			       const struct api_resource *to, const json_t *tree)
{
	if (!tree)
		return NULL;
	json_t *copy = tree_copy(tree);
	c->by->convert(c->res, to, copy);
	if (!m->converted)
		m->converted = json_array();
	json_array_append_new(m->converted, copy);
	return copy;
}

static void compare_in(struct managed *m, const struct managed_change *c,
		       const struct api_resource *to, struct managed_entry *e)
{
	const json_t *old = converted(m, c, to, c->old), *new = converted(m, c, to, c->new);
	const struct fieldset *changed, *removed,
		*reset = managed_reset_fields(m->a, to, c->by->subresource);
	if (fieldset_compare(m->a, to->type, old, new, &changed, &removed)) {
		e->changed = fieldset_subtract(m->a, changed, reset);
		e->removed = fieldset_subtract(m->a, removed, reset);
	}
}

/* One that comes later in the list, and so was compared before, in the same version. NULL: none. */
static const struct managed_entry *compared(const struct managed *m, size_t i)
{
	for (size_t k = i + 1; k < m->n; k++)
		if (str_eq(m->entries[k].api_version, m->entries[i].api_version))
			return &m->entries[k];
	return NULL;
}

void managed_compare(struct managed *m, const struct managed_change *c)
{
	for (size_t i = m->n; i-- > 0;) {
		struct managed_entry *e = &m->entries[i];
		const struct managed_entry *like = compared(m, i);
		bool asked = str_eq(e->api_version, c->by->api_version);
		const struct api_resource *to = asked ? c->res : in_version(c->res, e->api_version);
		if (!to) {
			managed_remove(m, i);
		} else if (to == c->res || !c->by->convert) {
			e->changed = c->changed;
			e->removed = c->removed;
		} else if (like) {
			e->changed = like->changed;
			e->removed = like->removed;
		} else {
			compare_in(m, c, to, e);
		}
	}
}

void managed_yield(struct managed *m, const struct managed_entry *self)
{
	for (size_t i = 0; i < m->n; i++) {
		struct managed_entry *e = &m->entries[i];
		if (e == self)
			continue;
		e->set = fieldset_difference(m->a, e->set, e->changed);
		e->set = fieldset_difference(m->a, e->set, e->removed);
	}
}
