/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the rules of resource.k8s.io. Paths are relative to where the check stands. Follows upstream's pkg/apis/resource/validation; whether
 * expressions compile is for CEL to say. */
#ifndef API_VALIDATION_DEVICE_PARTS_H
#define API_VALIDATION_DEVICE_PARTS_H

#include "api/validation/check.h"

typedef void (*check_item)(struct check *c, const json_t *item, void *ctx);
/* The list of a field: not more than max (0: any number), each item, and with a key no two of the same ("": the item itself is the key). */
void check_set(struct check *c, const json_t *of, const char *name, size_t max, const char *key,
	       bool declared, check_item check, void *ctx);
void check_device_selectors(struct check *c, const json_t *of);
void check_device_configuration(struct check *c, const json_t *config);
void check_device_tolerations(struct check *c, const json_t *of);
void check_device_taint(struct check *c, const json_t *taint, void *ctx);
void check_device_claim_spec(struct check *c, const json_t *spec);
/* [domain/]identifier; with a domain when it has to be complete. */
void check_qualified_device_name(struct check *c, const char *child, struct str name, bool full);
void check_pool_name(struct check *c, const char *child, struct str name);
void check_binding_conditions(struct check *c, const json_t *of);

#endif
