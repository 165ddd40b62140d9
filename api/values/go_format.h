/* SPDX-License-Identifier: Apache-2.0 */
/* A decoded JSON value as Go's %v prints it, map[a:1 b:[x y]]: upstream shows values so in some errors. NULL is nil. */
#ifndef API_VALUES_GO_FORMAT_H
#define API_VALUES_GO_FORMAT_H

#include <jansson.h>

#include "base/buf.h"

void tree_format_go(const json_t *value, struct buf *out);
/* As %#v does: map[string]interface {}{"a":1, "b":[]interface {}{"x", "y"}}. */
void tree_format_go_syntax(const json_t *value, struct buf *out);
/* A text as %q prints it: "a\x00b". */
void text_format_go(struct str text, struct buf *out);

#endif
