/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the rules of volumes and their classes, for storage.c and csi.c. */
#ifndef API_VALIDATION_VOLUME_PARTS_H
#define API_VALIDATION_VOLUME_PARTS_H

#include "api/validation/check.h"

/* In any case of letters; required. */
void check_csi_driver_name(struct check *c, const char *child, struct str name);
/* `parameters`: how many, how much, no empty key. */
void check_parameters(struct check *c, const json_t *parameters);
void check_access_modes(struct check *c, const json_t *spec, const char *detail);
void check_positive_quantity(struct check *c, const json_t *value);
/* At the spec of a volume that an attachment holds itself: CSI alone, nothing that binds it. */
void check_inline_volume(struct check *c, const json_t *spec);

#endif
