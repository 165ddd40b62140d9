/* SPDX-License-Identifier: Apache-2.0 */
/* YAML to trees by libyaml's events. Plain scalars mean what they mean in YAML 1.1, as upstream's parser reads them: yes and on
 * are true, 0x1f and 0777 are numbers, times stay text. One document; aliases may not make it grow without bound. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <yaml.h>

#include "api/codec.h"
#include "api/json/compact.h"
#include "api/object/meta.h"
#include "api/path.h"
#include "base/encode.h"
#include "base/map.h"
#include "base/mem.h"

#define BINARY_TAG       "tag:yaml.org,2002:binary"
#define ALIAS_VALUES_MAX 100000 /* values that aliases may add */

struct loader {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	struct map anchors; /* name -> json_t, owned */
	struct api_strings *dup;
	bool lines; /* duplicates are told by line, not by path */
	struct err *err;
	size_t alias_values;
};

static json_t *load_value(struct loader *l, const struct path *at, int depth);

static bool bad(struct loader *l, const char *what)
{
	const yaml_parser_t *p = &l->parser;
	size_t line =
		p->problem_mark.line + (p->error == YAML_SCANNER_ERROR); /* go-yaml counts so */
	if (p->error && line)
		err_set(l->err, ERR_BAD_REQUEST, "yaml: line %zu: %s", line,
			p->problem ? p->problem : what);
	else if (p->error)
		err_set(l->err, ERR_BAD_REQUEST, "yaml: %s", p->problem ? p->problem : what);
	else
		err_set(l->err, ERR_BAD_REQUEST, "yaml: line %zu: %s", l->event.start_mark.line + 1,
			what);
	return false;
}

static bool next(struct loader *l)
{
	if (l->has_event)
		yaml_event_delete(&l->event);
	l->has_event = yaml_parser_parse(&l->parser, &l->event) != 0;
	return l->has_event || bad(l, "cannot be parsed");
}

static bool is_one_of(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_eqz(s, *words))
			return true;
	return false;
}

static bool digits_only(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789.eE+-_", s.p[i]) || !s.p[i])
			return false;
	return true;
}

static json_t *number(struct str s)
{
	char text[64];
	size_t n = 0;
	if (s.n == 0 || s.n >= sizeof text || !strchr("+-.0123456789", s.p[0]))
		return NULL;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '_')
			text[n++] = s.p[i];
	text[n] = '\0';
	const char *body = text + (*text == '-' || *text == '+');
	int base = body[0] == '0' && body[1] == 'b' ? 2 : body[0] == '0' && body[1] == 'o' ? 8 : 0;
	char *end;
	errno = 0;
	if (*body >= '0' && *body <= '9') {
		long long v = base ? strtoll(body + 2, &end, base) : strtoll(text, &end, 0);
		if (*end == '\0' && errno == 0)
			return json_integer(base && *text == '-' ? -v : v);
	}
	if (!digits_only(s) || !strpbrk(body, "0123456789"))
		return NULL;
	double v = strtod(text, &end);
	return *end == '\0' && isfinite(v) ? json_real(v) : NULL;
}

static json_t *plain(struct str s)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", "yes", "Yes", "YES",
					     "on",   "On",   "ON",   "y",   "Y",   NULL };
	static const char *const falses[] = { "false", "False", "FALSE", "no", "No", "NO",
					      "off",   "Off",   "OFF",   "n",  "N",  NULL };
	if (is_one_of(s, nulls))
		return json_null();
	if (is_one_of(s, trues))
		return json_true();
	if (is_one_of(s, falses))
		return json_false();
	json_t *v = number(s);
	return v ? v : json_stringn(s.p, s.n);
}

static json_t *binary(struct loader *l, struct str s)
{
	auto_buf bytes = { 0 };
	if (!base64_decode(&bytes, s)) {
		bad(l, "!!binary value contains invalid base64 data");
		return NULL;
	}
	json_t *v = json_stringn(bytes.p ? bytes.p : "", bytes.n);
	if (!v)
		bad(l, "invalid UTF-8");
	return v;
}

