/* SPDX-License-Identifier: Apache-2.0 */
/* Our types against those that upstream publishes: OpenAPI says names, types, required fields, list semantics, merge keys and defaults; the
 * .proto files say numbers and types on the wire. What ours lacks or contradicts is listed, and the list is empty. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/openapi/openapi.h"
#include "api/openapi/types.h"
#include "api/registry.h"
#include "base/map.h"
#include "generated/api_tables.h"
#include "tests/unit/api/published.h"

static char kubernetes[PUBLISHED_PATH_MAX], protos[3][PUBLISHED_PATH_MAX];

static int find_modules(void **state)
{
	(void)state;
	published_module("k8s.io/kubernetes@v1.37.2", kubernetes);
	published_module("k8s.io/api@v0.37.2", protos[0]);
	published_module("k8s.io/apiextensions-apiserver@v0.37.2", protos[1]);
	published_module("k8s.io/kube-aggregator@v0.37.2", protos[2]);
	return 0;
}

/* ---- OpenAPI ---- */

/* Descriptions are our own; the published files are written without enumerations, which a server lists (tests/differential has them). */
static void strip_words(json_t *value)
{
	size_t i;
	const char *key;
	json_t *item;
	json_array_foreach (value, i, item)
		strip_words(item);
	if (json_is_string(json_object_get(value, "description")))
		json_object_del(value, "description");
	if (json_is_array(json_object_get(value, "enum")))
		json_object_del(value, "enum");
	json_object_foreach (value, key, item)
		strip_words(item);
}

/* A reference that needs no words beside it stands alone upstream. */
static void unwrap(json_t *property)
{
	const json_t *all = json_object_get(property, "allOf");
	json_t *only = json_array_size(all) == 1 && json_object_size(property) == 1
			       ? json_incref(json_array_get(all, 0))
			       : NULL;
	if (only)
		json_object_del(property, "allOf");
	json_object_update(property, only);
	json_decref(only);
}

static bool same_words(const json_t *a, const json_t *b) /* a list whose order says nothing */
{
	size_t i, k, n = json_array_size(a);
	for (i = 0; i < n; i++) {
		for (k = 0; k < n && !json_equal(json_array_get(a, i), json_array_get(b, k)); k++)
			;
		if (k == n)
			return false;
	}
	return json_is_array(a) && json_is_array(b) && n == json_array_size(b);
}

struct findings {
	struct buf text;
	size_t n, compared;
};

static void __attribute__((format(printf, 2, 3))) found(struct findings *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_puts(&f->text, "\n  ");
	buf_vprintf(&f->text, fmt, ap);
	va_end(ap);
	f->n++;
}

static void expect_none(struct findings *f)
{
	if (f->n)
		fail_msg("%zu differences:%s", f->n, f->text.p);
	buf_free(&f->text);
}

static void differ(struct findings *f, const char *type, const char *what, const json_t *want,
		   const json_t *have)
{
	if ((!want && !have) || json_equal(want, have) || same_words(want, have))
		return;
	char *a = want ? json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL,
	     *b = have ? json_dumps(have, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
	found(f, "%s %s: upstream %.300s, ours %.300s", type, what, a ? a : "nothing",
	      b ? b : "nothing");
	free(a);
	free(b);
}

static void compare_members(struct findings *f, const char *type, const json_t *want,
			    const json_t *have, bool properties)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)want, key, value)
		unwrap(value);
	json_object_foreach ((json_t *)have, key, value)
		unwrap(value);
	json_object_foreach ((json_t *)want, key, value)
		if (properties || strcmp(key, "properties"))
			differ(f, type, key, value, json_object_get(have, key));
	json_object_foreach ((json_t *)have, key, value)
		if (!json_object_get(want, key))
			differ(f, type, key, NULL, value);
}

/* Kinds of meta/v1 are of every group there, of the core group here: the list of groups is the server's to write. */
static void compare_type(struct findings *f, const struct api_type *t, bool v3, json_t *want)
{
	struct openapi_types refers = { 0 };
	auto_buf text = { 0 };
	json_error_t error;
	openapi_schema(t, v3, &refers, &text);
	openapi_types_free(&refers);
	json_t *have = json_loadb(text.p, text.n, 0, &error);
	strip_words(have);
	strip_words(want);
	if (!strncmp(t->name, "meta/", 5)) {
		json_object_del(want, "x-kubernetes-group-version-kind");
		json_object_del(have, "x-kubernetes-group-version-kind");
	}
	compare_members(f, t->name, want, have, false);
	compare_members(f, t->name, json_object_get(want, "properties"),
			json_object_get(have, "properties"), true);
	f->compared++;
	json_decref(have);
}

