/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema says about values: JSON Schema as CustomResourceDefinitions have it, compiled. Beside the tables, because a value
 * can have rules without a shape (inside anyOf). Constant, in the definition's arena; any thread.
 * Follows kube-openapi's pkg/validation/validate, whose texts clients see. */
#ifndef API_CRD_RULES_H
#define API_CRD_RULES_H

#include "api/crd/crd.h"
#include "api/validation/check.h"

enum crd_type_bit {
	CRD_STRING = 1 << 0,
	CRD_INTEGER = 1 << 1,
	CRD_NUMBER = 1 << 2,
	CRD_BOOLEAN = 1 << 3,
	CRD_ARRAY = 1 << 4,
	CRD_OBJECT = 1 << 5,
};

struct crd_property {
	const char *name;
	const struct crd_rules *rules;
};

struct crd_rules {
	unsigned types;        /* enum crd_type_bit; 0: any */
	const char *type_text; /* "integer,string", as errors say it */
	bool nullable, has_min, has_max, exclusive_min, exclusive_max, has_multiple, unique_items;
	bool preserve_unknown, embedded_resource, atomic;
	bool no_more;       /* additionalProperties: false */
	bool any_more;      /* additionalProperties: true */
	const char *format; /* one that is checked, or NULL */
	double min, max, multiple_of;
	int64_t min_length, max_length, min_items, max_items, min_properties,
		max_properties; /* -1: none */
	const struct pattern *pattern;
	const char *pattern_text;
	const json_t *enum_values;             /* an array, or NULL */
	const char *const *required;           /* NULL-terminated, or NULL */
	const struct crd_property *properties; /* sorted by name */
	size_t nproperties;
	const struct crd_rules *more;  /* of properties without a name of their own, or NULL */
	const struct crd_rules *items; /* or NULL */
	const struct crd_rules *const *all_of,
		*const *any_of, *const *one_of; /* NULL-terminated, or NULL */
	const struct crd_rules *not_of;
	enum api_list_type list_type;
	const char *const *list_keys;
};

int crd_rules_compile(struct crd *c, const json_t *schema, const struct crd_rules **out,
		      struct err *err);
/* A definition without versions, to hold rules that belong to no kind. As for upstream's checks of defaults, what is an int or a string may be
 * anything. The caller's reference. */
struct crd *crd_scratch(void);
/* Those of a property that has a name of its own, or NULL; r may be NULL. */
const struct crd_rules *crd_rules_property(const struct crd_rules *r, const char *name);
/* A format that means something for the type ("" for any): others are ignored. */
bool crd_format_known(const char *type, const char *format);
bool crd_format_ok(const char *format, struct str text);

/* Adds a cause for each rule that the value breaks. `old`, when there is one, is what stood there before: what has not changed
 * may stay wrong (upstream's ratcheting). Paths begin with `prefix` ("" or "status"). */
void crd_rules_check(const struct crd_rules *rules, const json_t *value, const json_t *old,
		     const char *prefix, struct err *err);

/* Whether something of the value would be pruned: fields that the rules don't name. `root`: the value is a resource. */
bool crd_rules_prune(const struct crd_rules *rules, const json_t *value, bool root);

/* apiVersion, kind and metadata of the resources in a value (`root`: and of itself), at the check's path. Coercion complains once at most, of
 * what has the wrong type; what passes it can be checked (upstream's pkg/apiserver/schema/objectmeta). */
bool crd_embedded_coerce(struct check *c, const struct crd_rules *rules, const json_t *value,
			 bool root);
void crd_embedded_check(struct check *c, const struct crd_rules *rules, const json_t *value,
			bool root);

/* All that a custom resource has to be beyond its metadata. `old` NULL: it is created. `subresource` "", "status", "scale". */
void crd_validate(struct check *c, const struct api_resource *r, const char *subresource,
		  const json_t *object, const json_t *old);

#endif