static json_t *scalar(struct loader *l)
{
	struct str s = str_of(l->event.data.scalar.value, l->event.data.scalar.length);
	const char *tag = (const char *)l->event.data.scalar.tag;
	json_t *v = NULL;
	if (tag && strcmp(tag, BINARY_TAG) == 0)
		return binary(l, s);
	if (tag && strcmp(tag, YAML_STR_TAG) != 0 &&
	    l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		v = plain(s);
	else if (l->event.data.scalar.plain_implicit && !tag)
		v = plain(s);
	else
		v = json_stringn(s.p, s.n);
	if (!v)
		bad(l, "invalid UTF-8");
	return v;
}

static size_t count(const json_t *v)
{
	size_t n = 1, i;
	const char *key;
	json_t *item;
	json_object_foreach ((json_t *)v, key, item)
		n += count(item);
	json_array_foreach (v, i, item)
		n += count(item);
	return n;
}

static void drop(void *v)
{
	json_decref(v);
}

static void anchor(struct loader *l, const yaml_char_t *name, json_t *v)
{
	if (name && v)
		drop(map_put(&l->anchors, str_from((const char *)name), json_incref(v)));
}

static json_t *alias(struct loader *l)
{
	json_t *v = map_get(&l->anchors, str_from((const char *)l->event.data.alias.anchor));
	if (!v) {
		bad(l, "unknown anchor");
		return NULL;
	}
	l->alias_values += count(v);
	if (l->alias_values > ALIAS_VALUES_MAX) {
		bad(l, "document contains excessive aliasing");
		return NULL;
	}
	return tree_copy(v);
}

static char *key_text(json_t *key)
{
	if (json_is_string(key))
		return str_dup(str_of(json_string_value(key), json_string_length(key)));
	return json_is_object(key) || json_is_array(key) ? NULL : json_dumps(key, JSON_ENCODE_ANY);
}

static void merge(json_t *into, const json_t *from) /* "<<": what is there stays */
{
	size_t i;
	json_t *item;
	if (json_is_object(from))
		json_object_update_missing(into, (json_t *)from);
	json_array_foreach (from, i, item)
		merge(into, item);
}

static bool load_member(struct loader *l, json_t *object, const struct path *up, int depth)
{
	bool quoted = l->event.type == YAML_SCALAR_EVENT &&
		      l->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	size_t line = l->event.start_mark.line + 1;
	json_t *key = load_value(l, up, depth);
	if (!key)
		return false;
	char *name = key_text(key);
	json_decref(key);
	if (!name)
		return bad(l, "invalid map key");
	struct path at = { .up = up, .name = str_from(name) };
	json_t *v = next(l) ? load_value(l, &at, depth) : NULL;
	if (v && !quoted && strcmp(name, "<<") == 0) {
		merge(object, v);
		json_decref(v);
	} else if (v) {
		if (l->dup && json_object_get(object, name))
			api_strings_add(l->dup, l->lines
							? str_printf("line %zu: key \"%s\" already "
								     "set in map",
								     line, name)
							: path_text(&at));
		json_object_set_new_nocheck(object, name, v);
	}
	free(name);
	return v != NULL;
}

static json_t *load_mapping(struct loader *l, const struct path *at, int depth)
{
	json_t *object = json_object();
	auto_free char *name =
		l->event.data.mapping_start.anchor
			? str_dup(str_from((char *)l->event.data.mapping_start.anchor))
			: NULL;
	bool ok;
	while ((ok = next(l)) && l->event.type != YAML_MAPPING_END_EVENT)
		if (!load_member(l, object, at, depth))
			break;
	if (!ok || l->event.type != YAML_MAPPING_END_EVENT) {
		json_decref(object);
		return NULL;
	}
	anchor(l, (yaml_char_t *)name, object);
	return object;
}

static json_t *load_sequence(struct loader *l, const struct path *up, int depth)
{
	json_t *list = json_array();
	auto_free char *name =
		l->event.data.sequence_start.anchor
			? str_dup(str_from((char *)l->event.data.sequence_start.anchor))
			: NULL;
	struct path at = { .up = up, .is_index = true };
	bool ok;
	while ((ok = next(l)) && l->event.type != YAML_SEQUENCE_END_EVENT) {
		json_t *v = load_value(l, &at, depth);
		if (!v)
			break;
		json_array_append_new(list, v);
		at.index++;
	}
	if (!ok || l->event.type != YAML_SEQUENCE_END_EVENT) {
		json_decref(list);
		return NULL;
	}
	anchor(l, (yaml_char_t *)name, list);
	return list;
}

/* The value that begins with the current event. NULL: the error is set. */
static json_t *load_value(struct loader *l, const struct path *at, int depth)
{
	json_t *v;
	if (depth > API_DEPTH_MAX) {
		err_set(l->err, ERR_BAD_REQUEST, "yaml: exceeded max depth of %d", API_DEPTH_MAX);
		return NULL;
	}
	switch (l->event.type) {
	case YAML_SCALAR_EVENT:
		v = scalar(l);
		anchor(l, l->event.data.scalar.anchor, v);
		return v;
	case YAML_ALIAS_EVENT: return alias(l);
	case YAML_MAPPING_START_EVENT: return load_mapping(l, at, depth + 1);
	case YAML_SEQUENCE_START_EVENT: return load_sequence(l, at, depth + 1);
	default: bad(l, "value expected"); return NULL;
	}
}

static json_t *load_document(struct loader *l)
{
	if (!next(l) || !next(l)) /* stream start; document start, or stream end */
		return NULL;
	if (l->event.type == YAML_STREAM_END_EVENT)
		return json_null();
	return next(l) ? load_value(l, NULL, 0) : NULL;
}

static int parse(struct str text, json_t **out, struct api_strings *dup, bool lines,
		 struct err *err)
{
	struct loader l = { .dup = dup, .lines = lines, .err = err };
	if (text.n > API_BODY_MAX)
		return err_set(err, ERR_TOO_LARGE, "Request entity too large: limit is %u",
			       API_BODY_MAX);
	*out = json_compact_parse(text);
	if (*out)
		return 0;
	if (!yaml_parser_initialize(&l.parser))
		return err_set(err, ERR_INTERNAL, "out of memory for YAML");
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)text.p, text.n);
	json_t *v = load_document(&l);
	if (l.has_event)
		yaml_event_delete(&l.event);
	yaml_parser_delete(&l.parser);
	map_free(&l.anchors, drop);
	if (!v)
		return -ERR_BAD_REQUEST;
	*out = v;
	return 0;
}

int api_yaml_parse(struct str text, json_t **out, struct api_strings *dup, struct err *err)
{
	return parse(text, out, dup, false, err);
}

int api_yaml_parse_lines(struct str text, json_t **out, struct api_strings *dup, struct err *err)
{
	return parse(text, out, dup, true, err);
}