static const struct api_type *type_published_as(const char *name)
{
	for (size_t i = 0; i < api_types_count; i++)
		if (api_types[i].openapi_name && !strcmp(api_types[i].openapi_name, name))
			return &api_types[i];
	return NULL;
}

/* Alpha and beta versions are not served, and no object of ours refers to them. */
static bool is_ours_to_have(const char *name, const json_t *definition)
{
	struct str s = str_from(name);
	return json_object_get(definition, "properties") && !str_contains(s, STR("alpha")) &&
	       !str_contains(s, STR("beta")) && !str_contains(s, STR(".JSONSchemaPropsOr"));
}

static void compare_types(struct findings *f, const json_t *definitions, bool v3)
{
	const char *name;
	json_t *definition;
	json_object_foreach ((json_t *)definitions, name, definition) {
		const struct api_type *t = type_published_as(name);
		if (t)
			compare_type(f, t, v3, definition);
		else if (is_ours_to_have(name, definition))
			found(f, "%s is missing", name);
	}
}

static void types_are_those_of_the_published_openapi_v2(void **state)
{
	(void)state;
	struct findings f = { 0 };
	if (!*kubernetes)
		skip();
	json_t *document = published_json(kubernetes, "api/openapi-spec/swagger.json");
	compare_types(&f, json_object_get(document, "definitions"), false);
	json_decref(document);
	assert_in_range(f.compared, 600, 10000);
	expect_none(&f);
}

static void types_are_those_of_the_published_openapi_v3(void **state)
{
	(void)state;
	struct findings f = { 0 };
	if (!*kubernetes)
		skip();
	for (size_t i = 0; i < api_group_versions_count; i++) {
		const struct api_group_version *gv = &api_group_versions[i];
		char path[512];
		if (!gv->priority || strcmp(gv->version, "v1") > 0 || strlen(gv->version) > 2)
			continue;
		snprintf(path, sizeof path, "api/openapi-spec/v3/api%s%s__%s_openapi.json",
			 *gv->group ? "s__" : "", gv->group, gv->version);
		json_t *document = published_json(kubernetes, path);
		compare_types(&f,
			      json_object_get(json_object_get(document, "components"), "schemas"),
			      true);
		json_decref(document);
	}
	assert_in_range(f.compared, 600, 10000);
	expect_none(&f);
}

/* ---- the wire ---- */

static const char *wire_word(const struct api_schema *s, char out[256])
{
	static const char *const words[] = {
		[API_STRING] = "string",
		[API_BOOL] = "bool",
		[API_INT32] = "int32",
		[API_INT64] = "int64",
		[API_FLOAT64] = "double",
		[API_BYTES] = "bytes",
		[API_TIME] = "Time",
		[API_MICRO_TIME] = "MicroTime",
		[API_DURATION] = "Duration",
		[API_QUANTITY] = "Quantity",
		[API_INT_OR_STRING] = "IntOrString",
		[API_RAW] = "RawExtension",
		[API_JSON] = "JSON",
		[API_FIELDS_V1] = "FieldsV1",
		[API_PROPS_OR_ARRAY] = "JSONSchemaPropsOrArray",
		[API_PROPS_OR_BOOL] = "JSONSchemaPropsOrBool",
		[API_PROPS_OR_STRINGS] = "JSONSchemaPropsOrStringArray",
	};
	char item[240];
	if (s->kind == API_OBJECT)
		return strrchr(s->type->name, '.') + 1;
	if (s->kind != API_LIST && s->kind != API_MAP)
		return words[s->kind];
	snprintf(item, sizeof item, "%s", wire_word(s->item, out));
	snprintf(out, 256, s->kind == API_MAP ? "map %s" : "repeated %s", item);
	return out;
}

/* One line of a message: `optional k8s.io.api.core.v1.PodSpec spec = 2;`. The type's last word is compared, with "repeated" or "map". */
struct wire_field {
	char type[256], name[128];
	unsigned number;
};

