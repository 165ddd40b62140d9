/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/check.h"

#include "api/object/meta.h"
#include "base/mem.h"

/* ---- the path ---- */

size_t check_in(struct check *c, const char *field)
{
	size_t was = c->path.n;
	if (field && *field) {
		if (was)
			buf_putc(&c->path, '.');
		buf_puts(&c->path, field);
	}
	return was;
}

size_t check_in_index(struct check *c, size_t i)
{
	size_t was = c->path.n;
	buf_putc(&c->path, '[');
	buf_i64(&c->path, (int64_t)i);
	buf_putc(&c->path, ']');
	return was;
}

size_t check_in_key(struct check *c, struct str key)
{
	size_t was = c->path.n;
	buf_putc(&c->path, '[');
	buf_str(&c->path, key);
	buf_putc(&c->path, ']');
	return was;
}

void check_out(struct check *c, size_t was)
{
	c->path.n = was;
	if (c->path.p)
		c->path.p[was] = 0;
}

bool check_failed(const struct check *c, size_t causes_before)
{
	return c->err->ncauses > causes_before;
}

/* ---- complaints ---- */

/* `body` with ": detail" behind it when there is one; used up. */
static void complain(struct check *c, const char *type, const char *child, struct buf *body,
		     const char *fmt, va_list ap)
{
	size_t was = check_in(c, child);
	struct buf detail = { 0 };
	if (fmt)
		buf_vprintf(&detail, fmt, ap);
	if (detail.n)
		buf_printf(body, ": %s", detail.p);
	err_cause(c->declared ? &c->later : c->err, type, c->path.p ? c->path.p : "", "%s",
		  body->p);
	buf_free(&detail);
	buf_free(body);
	check_out(c, was);
}

static struct buf body_of(const char *word)
{
	struct buf body = { 0 };
	buf_puts(&body, word);
	return body;
}

static struct buf body_text(const char *word, struct str value)
{
	struct buf body = body_of(word);
	buf_puts(&body, ": ");
	buf_json_string(&body, value);
	return body;
}

/* Upstream prints a value as its Go struct would be written: some fields come before those that sort before them, empty ones are left out. */
static int rank(const char *key)
{
	static const char *const early[] = { "type", "matchLabels", "name", NULL };
	return str_in(str_from(key), early) ? 0 : 1;
}

static int by_rank(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	return rank(x) != rank(y) ? rank(x) - rank(y) : strcmp(x, y);
}

static void write_value(const json_t *value, struct buf *out);

static void write_map(const json_t *map, struct buf *out)
{
	const char **keys = mem_alloc((json_object_size(map) + 1) * sizeof(*keys)), *key;
	size_t n = 0;
	json_t *item;
	json_object_foreach ((json_t *)map, key, item)
		if (!shape_empty(item))
			keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_rank);
	buf_putc(out, '{');
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? "," : "");
		buf_json_string(out, str_from(keys[i]));
		buf_putc(out, ':');
		write_value(json_object_get(map, keys[i]), out);
	}
	buf_putc(out, '}');
	free(keys);
}

static void write_value(const json_t *value, struct buf *out)
{
	size_t i;
	json_t *item;
	if (json_is_object(value)) {
		write_map(value, out);
	} else if (json_is_array(value)) {
		buf_putc(out, '[');
		json_array_foreach (value, i, item) {
			buf_puts(out, i ? "," : "");
			write_value(item, out);
		}
		buf_putc(out, ']');
	} else if (json_is_string(value)) {
		buf_json_string(out, tree_str(value));
	} else {
		char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
		buf_puts(out, text ? text : "null");
		free(text);
	}
}

static struct buf body_value(const char *word, const json_t *value)
{
	struct buf body = body_of(word);
	buf_puts(&body, ": ");
	write_value(value, &body);
	return body;
}

#define COMPLAIN(c, type, child, body, fmt)                         \
	do {                                                        \
		va_list ap_;                                        \
		va_start(ap_, fmt);                                 \
		complain((c), (type), (child), (body), (fmt), ap_); \
		va_end(ap_);                                        \
	} while (0)

