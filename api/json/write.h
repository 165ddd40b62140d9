/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the JSON writer that others use, too. Any thread. */
#ifndef API_JSON_WRITE_H
#define API_JSON_WRITE_H

#include <jansson.h>

#include "base/buf.h"

void api_json_double(struct buf *out, double v); /* as Go writes a float64 */
void api_json_any(struct buf *out,
		  const json_t *value); /* without a schema: members sorted by name; NULL: null */

#endif
