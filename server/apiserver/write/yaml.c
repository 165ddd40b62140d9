/* SPDX-License-Identifier: Apache-2.0 */
/* Block style: keys sorted as upstream's encoder sorts them, lists at the depth of their key, scalars by yaml_scalar.c. */
#include "server/apiserver/write/yaml.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "server/apiserver/write/yaml_scalar.h"

static void value_write(const json_t *v, int depth, bool after_dash, struct buf *out);

static void indent(int depth, struct buf *out)
{
	for (int i = 0; i < depth; i++)
		buf_puts(out, "  ");
}

static bool is_block(const json_t *v)
{
	return (json_is_object(v) && json_object_size(v)) ||
	       (json_is_array(v) && json_array_size(v));
}

static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Numbers in keys by their value, other signs before letters. */
static int natural_order(const char *a, const char *b)
{
	size_t i = 0;
	while (a[i] && a[i] == b[i])
		i++;
	if (!a[i] || !b[i])
		return a[i] ? 1 : b[i] ? -1 : 0;
	bool la = is_letter(a[i]), lb = is_letter(b[i]);
	if (la && lb)
		return (unsigned char)a[i] < (unsigned char)b[i] ? -1 : 1;
	if (la || lb)
		return lb ? -1 : 1;
	int64_t na = 0, nb = 0;
	size_t ia = i, ib = i;
	if (a[i] == '0' || b[i] == '0')
		for (size_t j = i; j > 0 && isdigit((unsigned char)a[j - 1]); j--)
			if (a[j - 1] != '0') {
				na = nb = 1;
				break;
			}
	for (; isdigit((unsigned char)a[ia]) && ia < i + 17; ia++)
		na = na * 10 + (a[ia] - '0');
	for (; isdigit((unsigned char)b[ib]) && ib < i + 17; ib++)
		nb = nb * 10 + (b[ib] - '0');
	if (na != nb)
		return na < nb ? -1 : 1;
	if (ia != ib)
		return ia < ib ? -1 : 1;
	return (unsigned char)a[i] < (unsigned char)b[i] ? -1 : 1;
}

static int by_key(const void *a, const void *b)
{
	return natural_order(*(const char *const *)a, *(const char *const *)b);
}

static void map_write(const json_t *v, int depth, bool after_dash, struct buf *out)
{
	size_t n = 0;
	const char *key, **keys = mem_alloc(json_object_size(v) * sizeof(*keys));
	json_t *item;
	json_object_foreach ((json_t *)v, key, item)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 0; i < n; i++) {
		item = json_object_get(v, keys[i]);
		if (i || !after_dash)
			indent(depth, out);
		yaml_scalar_write(str_from(keys[i]), 2 * depth + 2, true, out);
		buf_puts(out, is_block(item) ? ":\n" : ": ");
		value_write(item, is_block(item) && json_is_array(item) ? depth : depth + 1, false,
			    out);
	}
	free(keys);
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

static void real_write(double v, struct buf *out)
{
	char text[40];
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (fabs(strtod(text, NULL) - v) <= 0)
			break;
	}
	buf_puts(out, text);
}

static void scalar_write(const json_t *v, int depth, struct buf *out)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		yaml_scalar_write(str_of(json_string_value(v), json_string_length(v)), 2 * depth,
				  false, out);
		break;
	case JSON_INTEGER: buf_i64(out, json_integer_value(v)); break;
	case JSON_REAL: real_write(json_real_value(v), out); break;
	case JSON_TRUE: buf_puts(out, "true"); break;
	case JSON_FALSE: buf_puts(out, "false"); break;
	case JSON_NULL: buf_puts(out, "null"); break;
	case JSON_OBJECT: buf_puts(out, "{}"); break;
	case JSON_ARRAY: buf_puts(out, "[]"); break;
	}
	buf_putc(out, '\n');
}

/* `depth`: of the lines that it has of its own. */
static void value_write(const json_t *v, int depth, bool after_dash, struct buf *out)
{
	if (!is_block(v))
		scalar_write(v, depth, out);
	else if (json_is_object(v))
		map_write(v, depth, after_dash, out);
	else
		list_write(v, depth, after_dash, out);
}

void yaml_write(const json_t *tree, struct buf *out)
{
	value_write(tree, 0, false, out);
}
