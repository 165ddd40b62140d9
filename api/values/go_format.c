/* SPDX-License-Identifier: Apache-2.0 */
#include "api/values/go_format.h"

#include "api/object/meta.h"
#include "base/mem.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void format_map(const json_t *map, struct buf *out)
{
	const char **keys = mem_alloc((json_object_size(map) + 1) * sizeof(*keys)), *key;
	size_t n = 0;
	json_t *item;
	json_object_foreach ((json_t *)map, key, item)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	buf_puts(out, "map[");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s%s:", i ? " " : "", keys[i]);
		tree_format_go(json_object_get(map, keys[i]), out);
	}
	buf_putc(out, ']');
	free(keys);
}

void tree_format_go(const json_t *value, struct buf *out)
{
	size_t i;
	json_t *item;
	if (json_is_object(value)) {
		format_map(value, out);
	} else if (json_is_array(value)) {
		buf_putc(out, '[');
		json_array_foreach (value, i, item) {
			buf_puts(out, i ? " " : "");
			tree_format_go(item, out);
		}
		buf_putc(out, ']');
	} else if (json_is_string(value)) {
		buf_str(out, tree_str(value));
	} else if (json_is_null(value)) {
		buf_puts(out, "<nil>");
	} else {
		char *text = json_dumps(value, JSON_ENCODE_ANY);
		buf_puts(out, text ? text : "");
		free(text);
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
