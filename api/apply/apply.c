/* SPDX-License-Identifier: Apache-2.0 */
/* merge into the live object → take out what this manager no longer applies → find conflicts → hand fields over.
 *
 * What is taken out ("pruned"), after upstream's Updater.prune: fields of the manager's last set that are gone from the merged object once that
 * whole set is removed and everything that anyone owns now is put back. */
#include "api/apply/apply.h"

#include "api/apply/fieldset_node.h"
#include "api/apply/managed_change.h"
#include "api/apply/managed_entry.h"
#include "api/apply/merge.h"
#include "api/object/meta.h"
#include "api/shape.h"
#include "base/clock.h"
#include "base/mem.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

struct apply {
	struct arena *a;
	const struct api_resource *res;
	const struct managed_by *by;
	json_t *live, *applied; /* borrowed; live is an empty object on create */
	struct managed managed;
	json_t *merged; /* owned */
	json_t *pruned; /* owned; NULL: as merged */
	struct str now;
	bool force;
};

/* ---- checks ---- */

static bool right_type(const struct apply *ap, struct buf *what)
{
	struct str version = meta_api_version(ap->applied), kind = meta_kind(ap->applied);
	buf_printf(what, "%s%.*s, Kind=%.*s",
		   memchr(version.p ? version.p : "", '/', version.n) ? "" : "/", STR_ARG(version),
		   STR_ARG(kind));
	return str_eq(version, ap->by->api_version) && str_eqz(kind, ap->res->kind);
}

static int check(struct apply *ap, struct err *err)
{
	auto_buf what = { 0 };
	if (!right_type(ap, &what))
		return err_set(err, ERR_BAD_REQUEST, "invalid object type: %s", what.p);
	json_t *sent = json_object_get(meta_of(ap->applied), "managedFields");
	if (sent && !json_is_null(sent))
		return err_set(err, ERR_BAD_REQUEST, "metadata.managedFields must be nil");
	return 0;
}

/* ---- pruning ---- */

static const struct fieldset *named_set(struct apply *ap, const json_t *tree)
{
	const struct api_type *t = ap->res->type;
	return apply_with_named(ap->a, t, fieldset_of_object(ap->a, t, tree));
}

static const struct fieldset *owned_by_anyone(struct apply *ap)
{
	const struct fieldset *all = NULL;
	for (size_t i = 0; i < ap->managed.n; i++)
		all = fieldset_union(ap->a, all, ap->managed.entries[i].set);
	return apply_with_named(ap->a, ap->res->type, all);
}

/* `last` is what the manager applied before; its entry already holds the new set. */
static void prune(struct apply *ap, const struct fieldset *last, const struct fieldset *now)
{
	const struct api_type *t = ap->res->type;
	if (fieldset_empty(fieldset_difference(ap->a, last, now)))
		return; /* all that it had it still has */
	last = apply_with_named(ap->a, t, last);
	const struct fieldset *merged_set = named_set(ap, ap->merged);
	json_t *without = apply_remove(ap->a, t, ap->merged, last, true);
	const struct fieldset *keep =
		fieldset_union(ap->a, named_set(ap, without), owned_by_anyone(ap));
	json_t *with_owned = apply_remove(ap->a, t, ap->merged,
					  fieldset_difference(ap->a, merged_set, keep), true);
	const struct fieldset *gone =
		fieldset_difference(ap->a, merged_set, named_set(ap, with_owned));
	/* a map that is emptied becomes null: its own entry is not gone for those who hold it */
	gone = fieldset_intersection(ap->a, gone, last);
	json_t *pruned = apply_remove(ap->a, t, ap->merged, gone, true);
	ap->pruned = apply_remove(ap->a, t, ap->merged, gone, false);
	json_decref(without);
	json_decref(with_owned);
	json_decref(ap->merged);
	ap->merged = pruned;
}

/* ---- conflicts ---- */

struct conflict {
	const struct managed_entry *owner;
	const struct fieldset *set;
};
struct conflicts {
	struct conflict *p;
	size_t n, fields;
};
struct conflict_text {
	struct buf *out;
	const char *owner;
	struct err *err;
};

static int by_owner(const void *x, const void *y)
{
	const struct conflict *a = x, *b = y;
	return str_cmp(a->owner->manager, b->owner->manager);
}

