/* SPDX-License-Identifier: Apache-2.0 */
/* Names and quantities of resources ("cpu", "hugepages-2Mi", "example.com/gpu"). The check stands at the quantity's field. */
#ifndef API_VALIDATION_RESOURCES_H
#define API_VALIDATION_RESOURCES_H

#include "api/validation/check.h"

bool resource_is_huge_page(struct str name);
bool resource_is_native(struct str name);
void check_resource_name(struct check *c, struct str name);
void check_container_resource_name(struct check *c, struct str name);
void check_resource_value(struct check *c, struct str name, const json_t *value);

#endif
