/* SPDX-License-Identifier: Apache-2.0 */
/* x-kubernetes-list-type, -list-map-keys and -map-type of one node of a schema. The check stands at the node. Any thread. */
#ifndef API_VALIDATION_CRD_LIST_RULES_H
#define API_VALIDATION_CRD_LIST_RULES_H

#include "api/validation/check.h"

void check_crd_map_type(struct check *c, const json_t *schema);
void check_crd_list_type(struct check *c, const json_t *schema, bool items);
/* Part of the above: items of a set are compared as a whole. */
void check_crd_set_items(struct check *c, const json_t *schema);
/* A key is always there: by its schema, or by a default. */
void check_crd_list_keys(struct check *c, const json_t *schema);

#endif