void check_required(struct check *c, const char *child, const char *fmt, ...)
{
	struct buf body = body_of("Required value");
	COMPLAIN(c, "FieldValueRequired", child, &body, fmt);
}

void check_forbidden(struct check *c, const char *child, const char *fmt, ...)
{
	struct buf body = body_of("Forbidden");
	COMPLAIN(c, "FieldValueForbidden", child, &body, fmt);
}

void check_invalid(struct check *c, const char *child, const json_t *value, const char *fmt, ...)
{
	struct buf body = json_is_string(value) ? body_text("Invalid value", tree_str(value))
						: body_value("Invalid value", value);
	COMPLAIN(c, "FieldValueInvalid", child, &body, fmt);
}

void check_invalid_whole(struct check *c, const char *child, const json_t *value, const char *fmt,
			 ...)
{
	struct buf body = body_of("Invalid value: ");
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	buf_puts(&body, text ? text : "null");
	free(text);
	COMPLAIN(c, "FieldValueInvalid", child, &body, fmt);
}

void check_invalid_text(struct check *c, const char *child, struct str value, const char *fmt, ...)
{
	struct buf body = body_text("Invalid value", value);
	COMPLAIN(c, "FieldValueInvalid", child, &body, fmt);
}

void check_invalid_type(struct check *c, const char *child, const json_t *value, const char *fmt,
			...)
{
	struct buf body = json_is_string(value) ? body_text("Invalid value", tree_str(value))
						: body_value("Invalid value", value);
	COMPLAIN(c, "FieldValueTypeInvalid", child, &body, fmt);
}

void check_invalid_number(struct check *c, const char *child, int64_t value, const char *fmt, ...)
{
	struct buf body = { 0 };
	buf_printf(&body, "Invalid value: %lld", (long long)value);
	COMPLAIN(c, "FieldValueInvalid", child, &body, fmt);
}

static void complain_plain(struct check *c, const char *type, const char *child, struct buf body,
			   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void complain_plain(struct check *c, const char *type, const char *child, struct buf body,
			   const char *fmt, ...)
{
	COMPLAIN(c, type, child, &body, fmt);
}

void check_invalid_bare(struct check *c, const char *child, const char *detail)
{
	complain_plain(c, "FieldValueInvalid", child, body_of("Invalid value"), "%s", detail);
}

void check_duplicate(struct check *c, const char *child, const json_t *value)
{
	complain_plain(c, "FieldValueDuplicate", child, body_value("Duplicate value", value), "%s",
		       "");
}

void check_duplicate_text(struct check *c, const char *child, struct str value)
{
	complain_plain(c, "FieldValueDuplicate", child, body_text("Duplicate value", value), "%s",
		       "");
}

void check_not_found(struct check *c, const char *child, struct str value, const char *detail)
{
	complain_plain(c, "FieldValueNotFound", child, body_text("Not found", value), "%s", detail);
}

void check_too_long(struct check *c, const char *child, int max_bytes)
{
	complain_plain(c, "FieldValueTooLong", child, body_of("Too long"),
		       "may not be more than %d bytes", max_bytes);
}

void check_too_long_counted(struct check *c, const char *child, int max_characters)
{
	complain_plain(c, "FieldValueTooLong", child, body_of("Too long"),
		       "may not be more than %d characters", max_characters);
}

void check_too_many(struct check *c, const char *child, size_t n, size_t max)
{
	struct buf body = { 0 };
	buf_printf(&body, "Too many: %zu", n);
	complain_plain(c, "FieldValueTooMany", child, body, "must have at most %zu item%s", max,
		       max == 1 ? "" : "s");
}

void check_unsupported(struct check *c, const char *child, const json_t *value,
		       const char *const *supported)
{
	auto_buf list = { 0 };
	for (size_t i = 0; supported[i]; i++) {
		buf_puts(&list, i ? ", " : "supported values: ");
		buf_json_string(&list, str_from(supported[i]));
	}
	struct buf body = json_is_string(value) || !value
				  ? body_text("Unsupported value", tree_str(value))
				  : body_value("Unsupported value", value);
	complain_plain(c, "FieldValueNotSupported", child, body, "%s", list.p ? list.p : "");
}
