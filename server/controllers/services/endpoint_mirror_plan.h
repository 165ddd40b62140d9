/* SPDX-License-Identifier: Apache-2.0 */
/* The EndpointSlices that mirror an Endpoints: pure, after pkg/controller/endpointslicemirroring of v1.37. */
#ifndef SERVER_CONTROLLERS_SERVICES_ENDPOINT_MIRROR_PLAN_H
#define SERVER_CONTROLLERS_SERVICES_ENDPOINT_MIRROR_PLAN_H

#include "server/controllers/services/backends.h"

#define MIRROR_MANAGER       "endpointslicemirroring-controller.k8s.io"
#define MIRROR_ADDRESSES_MAX 1000 /* of a subset; the rest is left out */

bool mirror_wanted(const struct core_v1_endpoints *e, const struct core_v1_service *s);
void mirror_plan(const struct core_v1_endpoints *e, struct arena *a, struct slices *out);

#endif
