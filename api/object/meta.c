/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"

#include <stdarg.h>

struct str tree_str(const json_t *string)
{
	if (!json_is_string(string))
		return STR("");
	return str_of(json_string_value(string), json_string_length(string));
}

int64_t tree_int(const json_t *number, int64_t absent)
{
	return json_is_integer(number) ? json_integer_value(number) : absent;
}

static json_t *walk(const json_t *tree, va_list keys)
{
	const char *key;
	json_t *at = (json_t *)tree;
	while (at && (key = va_arg(keys, const char *)))
		at = json_object_get(at, key);
	return at;
}

static json_t *copy_object(const json_t *tree)
{
	json_t *copy = json_object(), *value;
	const char *key;
	size_t n;
	json_object_keylen_foreach((json_t *)tree, key, n, value)
		json_object_setn_new_nocheck(copy, key, n, tree_copy(value));
	return copy;
}

static json_t *copy_array(const json_t *tree)
{
	json_t *copy = json_array(), *value;
	size_t i;
	json_array_foreach (tree, i, value)
		json_array_append_new(copy, tree_copy(value));
	return copy;
}

json_t *tree_copy(const json_t *tree)
{
	if (!tree)
		return NULL;
	switch (json_typeof(tree)) {
	case JSON_OBJECT: return copy_object(tree);
	case JSON_ARRAY: return copy_array(tree);
	case JSON_STRING:
		return json_stringn_nocheck(json_string_value(tree), json_string_length(tree));
	case JSON_INTEGER: return json_integer(json_integer_value(tree));
	case JSON_REAL: return json_real(json_real_value(tree));
	default: return (json_t *)tree; /* true, false and null are there once */
	}
}

json_t *tree_get(const json_t *tree, ...)
{
	va_list keys;
	va_start(keys, tree);
	json_t *found = walk(tree, keys);
	va_end(keys);
	return found;
}

struct str tree_get_str(const json_t *tree, ...)
{
	va_list keys;
	va_start(keys, tree);
	json_t *found = walk(tree, keys);
	va_end(keys);
	return tree_str(found);
}

json_t *meta_of(const json_t *object)
{
	json_t *meta = json_object_get(object, "metadata");
	return json_is_object(meta) ? meta : NULL;
}

json_t *meta_make(json_t *object)
{
	json_t *meta = meta_of(object);
	if (!meta) {
		meta = json_object();
		json_object_set_new(object, "metadata", meta);
	}
	return meta;
}

static struct str meta_str(const json_t *object, const char *field)
{
	return tree_str(json_object_get(meta_of(object), field));
}

struct str meta_api_version(const json_t *object)
{
	return tree_str(json_object_get(object, "apiVersion"));
}

struct str meta_kind(const json_t *object)
{
	return tree_str(json_object_get(object, "kind"));
}

struct str meta_name(const json_t *object)
{
	return meta_str(object, "name");
}

struct str meta_generate_name(const json_t *object)
{
	return meta_str(object, "generateName");
}

struct str meta_namespace(const json_t *object)
{
	return meta_str(object, "namespace");
}

struct str meta_uid(const json_t *object)
{
	return meta_str(object, "uid");
}

struct str meta_revision(const json_t *object)
{
	return meta_str(object, "resourceVersion");
}

struct str meta_creation(const json_t *object)
{
	return meta_str(object, "creationTimestamp");
}

struct str meta_deletion(const json_t *object)
{
	return meta_str(object, "deletionTimestamp");
}

int64_t meta_generation(const json_t *object)
{
	return tree_int(json_object_get(meta_of(object), "generation"), 0);
}

bool meta_grace(const json_t *object, int64_t *out_s)
{
	const json_t *value = json_object_get(meta_of(object), "deletionGracePeriodSeconds");
	if (!json_is_integer(value))
		return false;
	*out_s = json_integer_value(value);
	return true;
}

static json_t *typed(json_t *value, json_type type)
{
	return value && json_typeof(value) == type ? value : NULL;
}

json_t *meta_labels(const json_t *object)
{
	return typed(json_object_get(meta_of(object), "labels"), JSON_OBJECT);
}

json_t *meta_annotations(const json_t *object)
{
	return typed(json_object_get(meta_of(object), "annotations"), JSON_OBJECT);
}

json_t *meta_owners(const json_t *object)
{
	return typed(json_object_get(meta_of(object), "ownerReferences"), JSON_ARRAY);
}

json_t *meta_finalizers(const json_t *object)
{
	return typed(json_object_get(meta_of(object), "finalizers"), JSON_ARRAY);
}

struct str meta_label(const json_t *object, const char *key)
{
	return tree_str(json_object_get(meta_labels(object), key));
}

struct str meta_annotation(const json_t *object, const char *key)
{
	return tree_str(json_object_get(meta_annotations(object), key));
}

bool meta_has_finalizer(const json_t *object, struct str finalizer)
{
	size_t i;
	json_t *item;
	json_array_foreach (meta_finalizers(object), i, item)
		if (str_eq(tree_str(item), finalizer))
			return true;
	return false;
}

bool meta_remove_finalizer(json_t *object, struct str finalizer)
{
	json_t *list = meta_finalizers(object);
	bool found = false;
	for (size_t i = json_array_size(list); i-- > 0;)
		if (str_eq(tree_str(json_array_get(list, i)), finalizer)) {
			json_array_remove(list, i);
			found = true;
		}
	if (found && json_array_size(list) == 0)
		meta_unset(object, "finalizers");
	return found;
}

json_t *meta_controller(const json_t *object)
{
	size_t i;
	json_t *owner;
	json_array_foreach (meta_owners(object), i, owner)
		if (json_is_true(json_object_get(owner, "controller")))
			return owner;
	return NULL;
}

void meta_set_text(json_t *object, const char *field, struct str value)
{
	if (value.n == 0)
		meta_unset(object, field);
	else
		json_object_set_new(meta_make(object), field, json_stringn(value.p, value.n));
}

void meta_set_int(json_t *object, const char *field, int64_t value)
{
	json_object_set_new(meta_make(object), field, json_integer(value));
}

void meta_unset(json_t *object, const char *field)
{
	json_object_del(meta_of(object), field);
}

static void set_in_map(json_t *object, const char *map, const char *key, struct str value)
{
	json_t *meta = meta_make(object);
	json_t *at = json_object_get(meta, map);
	if (!json_is_object(at)) {
		at = json_object();
		json_object_set_new(meta, map, at);
	}
	json_object_set_new(at, key, json_stringn(value.p, value.n));
}

void meta_set_annotation(json_t *object, const char *key, struct str value)
{
	set_in_map(object, "annotations", key, value);
}

void meta_set_label(json_t *object, const char *key, struct str value)
{
	set_in_map(object, "labels", key, value);
}
