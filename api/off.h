/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of features that are not on by default in this release: they are known and read, but who writes them finds them left out, unless the
 * object had the field before. Pure; any thread. */
#ifndef API_OFF_H
#define API_OFF_H

#include <jansson.h>

#include "api/type.h"

void api_drop_off(const struct api_type *t, json_t *object,
		  const json_t *old); /* old: NULL when new */

#endif
