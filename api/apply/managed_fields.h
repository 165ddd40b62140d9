/* SPDX-License-Identifier: Apache-2.0 */
/* metadata.managedFields: who set which field. Follows apimachinery's util/managedfields and structured-merge-diff's
 * merge.Updater. Trees in and out; any thread. */
#ifndef API_APPLY_MANAGED_FIELDS_H
#define API_APPLY_MANAGED_FIELDS_H

#include <jansson.h>

#include "api/type.h"
#include "base/err.h"
#include "base/str.h"

#define MANAGED_UPDATES_MAX 10 /* more managers that update share the entry "ancient-changes" */
#define MANAGED_NAME_MAX    128

struct managed_by {
	struct str
		manager; /* fieldManager, or what managed_default_name() made of the user agent */
	struct str operation;   /* "Update" (create, update, patch) or "Apply" */
	struct str subresource; /* "status", "scale"; empty: the object itself */
	struct str api_version; /* of the request: "apps/v1" */
	int64_t now_s;          /* wall clock */
	/* Turns a tree, in place, from one version of the resource into another, for managers that speak another one than
	 * the request. NULL: there is one version; every manager is taken to speak it. */
	void (*convert)(const struct api_resource *from, const struct api_resource *to,
			json_t *tree);
};

/* "kubectl/v1.37.0 (linux)" → "kubectl"; not longer than MANAGED_NAME_MAX, printable characters only. */
struct str managed_default_name(struct str user_agent);

/* Records what `new` changes against `old` (NULL: create) for by->manager and writes new.metadata.managedFields. Client-sent managedFields in
 * `new` are honoured as upstream does (an empty list resets them, broken ones are ignored). Never fails the request
 * for what is in the objects: it leaves managedFields as they were in `old` instead. */
int managed_update(const struct api_resource *res, const json_t *old, json_t *new,
		   const struct managed_by *by, struct err *err);
/* metadata validation: adds a cause per broken entry, -ERR_INVALID when there is one. */
int managed_validate(const json_t *managed_fields, struct err *err);

#endif