static struct conflicts conflicts_of(struct apply *ap, const struct managed_entry *self,
				     const struct fieldset *allowed)
{
	struct conflicts c = { .p = ARENA_ARRAY(ap->a, struct conflict, ap->managed.n + 1) };
	for (size_t i = 0; i < ap->managed.n; i++) {
		const struct managed_entry *e = &ap->managed.entries[i];
		const struct fieldset *set = fieldset_intersection(ap->a, e->set, e->changed);
		set = fieldset_difference(ap->a, set, allowed);
		if (e == self || fieldset_empty(set))
			continue;
		c.p[c.n++] = (struct conflict){ e, set };
		c.fields += fieldset_count(set);
	}
	qsort(c.p, c.n, sizeof(*c.p), by_owner);
	return c;
}

static void add_cause(void *ctx, struct str path)
{
	struct conflict_text *t = ctx;
	auto_free char *field = str_dup(path);
	err_cause(t->err, "FieldManagerConflict", field, "conflict with %s", t->owner);
	buf_printf(t->out, "\n- %s", field);
}

static int conflict_error(const struct conflicts *c, struct err *err)
{
	auto_buf text = { 0 };
	for (size_t i = 0; i < c->n; i++) {
		auto_buf owner = { 0 };
		managed_entry_text(c->p[i].owner, &owner);
		buf_printf(&text, "%sconflicts with %s:", i ? "\n" : "", owner.p);
		fieldset_paths(c->p[i].set, add_cause,
			       &(struct conflict_text){ &text, owner.p, err });
	}
	if (c->fields == 1) {
		auto_buf owner = { 0 };
		managed_entry_text(c->p[0].owner, &owner);
		size_t path = str_find(buf_view(&text), '\n') + 3;
		return err_set(err, ERR_CONFLICT,
			       "Apply failed with 1 conflict: conflict with %s: %s", owner.p,
			       text.p + path);
	}
	return err_set(err, ERR_CONFLICT, "Apply failed with %zu conflicts: %s", c->fields, text.p);
}

/* ---- migration from client-side apply ---- */

/* Fields of the last-applied annotation that still have the value they had then: kubectl may take them over. NULL: none. */
static const struct fieldset *from_last_applied(struct apply *ap, json_t **last)
{
	const struct fieldset *changed, *removed;
	struct str text = meta_annotation(ap->live, LAST_APPLIED);
	*last = text.n ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	if (!json_is_object(*last) || !str_eq(meta_api_version(*last), ap->by->api_version) ||
	    apply_check(ap->res->type, *last, NULL) < 0)
		return NULL;
	const struct fieldset *set = fieldset_of_object(ap->a, ap->res->type, *last);
	fieldset_compare(ap->a, ap->res->type, *last, ap->live, &changed, &removed);
	set = fieldset_difference(ap->a, set, changed);
	return fieldset_difference(ap->a, set, removed);
}

static bool is_kubectl(const struct apply *ap)
{
	return str_eq(ap->by->manager, STR("kubectl"));
}

/* Keeps the annotation in step, so that client-side apply can be used again. */
static void sync_last_applied(struct apply *ap, json_t *out)
{
	if (!is_kubectl(ap) || meta_annotation(out, LAST_APPLIED).n == 0)
		return;
	json_t *copy = tree_copy(ap->applied);
	json_object_del(meta_annotations(copy), LAST_APPLIED);
	char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	auto_buf line = { 0 };
	buf_printf(&line, "%s\n", text ? text : "");
	meta_set_annotation(out, LAST_APPLIED, buf_view(&line));
	free(text);
	json_decref(copy);
}

/* ---- the whole way ---- */

/* Somebody must own what is there before the first apply. */
static void own_before_first_apply(struct apply *ap)
{
	const struct fieldset *changed, *removed;
	if (ap->managed.n)
		return;
	fieldset_compare(ap->a, ap->res->type, NULL, ap->live, &changed, &removed);
	changed = fieldset_subtract(ap->a, changed,
				    managed_reset_fields(ap->a, ap->res, ap->by->subresource));
	changed = fieldset_difference(ap->a, changed, managed_unowned_fields());
	if (!fieldset_empty(changed))
		managed_add(&ap->managed,
			    (struct managed_entry){ .manager = STR("before-first-apply"),
						    .api_version = ap->by->api_version,
						    .subresource = ap->by->subresource,
						    .time = ap->now,
						    .set = changed });
}

