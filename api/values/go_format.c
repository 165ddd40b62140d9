/* SPDX-License-Identifier: Apache-2.0 */
#include "api/values/go_format.h"

#include "api/object/meta.h"
#include "base/mem.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* %v of a float64: the fewest digits that tell it. */
static void format_real(double v, struct buf *out)
{
	char text[40];
	int precision = 1, exponent;
	do
		snprintf(text, sizeof(text), "%.*e", precision - 1, v);
	while (precision++ < 17 && strtod(text, NULL) != v);
	exponent = atoi(strchr(text, 'e') + 1);
	if (exponent >= -4 && exponent < 6) {
		int decimals = precision - 2 - exponent;
		buf_printf(out, "%.*f", decimals > 0 ? decimals : 0, v);
	} else {
		buf_puts(out, text);
	}
}

static void format_scalar(const json_t *value, struct buf *out)
{
	if (!value) {
		buf_puts(out, "<nil>");
		return;
	}
	switch (json_typeof(value)) {
	case JSON_STRING: buf_str(out, tree_str(value)); break;
	case JSON_INTEGER: buf_i64(out, json_integer_value(value)); break;
	case JSON_REAL: format_real(json_real_value(value), out); break;
	case JSON_NULL: buf_puts(out, "<nil>"); break;
	default: buf_puts(out, json_is_true(value) ? "true" : "false"); break;
	}
}

/* The members of a map by name, each written by `one` after its name. */
static void format_members(const json_t *map, const char *between, bool quoted,
			   void (*one)(const json_t *, struct buf *), struct buf *out)
{
	const char **keys = mem_alloc((json_object_size(map) + 1) * sizeof(*keys)), *key;
	size_t n = 0;
	json_t *item;
	json_object_foreach ((json_t *)map, key, item)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? between : "");
		if (quoted)
			text_format_go(str_from(keys[i]), out);
		else
			buf_puts(out, keys[i]);
		buf_putc(out, ':');
		one(json_object_get(map, keys[i]), out);
	}
	free(keys);
}

static void format_items(const json_t *list, const char *between,
			 void (*one)(const json_t *, struct buf *), struct buf *out)
{
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item) {
		buf_puts(out, i ? between : "");
		one(item, out);
	}
}

void tree_format_go(const json_t *value, struct buf *out)
{
	if (json_is_object(value)) {
		buf_puts(out, "map[");
		format_members(value, " ", false, tree_format_go, out);
		buf_putc(out, ']');
	} else if (json_is_array(value)) {
		buf_putc(out, '[');
		format_items(value, " ", tree_format_go, out);
		buf_putc(out, ']');
	} else {
		format_scalar(value, out);
	}
}

void tree_format_go_syntax(const json_t *value, struct buf *out)
{
	if (json_is_object(value)) {
		buf_puts(out, "map[string]interface {}{");
		format_members(value, ", ", true, tree_format_go_syntax, out);
		buf_putc(out, '}');
	} else if (json_is_array(value)) {
		buf_puts(out, "[]interface {}{");
		format_items(value, ", ", tree_format_go_syntax, out);
		buf_putc(out, '}');
	} else if (json_is_string(value)) {
		text_format_go(tree_str(value), out);
	} else if (!value || json_is_null(value)) {
		buf_puts(out, "interface {}(nil)");
	} else {
		format_scalar(value, out);
	}
}

void text_format_go(struct str text, struct buf *out)
{
	static const char from[] = "\a\b\f\n\r\t\v\"\\", to[] = "abfnrtv\"\\";
	buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		const char *known = c ? strchr(from, c) : NULL;
		if (known)
			buf_printf(out, "\\%c", to[known - from]);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
}
