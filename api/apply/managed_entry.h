/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of metadata.managedFields as field sets, for managed_fields.c and apply.c. Texts are borrowed from the trees that they were
 * read from, sets live in the arena. */
#ifndef API_APPLY_MANAGED_ENTRY_H
#define API_APPLY_MANAGED_ENTRY_H

#include "api/apply/fieldset.h"
#include "api/apply/managed_fields.h"

struct managed_entry {
	struct str manager, api_version, subresource, time;
	bool applied; /* operation Apply, else Update */
	const struct fieldset *set;
	/* What a write changes and removes, in this entry's version: managed_change.h. NULL before. */
	const struct fieldset *changed, *removed;
};
struct managed {
	struct arena *a;
	struct managed_entry *entries;
	size_t n, cap;
	json_t *converted; /* array of trees that sets borrow their names from; NULL: none */
};

/* `list` may be NULL: no entries. The error says what is broken. */
int managed_decode(struct managed *m, const json_t *list, struct err *err);
json_t *
managed_encode(const struct managed
		       *m); /* in upstream's order; new reference, NULL when there are no entries */
void managed_close(struct managed *m); /* before the arena */
/* The entry of the same manager: an applier's identity has no version. NULL if absent. */
struct managed_entry *managed_find(struct managed *m, const struct managed_entry *like);
struct managed_entry *managed_add(struct managed *m, struct managed_entry e);
void managed_remove(struct managed *m, size_t i); /* later ones move up */
void managed_remove_empty(struct managed *m);
/* More than MANAGED_UPDATES_MAX updaters: the oldest ones become one "ancient-changes" per version. */
void managed_cap(struct managed *m);
struct managed_entry managed_entry_of(const struct managed_by *by);
/* `"kubectl" with subresource "scale" using apps/v1` */
void managed_entry_text(const struct managed_entry *e, struct buf *out);

/* What a request to the resource (or to a subresource of it) can't own, because it is reset before it is stored. NULL: nothing. */
const struct fieldset *managed_reset_fields(struct arena *a, const struct api_resource *r,
					    struct str subresource);
/* apiVersion, kind, name and other fields that nobody owns */
const struct fieldset *managed_unowned_fields(void);

#endif
