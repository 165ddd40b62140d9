/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors as decoded structs, against the labels of objects at rest. */
#ifndef CLIENT_SELECTORS_H
#define CLIENT_SELECTORS_H

#include "api/object/object.h"
#include "generated/api_structs.h"

/* metav1.LabelSelectorAsSelector: NULL matches nothing, an empty one everything. */
bool label_selector_matches(const struct meta_v1_label_selector *s, const struct object *o);
bool label_selector_is_empty(const struct meta_v1_label_selector *s);
/* As Go prints it: "&LabelSelector{MatchLabels:map[string]string{app: web,},…}", "nil". Appends. */
void label_selector_text(const struct meta_v1_label_selector *s, struct buf *out);
/* A Service's or ReplicationController's plain map; an empty one matches everything. */
bool label_map_matches(const struct api_str_map *wanted, const struct object *o);
const struct str *object_label(const struct object *o, struct str key); /* NULL: absent */
bool object_labels_equal(const struct object *a, const struct object *b);
const struct str *str_map_get(const struct api_str_map *m, struct str key);

#endif
