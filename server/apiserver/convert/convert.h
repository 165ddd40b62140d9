/* SPDX-License-Identifier: Apache-2.0 */
/* Between versions of one resource: an object is stored in one version and served in all. Most versions differ in
 * apiVersion only; where fields were renamed, a table says how. */
#ifndef SERVER_APISERVER_CONVERT_CONVERT_H
#define SERVER_APISERVER_CONVERT_CONVERT_H

#include "api/object/object.h"

/* Whether an object stored as `from` reads differently when asked for as `to`. */
bool convert_needed(const struct api_resource *from, const struct api_resource *to);
void convert_tree(const struct api_resource *from, const struct api_resource *to, json_t *tree);
/* "apps/v1", "v1" */
void api_version_text(const struct api_resource *r, char *out, size_t size);

#endif
