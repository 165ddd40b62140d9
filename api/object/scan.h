/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over an object's JSON for what look-ups and selectors need. Slices borrow the JSON, or point into the scan's arena
 * where a text had to be decoded. On the stack of object_new(). */
#ifndef API_OBJECT_SCAN_H
#define API_OBJECT_SCAN_H

#include "api/object/object.h"
#include "base/arena.h"

#define OBJECT_SELECTABLE_MAX 32

struct object_scan {
	struct arena arena;
	struct str uid;
	bool deleting;
	struct object_label *labels; /* heap, sorted by key */
	size_t nlabels;
	struct str fields
		[OBJECT_SELECTABLE_MAX]; /* parallel to resource->selectable; p == NULL: absent */
	size_t text_bytes;               /* of the decoded texts, with a NUL each */
	size_t seal_at;                  /* offset where resourceVersion goes */
	bool seal_first, seal_last;
	size_t meta_at, meta_n; /* where metadata is */
};

void object_scan_init(struct object_scan *s);
int object_scan_run(struct object_scan *s, const struct api_resource *r, struct str json,
		    struct err *err);
void object_scan_free(struct object_scan *s);

#endif
