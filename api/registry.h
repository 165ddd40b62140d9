/* SPDX-License-Identifier: Apache-2.0 */
/* Which resources are built in, and look-ups among them. Constant tables: any thread, for the life of the process. */
#ifndef API_REGISTRY_H
#define API_REGISTRY_H

#include "api/type.h"

extern const struct api_resource *const api_builtin[]; /* generated; in discovery order */
extern const size_t api_builtin_count;

const struct api_resource *api_resource_find(struct str group, struct str version,
					     struct str plural);
const struct api_resource *api_resource_by_kind(struct str group, struct str version,
						struct str kind);
const struct api_type *
api_type_find(struct str name); /* any generated type by its name, "meta/v1.DeleteOptions" */
/* Any type with apiVersion and kind, also those that are no resource: lists, options, reviews. */
const struct api_type *api_type_by_kind(struct str group, struct str version, struct str kind);

#endif
