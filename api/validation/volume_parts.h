/* SPDX-License-Identifier: Apache-2.0 */
/* What volumes, the claims on them and their classes share. */
#ifndef API_VALIDATION_VOLUME_PARTS_H
#define API_VALIDATION_VOLUME_PARTS_H

#include "api/validation/check.h"

extern const char *const volume_modes[]; /* Block, Filesystem; NULL-terminated */

/* In any case of letters; required. */
void check_csi_driver_name(struct check *c, const char *child, struct str name);
/* `parameters`: how many, how much, no empty key. */
void check_parameters(struct check *c, const json_t *parameters);
void check_access_modes(struct check *c, const json_t *spec, const char *detail);
/* At the quantity itself. */
void check_positive_quantity(struct check *c, const json_t *value);
/* … that is not below zero, as a valid one is said to be. */
void check_basic_quantity(struct check *c, const json_t *value);
/* At spec: a claim's, or that of a template of claims. */
void check_volume_claim_spec(struct check *c, const json_t *spec);
/* At the spec of a volume that an attachment holds itself: CSI alone, nothing that binds it. */
void check_inline_volume(struct check *c, const json_t *spec);

#endif
