/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/view_path.h"

#include <stdlib.h>

#define NAME_MAX_BYTES 256

static struct at eval(struct at a, const char *p);

static struct at none(void)
{
	return (struct at){ 0 };
}

static struct at any_child(struct at a, const char *rest)
{
	AT_EACH(a, it)
	{
		struct at found = eval(it, rest);
		if (found.v)
			return found;
	}
	return none();
}

/* `.name`, up to the next step; a backslash takes the meaning from a dot. */
static struct at by_name(struct at a, const char *p)
{
	char name[NAME_MAX_BYTES];
	size_t n = 0;
	for (; *p && *p != '.' && *p != '[' && *p != '}'; p++) {
		if (*p == '\\' && p[1])
			p++;
		if (n + 1 == sizeof(name))
			return none();
		name[n++] = *p;
	}
	name[n] = 0;
	return n ? eval(at_get(a, name), p) : eval(a, p);
}

/* The text between two quotes at p; *end is behind the second. */
static bool quoted(const char *p, struct str *out, const char **end)
{
	char quote = *p;
	if (quote != '\'' && quote != '"')
		return false;
	const char *close = strchr(p + 1, quote);
	if (!close)
		return false;
	*out = str_of(p + 1, (size_t)(close - p - 1));
	*end = close + 1;
	return true;
}

static struct at by_quoted_name(struct at a, const char *p)
{
	struct str name;
	const char *end;
	if (!quoted(p, &name, &end) || *end != ']' || at_type(a) != READ_OBJECT)
		return none();
	AT_EACH(a, it)
	if (str_eq(at_key(it), name))
		return eval(it, end + 1);
	return none();
}

static struct at by_index(struct at a, const char *p)
{
	char *end;
	long i = strtol(p, &end, 10), n = (long)at_count(a);
	if (end == p || *end != ']' || at_type(a) != READ_ARRAY)
		return none();
	if (i < 0)
		i += n;
	return i >= 0 ? eval(at_item(a, (size_t)i), end + 1) : none();
}

struct filter { /* `@.path OP value` */
	char path[NAME_MAX_BYTES];
	bool equal, exists; /* exists: no operator */
	struct str value;
};

static const char *skip_blanks(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

static const char *filter_path(struct filter *f, const char *p)
{
	size_t n = 0;
	p = skip_blanks(p);
	if (*p++ != '@')
		return NULL;
	for (; *p && !strchr(" =!)", *p); p++) {
		if (n + 1 == sizeof(f->path))
			return NULL;
		f->path[n++] = *p;
	}
	f->path[n] = 0;
	return skip_blanks(p);
}

/* Reads from behind "[?(" to behind ")]". NULL: not understood. */
static const char *read_filter(struct filter *f, const char *p)
{
	p = filter_path(f, p);
	if (!p)
		return NULL;
	f->exists = *p == ')';
	if (!f->exists) {
		if ((p[0] != '=' && p[0] != '!') || p[1] != '=')
			return NULL;
		f->equal = p[0] == '=';
		p = skip_blanks(p + 2);
		if (!quoted(p, &f->value, &p)) {
			size_t n = strcspn(p, " )");
			f->value = str_of(p, n);
			p += n;
		}
	}
	p = skip_blanks(p);
	return p[0] == ')' && p[1] == ']' ? p + 2 : NULL;
}

static bool passes(struct at item, const struct filter *f)
{
	auto_buf text = { 0 };
	struct at value = eval(item, f->path);
	if (f->exists)
		return value.v != NULL;
	at_text(value, &text);
	return str_eq(buf_view(&text), f->value) == f->equal;
}

static struct at by_filter(struct at a, const char *p)
{
	struct filter f = { .exists = false };
	const char *rest = read_filter(&f, p);
	if (!rest)
		return none();
	AT_EACH(a, it)
	{
		struct at found = passes(it, &f) ? eval(it, rest) : none();
		if (found.v)
			return found;
	}
	return none();
}

static struct at bracket(struct at a, const char *p)
{
	if (p[0] == '*' && p[1] == ']')
		return any_child(a, p + 2);
	if (p[0] == '?' && p[1] == '(')
		return by_filter(a, p + 2);
	return *p == '\'' || *p == '"' ? by_quoted_name(a, p) : by_index(a, p);
}

static struct at eval(struct at a, const char *p)
{
	if (!a.v || *p == 0 || *p == '}')
		return a;
	if (*p == '[')
		return bracket(a, p + 1);
	if (*p == '.' && p[1] == '*')
		return any_child(a, p + 2);
	return by_name(a, *p == '.' ? p + 1 : p);
}

struct at view_path(struct at root, const char *path)
{
	if (*path == '{')
		path++;
	if (*path == '$')
		path++;
	return eval(root, path);
}
