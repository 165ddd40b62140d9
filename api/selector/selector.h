/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors (text form and metav1.LabelSelector) and field selectors. Parsed once, matched against objects at rest
 * without allocation. Immutable after parsing; any thread. */
#ifndef API_SELECTOR_SELECTOR_H
#define API_SELECTOR_SELECTOR_H

#include "api/object/object.h"

struct selector; /* NULL stands for "everything" */

int selector_parse_labels(struct str text, struct selector **out, struct err *err);
int selector_from_json(const json_t *label_selector, struct selector **out, struct err *err);
bool selector_match_labels(const struct selector *s, const struct object_label *labels,
			   size_t n); /* sorted by key */
bool selector_match_tree(const struct selector *s, const json_t *labels_map);
/* Unknown labels give BadRequest in upstream's words. metadata.name and metadata.namespace always work. */
int selector_parse_fields(const struct api_resource *r, struct str text, struct selector **out,
			  struct err *err);
bool selector_match_fields(const struct selector *s, const struct object *o);
/* A field selector that pins metadata.name to one value gives it here. */
bool selector_pins_name(const struct selector *s, struct str *name);
void selector_format(const struct selector *s, struct buf *out);
void selector_free(struct selector *s);

#endif
