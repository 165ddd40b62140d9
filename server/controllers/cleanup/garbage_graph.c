/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/cleanup/garbage_graph.h"

void garbage_enqueue(struct garbage_kind *k, const struct object *o, int64_t after_ms)
{
	auto_buf key = { 0 };

	buf_printf(&key, "%zu/%.*s/%.*s", k->number, STR_ARG(o->ns), STR_ARG(o->name));
	work_queue_add_after(k->controller->queue, buf_view(&key), after_ms);
}

const struct object *garbage_find(struct garbage_graph *g, struct str key,
				  struct garbage_kind **out)
{
	struct str number, ns, name = key;
	int64_t n;

	if (!str_next(&name, '/', &number) || !str_next(&name, '/', &ns) || !str_to_i64(number, &n))
		return NULL;
	*out = g->kinds[n];
	return (*out)->gone ? NULL : informer_get((*out)->informer, ns, name);
}

struct garbage_kind *garbage_kind_of(struct garbage_graph *g, struct str api_version,
				     struct str name)
{
	size_t slash = str_find(api_version, '/');
	struct str group = slash < api_version.n ? str_of(api_version.p, slash) : STR("");

	for (size_t i = 0; i < g->n; i++)
		if (!g->kinds[i]->gone && str_eqz(name, g->kinds[i]->resource->kind) &&
		    str_eqz(group, g->kinds[i]->resource->group))
			return g->kinds[i];
	return NULL;
}

static bool see_dependent(void *ctx, const struct object *o)
{
	struct garbage_dependents *d = ctx;
	struct owner all[OWNERS_MAX];
	size_t n = owners_of(o, all);

	bool waits = o->deleting && object_has_finalizer(o, FOREGROUND);

	d->n++;
	d->foreground += waits;
	for (size_t i = 0; i < n; i++)
		d->blocking += all[i].blocks && str_eq(all[i].uid, d->owner->uid);
	if (d->enqueue && !waits) /* those who wait tell by themselves when they are done */
		garbage_enqueue(d->kind, o, 0);
	return true;
}

struct garbage_dependents garbage_dependents(struct garbage_graph *g, const struct object *owner,
					     bool enqueue_them)
{
	struct garbage_dependents d = { .owner = owner, .enqueue = enqueue_them };

	for (size_t i = 0; i < g->n; i++) {
		d.kind = g->kinds[i];
		if (!d.kind->gone)
			informer_each_indexed(d.kind->informer, d.kind->by_owner, owner->uid,
					      see_dependent, &d);
	}
	return d;
}

enum owner_state garbage_owner_state(struct garbage_graph *g, struct str ns,
				     const struct owner *ref)
{
	struct garbage_kind *k = garbage_kind_of(g, ref->api_version, ref->kind);
	const struct object *o;

	if (!k || (k->resource->namespaced && !ns.n))
		return OWNER_SOLID; /* of a kind that we don't know, or out of place: not ours to judge */
	o = informer_get(k->informer, k->resource->namespaced ? ns : STR(""), ref->name);
	if (!o || !str_eq(o->uid, ref->uid))
		return OWNER_ABSENT;
	return o->deleting && object_has_finalizer(o, FOREGROUND) ? OWNER_WAITING : OWNER_SOLID;
}

/* References but those to `uids`; with `unblock` they don't block. */
static bool references_patch(const struct object *o, const struct str *uids, size_t n, bool unblock,
			     struct buf *out)
{
	auto_arena arena = { 0 };
	struct meta_v1_partial_object_metadata meta = { 0 };
	const char *comma = "";
	bool no = false;

	if (object_decode(o, &arena, api_struct_meta_v1_partial_object_metadata, &meta, NULL) < 0)
		return false;
	buf_printf(out,
		   "{\"metadata\":{\"resourceVersion\":\"%lld\",\"uid\":\"%.*s\","
		   "\"ownerReferences\":[",
		   (long long)o->revision, STR_ARG(o->uid));
	for (size_t i = 0; i < meta.metadata.owner_references.n; i++) {
		struct meta_v1_owner_reference *ref = &meta.metadata.owner_references.items[i];
		bool drop = false;

		for (size_t k = 0; k < n; k++)
			drop |= str_eq(ref->uid, uids[k]);
		if (drop)
			continue;
		if (unblock)
			ref->block_owner_deletion = &no;
		buf_puts(out, comma);
		struct_write_json(api_struct_meta_v1_owner_reference, ref, out);
		comma = ",";
	}
	buf_puts(out, "]}}");
	return true;
}

bool garbage_unlink_patch(const struct object *o, const struct str *uids, size_t n, struct buf *out)
{
	return references_patch(o, uids, n, false, out);
}

bool garbage_unblock_patch(const struct object *o, struct buf *out)
{
	return references_patch(o, NULL, 0, true, out);
}
