/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/env_file.h"

struct lines {
	struct str rest;
	int number;
};

static bool next_line(struct lines *l, struct str *out)
{
	if (!l->rest.n || !str_next(&l->rest, '\n', out))
		return false;
	l->number++;
	if (out->n && out->p[out->n - 1] == '\r')
		out->n--;
	return true;
}

static struct str trim_left(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_of(s.p + 1, s.n - 1);
	return s;
}

static int bad(const struct lines *l, const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, "invalid environment variable format at line %d: %s",
		       l->number, what);
}

/* From behind the opening quote to the closing one, which may be lines away. */
static int quoted(struct lines *l, struct str rest, struct arena *a, struct str *out,
		  struct err *err)
{
	auto_buf value = { 0 };
	int first = l->number;
	size_t end;
	while ((end = str_find(rest, '\'')) >= rest.n) {
		buf_str(&value, rest);
		buf_putc(&value, '\n');
		if (!next_line(l, &rest))
			return err_set(err, ERR_INVALID,
				       "invalid environment variable format starting at line %d: "
				       "unclosed single quote",
				       first);
	}
	buf_str(&value, str_of(rest.p, end));
	rest = trim_left(str_of(rest.p + end + 1, rest.n - end - 1));
	if (rest.n && rest.p[0] != '#')
		return bad(l, "unexpected content after closing quote", err);
	*out = value.n ? str_from(arena_strdup(a, buf_view(&value))) : (struct str){ 0 };
	return 0;
}

int env_file_value(struct str text, struct str name, struct arena *a, struct str *out,
		   struct err *err)
{
	struct lines l = { .rest = text };
	struct str line;
	*out = (struct str){ 0 };
	while (next_line(&l, &line)) {
		struct str value = { 0 };
		line = trim_left(line);
		if (!line.n || line.p[0] == '#')
			continue;
		size_t at = str_find(line, '=');
		if (at >= line.n)
			return bad(&l, "missing '='", err);
		struct str key = str_of(line.p, at);
		if (!trim_left(key).n)
			return bad(&l, "empty variable name", err);
		if (key.p[at - 1] == ' ' || key.p[at - 1] == '\t')
			return bad(&l, "whitespace before '=' is not allowed", err);
		line = str_of(line.p + at + 1, line.n - at - 1);
		if (!line.n || (line.p[0] != '\'' && line.p[0] != ' ' && line.p[0] != '\t'))
			return bad(&l, "value must be enclosed in single quotes", err);
		if (line.p[0] == '\'') {
			int r = quoted(&l, str_of(line.p + 1, line.n - 1), a, &value, err);
			if (r < 0)
				return r;
		}
		if (str_eq(key, name)) {
			*out = value;
			return 0;
		}
	}
	return 0;
}