static bool wire_field_parse(const char *line, struct wire_field *out)
{
	char label[32], type[200];
	const char *dot;
	if (sscanf(line, " map<string, %199[^>]> %127s = %u", type, out->name, &out->number) == 3)
		snprintf(label, sizeof label, "map ");
	else if (sscanf(line, " %31s %199s %127s = %u", label, type, out->name, &out->number) == 4)
		snprintf(label, sizeof label, "%s", strcmp(label, "repeated") ? "" : "repeated ");
	else
		return false;
	dot = strrchr(type, '.');
	snprintf(out->type, sizeof out->type, "%s%s", label, dot ? dot + 1 : type);
	return true;
}

static const struct api_field *field_numbered(const struct api_type *t, const struct wire_field *w)
{
	for (size_t i = 0; i < t->nfields; i++)
		if (t->fields[i].tag == w->number && !t->fields[i].via[0])
			return &t->fields[i];
	return NULL;
}

static bool same_letters(const char *a,
			 const char *b) /* x-kubernetes-… and $ref have none but letters */
{
	for (;; a++, b++) {
		while (*a && !isalnum((unsigned char)*a))
			a++;
		while (*b && !isalnum((unsigned char)*b))
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

static bool via_numbered(const struct api_type *t, unsigned number)
{
	for (size_t i = 0; i < t->nfields; i++)
		if (t->fields[i].via[0] == number)
			return true;
	return false;
}

static bool
is_boxed(const struct api_schema *s) /* a list in a message of its own: Verbs, ExtraValue */
{
	return s->boxed || (s->item && is_boxed(s->item));
}

static void compare_wire(struct findings *f, const struct api_type *t, const struct wire_field *w)
{
	char text[256];
	const struct api_field *have = field_numbered(t, w);
	f->compared++;
	if (!have && !via_numbered(t, w->number))
		found(f, "%s %s = %u is missing", t->name, w->name, w->number);
	else if (have && !same_letters(have->name, w->name))
		found(f, "%s number %u: upstream %s, ours %s", t->name, w->number, w->name,
		      have->name);
	else if (have && !is_boxed(&have->schema) &&
		 strcmp(wire_word(&have->schema, text), w->type))
		found(f, "%s %s: upstream %s, ours %s", t->name, w->name, w->type,
		      wire_word(&have->schema, text));
}

static void compare_proto(struct findings *f, const char *prefix, struct str text)
{
	const struct api_type *t = NULL;
	struct str line;
	while (str_next(&text, '\n', &line)) {
		char z[512], name[256], full[512];
		struct wire_field w;
		snprintf(z, sizeof z, "%.*s", STR_ARG(line));
		if (sscanf(z, "message %255s {", name) == 1) {
			snprintf(full, sizeof full, "%s.%s", prefix, name);
			t = api_type_find(str_from(full));
		} else if (*z == '}') {
			t = NULL;
		} else if (t && !strstr(z, "//") && wire_field_parse(z, &w)) {
			compare_wire(f, t, &w);
		}
	}
}

static void numbers_and_types_on_the_wire_are_those_of_the_proto_files(void **state)
{
	(void)state;
	struct findings f = { 0 };
	if (!*protos[0] || !*protos[1] || !*protos[2])
		skip();
	for (size_t i = 0; i < api_group_versions_count; i++) {
		const char *prefix = api_group_versions[i].prefix;
		auto_buf text = { 0 };
		char path[512];
		size_t from = !strncmp(prefix, "apiextensions/", 14)     ? 1
			      : !strncmp(prefix, "apiregistration/", 16) ? 2
									 : 0;
		if (!strncmp(prefix, "meta/", 5) || !strcmp(prefix, "version") ||
		    !strcmp(prefix, "metrics/v1beta1"))
			continue;
		snprintf(path, sizeof path, "%s%s/generated.proto", from ? "pkg/apis/" : "",
			 prefix);
		published_text(protos[from], path, &text);
		compare_proto(&f, prefix, buf_view(&text));
	}
	assert_in_range(f.compared, 2000, 100000);
	expect_none(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_those_of_the_published_openapi_v2),
		cmocka_unit_test(types_are_those_of_the_published_openapi_v3),
		cmocka_unit_test(numbers_and_types_on_the_wire_are_those_of_the_proto_files),
	};
	return cmocka_run_group_tests(tests, find_modules, NULL);
}
