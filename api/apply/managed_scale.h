/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns the number of replicas, between an object and its Scale: both are written to, and an owner of one is an owner of the
 * other. Follows apimachinery's util/managedfields, ScaleHandler. Lists of managedFields in and out, new references; NULL: none. */
#ifndef API_APPLY_MANAGED_SCALE_H
#define API_APPLY_MANAGED_SCALE_H

#include <jansson.h>

#include "api/type.h"

#define MANAGED_SCALE_VERSION "autoscaling/v1"

/* Entries of the object that own `path` (dotted: "spec.replicas"), as those of the Scale. */
json_t *managed_to_scale(const json_t *of_object, const char *path);
/* Entries of the object after the Scale was written: who owns its replicas now owns them in `version` of the object, who no longer
 * does has lost `path` and keeps the rest. */
json_t *managed_from_scale(const json_t *of_object, const json_t *of_scale, struct str version,
			   const char *path);

#endif
