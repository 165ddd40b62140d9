/* SPDX-License-Identifier: Apache-2.0 */
/* ObjectMeta on trees: what every kind has. Getters borrow from the tree and give the empty slice, 0 or NULL when a field is
 * absent or of another type; setters make `metadata` when it is missing. Any thread (a tree belongs to one). */
#ifndef API_OBJECT_META_H
#define API_OBJECT_META_H

#include <jansson.h>

#include "base/str.h"

json_t *meta_of(const json_t *object); /* metadata, or NULL */
json_t *meta_make(json_t *object);     /* metadata, made when absent */

struct str meta_api_version(const json_t *object);
struct str meta_kind(const json_t *object);
struct str meta_name(const json_t *object);
struct str meta_generate_name(const json_t *object);
struct str meta_namespace(const json_t *object);
struct str meta_uid(const json_t *object);
struct str meta_revision(const json_t *object); /* resourceVersion */
struct str meta_creation(const json_t *object); /* creationTimestamp, RFC 3339 */
struct str meta_deletion(const json_t *object); /* deletionTimestamp; n == 0: not being deleted */
int64_t meta_generation(const json_t *object);
/* deletionGracePeriodSeconds; false when absent */
bool meta_grace(const json_t *object, int64_t *out_s);
json_t *meta_labels(const json_t *object); /* borrowed map, or NULL */
json_t *meta_annotations(const json_t *object);
json_t *meta_owners(const json_t *object); /* ownerReferences, or NULL */
json_t *meta_finalizers(const json_t *object);
struct str meta_label(const json_t *object, const char *key);
struct str meta_annotation(const json_t *object, const char *key);
bool meta_has_finalizer(const json_t *object, struct str finalizer);
json_t *
meta_controller(const json_t *object); /* the owner reference with controller: true, or NULL */

void meta_set_text(json_t *object, const char *field,
		   struct str value); /* n == 0 removes the field */
void meta_set_int(json_t *object, const char *field, int64_t value);
void meta_unset(json_t *object, const char *field);
void meta_set_annotation(json_t *object, const char *key, struct str value);
void meta_set_label(json_t *object, const char *key, struct str value);
bool meta_remove_finalizer(json_t *object, struct str finalizer); /* true when it was there */

/* A value below an object by keys, "spec", "replicas", NULL; NULL when a step is missing or no object. */
/* A copy that shares nothing; what json_deep_copy() does, without its search for circles, which no tree of ours has. */
json_t *tree_copy(const json_t *tree);
json_t *tree_get(const json_t *tree, ...) __attribute__((sentinel));
struct str tree_str(const json_t *string); /* empty for NULL and what is no string */
struct str tree_get_str(const json_t *tree, ...) __attribute__((sentinel));
int64_t tree_int(const json_t *number, int64_t absent);

#endif