static int settle(struct apply *ap, struct managed_entry *self, struct err *err)
{
	json_t *last = NULL;
	struct conflicts c = conflicts_of(ap, self, NULL);
	if (!ap->force && c.n && is_kubectl(ap)) {
		const struct fieldset *allowed = from_last_applied(ap, &last);
		if (allowed)
			c = conflicts_of(ap, self, allowed);
	}
	int r = !ap->force && c.n ? conflict_error(&c, err) : 0;
	if (r == 0)
		managed_yield(&ap->managed, self);
	json_decref(last);
	return r;
}

/* The entry that now holds what was applied. */
static void own_applied(struct apply *ap, const struct fieldset *set, const struct fieldset **last)
{
	struct managed_entry like = managed_entry_of(ap->by);
	struct managed_entry *self = managed_find(&ap->managed, &like);
	if (!self)
		self = managed_add(&ap->managed, like);
	*last = self->set;
	self->set = set;
	self->api_version = ap->by->api_version;
}

static int merge_and_own(struct apply *ap, struct err *err)
{
	const struct api_type *t = ap->res->type;
	const struct fieldset *last, *changed, *removed,
		*reset = managed_reset_fields(ap->a, ap->res, ap->by->subresource);
	const struct fieldset *set =
		fieldset_subtract(ap->a, fieldset_of_object(ap->a, t, ap->applied), reset);
	own_before_first_apply(ap);
	own_applied(ap, set, &last);
	ap->merged = apply_merge_trees(ap->a, t, ap->live, ap->applied);
	prune(ap, last, set);
	fieldset_compare(ap->a, t, ap->live, ap->merged, &changed, &removed);
	bool same = fieldset_empty(changed) && fieldset_empty(removed);
	changed = fieldset_subtract(ap->a, changed, reset);
	removed = fieldset_subtract(ap->a, removed, reset);
	managed_compare(&ap->managed, &(struct managed_change){ ap->res, ap->by, ap->live,
								ap->merged, changed, removed });
	struct managed_entry like = managed_entry_of(ap->by);
	struct managed_entry *self = managed_find(&ap->managed, &like);
	int r = settle(ap, self, err);
	if (r < 0)
		return r;
	self->set = fieldset_difference(ap->a, self->set, managed_unowned_fields());
	if (!same)
		self->time = ap->now;
	managed_remove_empty(&ap->managed);
	return 0;
}

/* The old managed fields, a good part of an object, are left out before anything is copied. */
static json_t *copy_unmanaged(json_t *tree)
{
	json_t *flat = json_copy(tree), *meta = json_copy(meta_of(tree));
	if (meta) {
		json_object_del(meta, "managedFields");
		json_object_set_new(flat, "metadata", meta);
	}
	json_t *copy = tree_copy(flat);
	json_decref(flat);
	return copy;
}

static json_t *result(struct apply *ap)
{
	json_t *out = copy_unmanaged(ap->pruned ? ap->pruned : ap->merged);
	json_t *list = managed_encode(&ap->managed);
	if (list)
		json_object_set_new(meta_make(out), "managedFields", list);
	sync_last_applied(ap, out);
	return out;
}

int apply_merge(const struct api_resource *res, const json_t *live, const json_t *applied,
		const struct managed_by *by, bool force, json_t **out, struct err *err)
{
	auto_arena arena = { 0 };
	char now[TIME_TEXT_MAX];
	struct apply ap = {
		.a = &arena, .res = res, .by = by, .force = force, .managed.a = &arena
	};
	json_t *nothing = json_object();
	time_format(by->now_s, now);
	ap.now = str_from(now);
	ap.live = live ? (json_t *)live : nothing;
	ap.applied = (json_t *)applied;
	int r = check(&ap, err);
	if (r == 0)
		r = managed_decode(&ap.managed, json_object_get(meta_of(live), "managedFields"),
				   err);
	if (r == 0)
		r = merge_and_own(&ap, err);
	if (r == 0)
		*out = result(&ap);
	managed_close(&ap.managed);
	json_decref(ap.merged);
	json_decref(ap.pruned);
	json_decref(nothing);
	return r;
}
