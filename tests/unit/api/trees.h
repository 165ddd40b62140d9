/* SPDX-License-Identifier: Apache-2.0 */
/* Fixtures in one line: trees from JSON written with single quotes, and comparing them. */
#ifndef TESTS_UNIT_API_TREES_H
#define TESTS_UNIT_API_TREES_H

#include <jansson.h>

#include "api/type.h"

json_t *tree(const char *json); /* `{'a':1}`; fails the test when it is no JSON */
void assert_tree(const json_t *have, const char *want); /* prints both when they differ */
const struct api_resource *resource(const char *group, const char *version, const char *plural);

#endif
