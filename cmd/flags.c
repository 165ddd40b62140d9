/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flags.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>

#include "api/codec.h"
#include "api/values/duration.h"
#include "base/file.h"
#include "base/mem.h"

#define CONFIG_MAX (1u << 20)

static void *slot(const struct flag *f, void *values)
{
	return (char *)values + f->offset;
}

static const struct flag *find(const struct flag_table *t, struct str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eqz(name, t->flags[i].name))
			return &t->flags[i];
	return NULL;
}

static int unknown(const struct flag_table *t, const char *what, struct str name, struct err *err)
{
	const char *best = NULL;
	size_t best_distance = name.n / 2 + 1; /* farther than this is no typing error */
	for (size_t i = 0; i < t->n; i++) {
		size_t d = str_distance(name, str_from(t->flags[i].name));
		if (d >= best_distance)
			continue;
		best_distance = d;
		best = t->flags[i].name;
	}
	if (!best)
		return err_set(err, ERR_BAD_REQUEST, "unknown %s \"%.*s\"; see allinone %s --help",
			       what, STR_ARG(name), t->command);
	return err_set(err, ERR_BAD_REQUEST, "unknown %s \"%.*s\"; did you mean \"%s\"?", what,
		       STR_ARG(name), best);
}

static void list_clear(struct flag_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct flag_list){ 0 };
}

void flag_list_add(struct flag_list *l, struct str item)
{
	l->items = mem_realloc(l->items, (l->n + 2) * sizeof(*l->items));
	l->items[l->n++] = str_dup(str_trim(item));
	l->items[l->n] = NULL;
}

static int set_bool(const struct flag *f, bool *out, struct str text, struct err *err)
{
	if (str_eqz(text, "true") || str_eqz(text, "1"))
		*out = true;
	else if (str_eqz(text, "false") || str_eqz(text, "0"))
		*out = false;
	else
		return err_set(err, ERR_BAD_REQUEST, "%s: \"%.*s\" is neither true nor false",
			       f->name, STR_ARG(text));
	return 0;
}

static int set(const struct flag *f, void *values, struct str text, struct err *err)
{
	switch (f->type) {
	case FLAG_STRING: {
		char **at = slot(f, values);
		free(*at);
		*at = str_dup(text);
		return 0;
	}
	case FLAG_BOOL: return set_bool(f, slot(f, values), text, err);
	case FLAG_INT:
		if (!str_to_i64(text, slot(f, values)))
			return err_set(err, ERR_BAD_REQUEST, "%s: \"%.*s\" is not a number",
				       f->name, STR_ARG(text));
		return 0;
	case FLAG_LIST:
		for (struct str item; str_next(&text, ',', &item);)
			if (item.n)
				flag_list_add(slot(f, values), item);
		return 0;
	}
	return 0;
}

static int set_json(const struct flag *f, void *values, const json_t *v, struct err *err)
{
	size_t i;
	json_t *item;
	switch (json_typeof(v)) {
	case JSON_STRING:
		return set(f, values, str_of(json_string_value(v), json_string_length(v)), err);
	case JSON_TRUE:
	case JSON_FALSE: return set(f, values, json_is_true(v) ? STR("true") : STR("false"), err);
	case JSON_INTEGER: {
		char text[24];
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(v));
		return set(f, values, str_from(text), err);
	}
	case JSON_ARRAY:
		if (f->type != FLAG_LIST)
			break;
		json_array_foreach (v, i, item) {
			int r = set_json(f, values, item, err);
			if (r < 0)
				return r;
		}
		return 0;
	default: break;
	}
	return err_set(err, ERR_BAD_REQUEST, "%s: wants a %s", f->name,
		       f->type == FLAG_LIST ? "list" : "single value");
}

