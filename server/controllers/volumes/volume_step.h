/* SPDX-License-Identifier: Apache-2.0 */
/* What a step (volume_plan.h) changes in the claim or the volume that it is about. Pure. */
#ifndef SERVER_CONTROLLERS_VOLUMES_VOLUME_STEP_H
#define SERVER_CONTROLLERS_VOLUMES_VOLUME_STEP_H

#include <jansson.h>

#include "server/controllers/volumes/volume_plan.h"

void volume_step_write(const struct volume_step *step, json_t *tree);

#endif
