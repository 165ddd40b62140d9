/* SPDX-License-Identifier: Apache-2.0 */
/* A CustomResourceDefinition compiled to the tables that built-in kinds have: one struct api_resource for each version, with
 * types, columns, subresources and selectable fields, and beside the types the rules that values must keep.
 *
 *   spec.versions[].schema ─ schema.c ─► api_type, api_schema   shape: decoding, pruning, defaults, apply
 *                          └ rules.c  ─► crd_rules              values: minimum, pattern, anyOf, … (check.c)
 *
 * Counted atomically and constant once made, but for `terminating`; any thread. Whoever keeps one of its resources beyond a
 * call holds a reference, objects at rest do, too. */
#ifndef API_CRD_CRD_H
#define API_CRD_CRD_H

#include <jansson.h>
#include <stdatomic.h>

#include "api/type.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define CRD_NODES_MAX 200000 /* schema nodes of one definition */

struct pattern;
struct crd {
	_Atomic int refs;
	struct arena arena; /* everything below lives here */
	const char *name;   /* "crontabs.example.com" */
	const char *uid, *group, *plural;
	int64_t generation;                  /* of the definition */
	const struct api_resource *versions; /* the preferred first; also those not served */
	const bool *served;                  /* parallel to versions */
	size_t nversions;
	const struct api_resource *storage; /* one of them */
	_Atomic bool terminating;           /* nothing new is made any more */
	/* private */
	json_t *held; /* JSON values that rules refer to */
	struct pattern **patterns;
	size_t npatterns, cap_patterns, nodes;
	bool any_int_or_string; /* values of that kind are not looked at */
};

/* `object`: a CustomResourceDefinition, validated and defaulted; `names`: its spec.names or status.acceptedNames. Invalid: a
 * schema that is no structural one, or beyond our limits. */
int crd_compile(const json_t *object, const json_t *names, struct crd **out, struct err *err);
struct crd *crd_ref(struct crd *c); /* NULL is fine */
void crd_unref(struct crd *c);

/* The version's resource, served or not; NULL: there is none. */
const struct api_resource *crd_version(const struct crd *c, struct str version);
bool crd_serves(const struct crd *c, const struct api_resource *r);

/* The same for any resource: built-in ones are there for ever. */
const struct api_resource *api_resource_ref(const struct api_resource *r);
void api_resource_unref(const struct api_resource *r);

/* JSON of the store as it reads today: without fields that the schema doesn't know, with defaults. It stays in the version it was
 * written in, *version, as long as there is one of that name; else it becomes the one that is stored today. Appended to out. */
int crd_stored_form(const struct crd *c, struct str json, struct buf *out,
		    const struct api_resource **version, struct err *err);
/* A tree of one version becomes one of another. The place of conversion webhooks: today's strategy is None, which changes
 * apiVersion only. */
void crd_convert(const struct api_resource *to, json_t *tree);

/* Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name. Negative: a comes first. */
int crd_version_order(const char *a, const char *b);

#endif
