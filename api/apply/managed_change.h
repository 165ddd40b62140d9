/* SPDX-License-Identifier: Apache-2.0 */
/* What a write takes from the managers of an object. A manager's fields are those of the version it spoke, so the old and the new object are
 * compared once in each version: a field that another version has under another name, or not at all, still stays with its manager until its own
 * value changes. Follows structured-merge-diff's merge.Updater.update. Any thread. */
#ifndef API_APPLY_MANAGED_CHANGE_H
#define API_APPLY_MANAGED_CHANGE_H

#include "api/apply/managed_entry.h"

struct managed_change {
	const struct api_resource *res; /* in whose version the trees are */
	const struct managed_by *by;
	const json_t *old, *new;                  /* old NULL: create */
	const struct fieldset *changed, *removed; /* between them, without what is reset */
};

/* Fills in `changed` and `removed` of every entry; entries of versions that are no longer served go away, so that pointers to entries
 * are to be found anew. The trees are borrowed until managed_close(). */
void managed_compare(struct managed *m, const struct managed_change *c);
/* Takes what changed and what is gone from everyone but `self` (NULL: from all). After managed_compare(). */
void managed_yield(struct managed *m, const struct managed_entry *self);

#endif
