/* SPDX-License-Identifier: Apache-2.0 */
/* Tolerations (core/v1 Toleration.ToleratesTaint). */
#ifndef SERVER_SCHEDULER_PLUGINS_TOLERATIONS_H
#define SERVER_SCHEDULER_PLUGINS_TOLERATIONS_H

#include "generated/api_structs.h"

bool toleration_covers(const struct core_v1_toleration *t, struct str key, struct str value,
		       struct str effect);
bool pod_tolerates(const struct core_v1_pod_spec *spec, struct str key, struct str value,
		   struct str effect);

#endif