static int from_tree(const struct flag_table *t, json_t *tree, void *values, struct err *err)
{
	const char *key;
	json_t *v;
	if (json_is_null(tree))
		return 0;
	if (!json_is_object(tree))
		return err_set(err, ERR_BAD_REQUEST, "must be a map of flag names to values");
	json_object_foreach (tree, key, v) {
		const struct flag *f = find(t, str_from(key));
		if (!f)
			return unknown(t, "key", str_from(key), err);
		if (f->type == FLAG_LIST)
			list_clear(slot(f, values));
		int r = set_json(f, values, v, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int from_file(const struct flag_table *t, const char *path, bool must_exist, void *values,
		     struct err *err)
{
	auto_buf text = { 0 };
	int r = file_read(path, CONFIG_MAX, &text, err);
	if (r == -ERR_NOT_FOUND && !must_exist) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return err_wrap(err, r, "config file");
	json_t *tree = NULL;
	r = api_yaml_parse(buf_view(&text), &tree, NULL, err);
	if (r == 0)
		r = from_tree(t, tree, values, err);
	json_decref(tree);
	return r < 0 ? err_wrap(err, r, "config file %s", path) : 0;
}

static int from_environment(const struct flag_table *t, void *values, struct err *err)
{
	for (size_t i = 0; i < t->n; i++) {
		auto_buf name = { 0 };
		buf_puts(&name, "ALLINONE_");
		for (const char *c = t->flags[i].name; *c; c++)
			buf_putc(&name, *c == '-' ? '_' : (char)toupper((unsigned char)*c));
		const char *text = getenv(name.p);
		if (!text)
			continue;
		if (t->flags[i].type == FLAG_LIST)
			list_clear(slot(&t->flags[i], values));
		int r = set(&t->flags[i], values, str_from(text), err);
		if (r < 0)
			return err_wrap(err, r, "environment variable %s", name.p);
	}
	return 0;
}

/* One word of the command line and, when the value stands apart, the next one. */
struct word {
	struct str name, value;
	bool has_value;
};

static int split_word(const char *arg, struct word *out, struct err *err)
{
	struct str s = str_from(arg);
	if (!str_cut_prefix(&s, STR("--")) && !str_cut_prefix(&s, STR("-")))
		return err_set(err, ERR_BAD_REQUEST, "unexpected argument \"%s\"", arg);
	size_t at = str_find(s, '=');
	*out = (struct word){ .name = str_of(s.p, at), .has_value = at < s.n };
	if (out->has_value)
		out->value = str_of(s.p + at + 1, s.n - at - 1);
	return 0;
}

typedef int (*word_fn)(const struct flag_table *t, const struct word *w, void *ctx,
		       struct err *err);

static int each_word(const struct flag_table *t, int argc, char **argv, word_fn fn, void *ctx,
		     struct err *err)
{
	for (int i = 1; i < argc; i++) {
		struct word w;
		int r = split_word(argv[i], &w, err);
		if (r < 0)
			return r;
		const struct flag *f = find(t, w.name);
		bool alone = str_eqz(w.name, "help") || str_eqz(w.name, "h") ||
			     (f && f->type == FLAG_BOOL);
		if (!f && !alone && !(t->config_path && str_eqz(w.name, "config")))
			return unknown(t, "flag", w.name, err);
		if (!w.has_value && !alone) {
			if (++i >= argc)
				return err_set(err, ERR_BAD_REQUEST, "--%.*s needs a value",
					       STR_ARG(w.name));
			w.value = str_from(argv[i]);
		}
		if (!w.has_value && alone)
			w.value = STR("true");
		r = fn(t, &w, ctx, err);
		if (r)
			return r;
	}
	return 0;
}

struct config_choice {
	struct str path;
	bool named;
};

static int look_ahead(const struct flag_table *t, const struct word *w, void *ctx, struct err *err)
{
	struct config_choice *c = ctx;
	(void)err;
	if (str_eqz(w->name, "help") || str_eqz(w->name, "h")) {
		auto_buf text = { 0 };
		flags_help(t, &text);
		fputs(text.p, stdout);
		return 1;
	}
	if (str_eqz(w->name, "config"))
		*c = (struct config_choice){ w->value, true };
	return 0;
}

struct line {
	void *values;
	bool *seen; /* lists given on the line replace what file and environment said, once */
};

static int take_word(const struct flag_table *t, const struct word *w, void *ctx, struct err *err)
{
	struct line *l = ctx;
	const struct flag *f = find(t, w->name);
	if (!f)
		return 0; /* --config, --help */
	if (f->type == FLAG_LIST && !l->seen[f - t->flags]) {
		list_clear(slot(f, l->values));
		l->seen[f - t->flags] = true;
	}
	return set(f, l->values, w->value, err);
}

static int from_defaults(const struct flag_table *t, void *values, struct err *err)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!t->flags[i].initial)
			continue;
		int r = set(&t->flags[i], values, str_from(t->flags[i].initial), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int flags_parse(const struct flag_table *t, int argc, char **argv, void *out, struct err *err)
{
	struct config_choice choice = { str_from(t->config_path), false };
	const char *from_env = getenv("ALLINONE_CONFIG");
	if (from_env && t->config_path)
		choice = (struct config_choice){ str_from(from_env), true };
	int r = each_word(t, argc, argv, look_ahead, &choice, err);
	if (r)
		return r;
	if ((r = from_defaults(t, out, err)) < 0)
		return r;
	if (choice.path.n) {
		auto_free char *path = str_dup(choice.path);
		if ((r = from_file(t, path, choice.named, out, err)) < 0)
			return r;
	}
	if ((r = from_environment(t, out, err)) < 0)
		return r;
	auto_free bool *seen = mem_zalloc(t->n * sizeof(*seen));
	struct line line = { out, seen };
	return each_word(t, argc, argv, take_word, &line, err);
}

void flags_help(const struct flag_table *t, struct buf *out)
{
	buf_printf(
		out,
		"Usage: allinone %s [flags]\n\nFlags (each may also stand in %sthe environment as "
		"ALLINONE_…):\n",
		t->command, t->config_path ? "the config file, and in " : "");
	if (t->config_path)
		buf_printf(out, "  %-36s YAML file with any of these flags (default %s)\n",
			   "--config FILE", t->config_path);
	for (size_t i = 0; i < t->n; i++) {
		const struct flag *f = &t->flags[i];
		auto_free char *left = str_printf("--%s%s%s", f->name, f->value ? " " : "",
						  f->value ? f->value : "");
		buf_printf(out, "  %-36s %s", left, f->help);
		if (f->initial && *f->initial && f->type != FLAG_BOOL)
			buf_printf(out, " (default %s)", f->initial);
		buf_putc(out, '\n');
	}
}

void flags_free(const struct flag_table *t, void *values)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->flags[i].type == FLAG_STRING)
			free(*(char **)slot(&t->flags[i], values));
		else if (t->flags[i].type == FLAG_LIST)
			list_clear(slot(&t->flags[i], values));
	}
}

int flag_duration(const char *flag, const char *text, int64_t least_ms, int64_t *out_ms,
		  struct err *err)
{
	int64_t ns;
	if (!duration_parse(str_from(text), &ns) || ns < least_ms * 1000000)
		return err_set(err, ERR_BAD_REQUEST,
			       "--%s: \"%s\" is not a duration of %s or more, such as 1m30s", flag,
			       text, least_ms ? "a second" : "0s");
	*out_ms = ns / 1000000;
	return 0;
}
