/* SPDX-License-Identifier: Apache-2.0 */
/* JSONPath on a view, as far as printer columns use it: `.a.b`, `['a.b']`, `.a\.b`, `[0]`, `[-1]`, `[*]`, `.*` and
 * `[?(@.type=="Ready")]`, with or without `{}` and `$` around. Gives the first match. Any thread. */
#ifndef API_OBJECT_VIEW_PATH_H
#define API_OBJECT_VIEW_PATH_H

#include "api/object/view.h"

struct at view_path(struct at root, const char *path);

#endif
