/* SPDX-License-Identifier: Apache-2.0 */
/* The custom resources that are served at this moment: an immutable set of compiled definitions. Whoever asks gets a reference
 * to the newest set; the keeper (keeper.h) exchanges it as definitions come, change and go. Any thread. */
#ifndef SERVER_APISERVER_CRD_REGISTRY_H
#define SERVER_APISERVER_CRD_REGISTRY_H

#include "api/crd/crd.h"
#include "api/discovery.h"
#include "base/map.h"

struct crd_set {
	_Atomic int refs;
	struct map by_name; /* struct crd (a reference) by "crontabs.example.com" */
	const struct api_resource *
		*all; /* built-in ones, then custom ones, in the order of discovery */
	size_t n;
};
struct crd_registry;

struct crd_registry *crd_registry_new(void);
void crd_registry_free(struct crd_registry *g);
struct crd_set *crd_registry_now(struct crd_registry *g); /* a reference */
struct crd_set *crd_set_ref(struct crd_set *s);
void crd_set_unref(struct crd_set *s);
static inline struct discovery crd_set_discovery(const struct crd_set *s)
{
	return (struct discovery){ .resources = s->all, .n = s->n };
}

/* A custom resource that is served in this version: a reference (api_resource_unref()), or NULL. */
const struct api_resource *crd_registry_find(struct crd_registry *g, struct str group,
					     struct str version, struct str plural);
/* Whether any custom resource is served in this version of the group. */
bool crd_registry_has_version(struct crd_registry *g, struct str group, struct str version);
/* The definition takes its name's place; NULL: nothing does any more. Takes no reference of the caller's. Returns the one that
 * stood there (a reference), or NULL. One writer at a time. */
struct crd *crd_registry_put(struct crd_registry *g, struct str name, struct crd *c);

#endif
