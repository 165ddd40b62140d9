/* SPDX-License-Identifier: Apache-2.0 */
/* What upstream publishes as Go modules, for tests that compare with it. Without Go, or a place to get modules from, there is nothing. */
#ifndef TESTS_UNIT_API_PUBLISHED_H
#define TESTS_UNIT_API_PUBLISHED_H

#include <jansson.h>

#include "base/buf.h"

#define PUBLISHED_PATH_MAX 4096

/* The directory of a module, "k8s.io/api@v0.37.2", or false, and then a line that says so. */
bool published_module(const char *module, char out[PUBLISHED_PATH_MAX]);
void published_text(const char *dir, const char *path, struct buf *out); /* fails the test */
json_t *published_json(const char *dir, const char *path);               /* likewise */

#endif
