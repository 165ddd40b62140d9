/* SPDX-License-Identifier: Apache-2.0 */
/* metav1.Table and PartialObjectMetadata(List), written straight from objects at rest: no trees, no new line at the end. The caller writes head, then
 * rows, then tail, into one buffer or in chunks. A watch event carries a Table of one row. Any thread.
 *
 * Columns come from the resource's row; one without a path is printed by code (api/table/printer.h). */
#ifndef API_TABLE_TABLE_H
#define API_TABLE_TABLE_H

#include "api/object/object.h"
#include "base/buf.h"

enum table_include { TABLE_METADATA, TABLE_NONE, TABLE_OBJECT };
struct table_options {
	const char *version; /* of meta.k8s.io: "v1" or "v1beta1" */
	enum table_include include;
	bool no_headers; /* later events of a watch: no columnDefinitions */
	int64_t now_s;   /* what ages are counted to */
	/* From the version that is stored to the one asked for, of built-in kinds; NULL: rows hold what is stored. */
	void (*convert)(const struct api_resource *from, const struct api_resource *to,
			json_t *tree);
};
struct list_meta { /* of a list's answer */
	int64_t revision;
	struct str continue_token; /* n == 0: none */
	int64_t remaining;         /* remainingItemCount, -1: none */
};

/* False for an unknown word; "" is Metadata. */
bool table_include_from_text(struct str text, enum table_include *out);

void table_write_head(const struct api_resource *r, const struct list_meta *m,
		      const struct table_options *o, struct buf *out);
void table_write_row(const struct object *obj, const struct table_options *o, bool first,
		     struct buf *out);
void table_write_tail(struct buf *out);
/* The same for a list: head, rows divided by commas, tail in one call; for one object (GET, a watch event) n is 1. */
void table_write(const struct api_resource *r, const struct object *const *objects, size_t n,
		 const struct list_meta *m, const struct table_options *o, struct buf *out);

/* {"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{…}} of one object. */
void partial_write(const struct object *obj, const char *version, struct buf *out);
void partial_list_write(const struct object *const *objects, size_t n, const char *version,
			const struct list_meta *m, struct buf *out);

#endif
