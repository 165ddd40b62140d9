/* SPDX-License-Identifier: Apache-2.0 */
/* Strings are double-quoted JSON strings, which YAML reads as they are: no plain scalar can be mistaken for a number, a
 * boolean or null. */
#include "server/apiserver/yaml.h"

#include <stdio.h>

static void value_write(const json_t *v, int depth, bool after_dash, struct buf *out);

static void indent(int depth, struct buf *out)
{
	for (int i = 0; i < depth; i++)
		buf_puts(out, "  ");
}

static void text_write(const char *p, size_t n, struct buf *out)
{
	buf_json_string(out, str_of(p, n));
}

static bool is_block(const json_t *v)
{
	return (json_is_object(v) && json_object_size(v)) ||
	       (json_is_array(v) && json_array_size(v));
}

static void map_write(const json_t *v, int depth, bool after_dash, struct buf *out)
{
	const char *key;
	json_t *item;
	bool first = true;
	json_object_foreach ((json_t *)v, key, item) {
		if (!first || !after_dash)
			indent(depth, out);
		first = false;
		text_write(key, strlen(key), out);
		buf_puts(out, is_block(item) ? ":\n" : ": ");
		value_write(item, json_is_object(item) ? depth + 1 : depth, false, out);
	}
}

static void list_write(const json_t *v, int depth, bool after_dash, struct buf *out)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		if (i || !after_dash)
			indent(depth, out);
		buf_puts(out, "- ");
		value_write(json_array_get(v, i), depth + 1, true, out);
	}
}

static void scalar_write(const json_t *v, struct buf *out)
{
	switch (json_typeof(v)) {
	case JSON_STRING: text_write(json_string_value(v), json_string_length(v), out); break;
	case JSON_INTEGER: buf_i64(out, json_integer_value(v)); break;
	case JSON_REAL: buf_printf(out, "%.17g", json_real_value(v)); break;
	case JSON_TRUE: buf_puts(out, "true"); break;
	case JSON_FALSE: buf_puts(out, "false"); break;
	case JSON_NULL: buf_puts(out, "null"); break;
	case JSON_OBJECT: buf_puts(out, "{}"); break;
	case JSON_ARRAY: buf_puts(out, "[]"); break;
	}
	buf_putc(out, '\n');
}

static void value_write(const json_t *v, int depth, bool after_dash, struct buf *out)
{
	if (!is_block(v))
		scalar_write(v, out);
	else if (json_is_object(v))
		map_write(v, depth, after_dash, out);
	else
		list_write(v, depth, after_dash, out);
}

void yaml_write(const json_t *tree, struct buf *out)
{
	value_write(tree, 0, false, out);
}
