/* SPDX-License-Identifier: Apache-2.0 */
/* Writes api_structs.[ch]: C structs for the kinds marked `struct` and all that they hold, and for each a table of offsets
 * parallel to the fields of its api_type, which is what api/decode.c walks. */
#include <stdlib.h>
#include <string.h>

#include "api/schema/gen/schema.h"

static struct type **order; /* by-value members before their holders */
static size_t norder;

static const struct shape *innermost(const struct shape *s)
{
	while (s->item)
		s = s->item;
	return s;
}

static void visit(struct type *t)
{
	if (t->struct_index != -1)
		return;
	t->struct_index = -2;
	for (size_t i = 0; i < t->nflat; i++) {
		const struct field *f = &t->flat[i];
		if (f->shape.kind == API_OBJECT && !f->pointer)
			visit(f->shape.type);
	}
	t->struct_index = (int)norder;
	*PUSH(order, norder) = t;
}

static void visit_all(struct type *t)
{
	if (t->walked)
		return;
	t->walked = true;
	visit(t);
	for (size_t i = 0; i < t->nflat; i++) {
		const struct shape *s = innermost(&t->flat[i].shape);
		if (s->kind == API_OBJECT)
			visit_all(s->type);
	}
}

static const char *value_name(const struct shape *s)
{
	static const char *const names[] = {
		[API_STRING] = "struct str",
		[API_BOOL] = "bool",
		[API_INT32] = "int32_t",
		[API_INT64] = "int64_t",
		[API_FLOAT64] = "double",
		[API_BYTES] = "struct str",
		[API_TIME] = "struct api_time",
		[API_MICRO_TIME] = "struct api_time",
		[API_DURATION] = "struct api_duration",
		[API_QUANTITY] = "struct api_quantity",
		[API_INT_OR_STRING] = "struct api_int_or_string",
		[API_RAW] = "struct str",
		[API_JSON] = "struct str",
		[API_FIELDS_V1] = "struct str",
		[API_PROPS_OR_ARRAY] = "struct str",
		[API_PROPS_OR_BOOL] = "struct str",
		[API_PROPS_OR_STRINGS] = "struct str",
	};
	if (s->kind == API_OBJECT) {
		char *out = need(NULL, 200);
		snprintf(out, 200, "struct %s", name_struct(s->type));
		return out;
	}
	if (s->kind == API_LIST && s->item->kind == API_STRING)
		return "struct api_str_list";
	return s->kind == API_LIST || s->kind == API_MAP ? NULL : names[s->kind];
}

static bool by_pointer(const struct field *f)
{
	switch (f->shape.kind) {
	case API_BOOL:
	case API_INT32:
	case API_INT64:
	case API_FLOAT64:
	case API_OBJECT: return f->pointer;
	default: return false;
	}
}

static void write_member(FILE *h, const struct field *f)
{
	const struct shape *s = &f->shape;
	char *name = name_member(f->name);
	const char *own = value_name(s);
	if (own)
		fprintf(h, "\t%s %s%s;", own, by_pointer(f) ? "*" : "", name);
	else if (s->kind == API_LIST)
		fprintf(h, "\tstruct { %s *items; size_t n; } %s;", value_name(s->item), name);
	else if (s->item->kind == API_STRING || s->item->kind == API_BYTES)
		fprintf(h, "\tstruct api_str_map %s;", name);
	else if (s->item->kind == API_QUANTITY)
		fprintf(h, "\tstruct api_quantity_map %s;", name);
	else
		fprintf(h,
			"\tstruct { struct { struct str key; %s value; } *items; size_t n; } %s;",
			value_name(s->item), name);
	if (strcmp(name_snake(f->name), name) != 0 || s->kind == API_BYTES)
		fprintf(h, "%s", s->kind == API_BYTES ? " /* decoded */" : "");
	fprintf(h, "\n");
}

static void write_struct(FILE *c, FILE *h, const struct type *t)
{
	char *name = name_struct(t);
	fprintf(h, "\nstruct %s {\n", name);
	fprintf(c, "static const struct api_struct_field %s_fields[] = {\n", name);
	for (size_t i = 0; i < t->nflat; i++) {
		const struct field *f = &t->flat[i];
		const struct shape *s = innermost(&f->shape);
		write_member(h, f);
		fprintf(c, "\t{ offsetof(struct %s, %s), %d },\n", name, name_member(f->name),
			s->kind == API_OBJECT ? s->type->struct_index : -1);
	}
	if (t->nflat == 0)
		fprintf(h, "\tchar nothing;\n");
	fprintf(h, "};\n#define api_struct_%s (&api_structs[%d])\n", name, t->struct_index);
	fprintf(c, "%s};\n", t->nflat ? "" : "\t{ 0, -1 },\n");
}

static const char preface[] =
	"/* Kubernetes objects as C structs, decoded by api/decode.h into an arena.\n"
	" *\n"
	" * Names: struct GROUP_VERSION_TYPE, words in lower case: core/v1.PodSpec is `struct "
	"core_v1_pod_spec`, its field podIPs is\n"
	" * `pod_ips`; what C or another header has taken gets an underscore (default_, "
	"continue_). Each struct has a description\n"
	" * `api_struct_core_v1_pod` for object_decode().\n"
	" *\n"
	" * Values: string -> struct str, p == NULL when absent, NUL-terminated. bool, int32_t, "
	"int64_t, double by value, or a pointer\n"
	" * where absent and zero differ. Messages by value, or a pointer where they may be "
	"absent. Lists are { items, n }, maps are\n"
	" * lists of { key, value } sorted by key. bytes -> struct str of decoded bytes. Times are "
	"microseconds since 1970 and a set flag.\n"
	" * RawExtension, JSON and FieldsV1 -> struct str holding JSON text. Inline messages are "
	"not nested. A cleared struct is an\n"
	" * empty object. */\n";

static const char basics[] =
	"struct api_time { int64_t us; bool set; };\n"
	"struct api_duration { int64_t ns; bool set; };\n"
	"struct api_quantity { struct str text; };                  /* \"100m\"; p == NULL: "
	"absent; api/values/quantity.h reads it */\n"
	"struct api_int_or_string { bool set, is_string; int32_t i; struct str s; };\n"
	"struct api_str_list { struct str *items; size_t n; };\n"
	"struct api_str_pair { struct str key, value; };\n"
	"struct api_str_map { struct api_str_pair *items; size_t n; };\n"
	"struct api_quantity_pair { struct str key; struct api_quantity value; };\n"
	"struct api_quantity_map { struct api_quantity_pair *items; size_t n; };\n\n"
	"struct api_struct_field { uint16_t offset; int16_t nested; }; /* nested: index in "
	"api_structs, -1: none */\n"
	"struct api_struct { const struct api_type *type; const struct api_struct_field *fields; "
	"uint32_t size; };\n"
	"extern const struct api_struct api_structs[];\nextern const size_t api_structs_count;\n";

void write_structs(const struct schema *s, FILE *c, FILE *h)
{
	for (size_t i = 0; i < s->ntypes; i++)
		if (s->types[i]->wants_struct)
			visit_all(s->types[i]);
	fprintf(h,
		"%s#ifndef GENERATED_API_STRUCTS_H\n#define GENERATED_API_STRUCTS_H\n#include "
		"\"api/type.h\"\n\n%s\n",
		preface, basics);
	for (size_t i = 0; i < norder; i++)
		fprintf(h, "struct %s;\n", name_struct(order[i]));
	fprintf(c, "#include \"generated/api_structs.h\"\n#include \"generated/api_tables.h\"\n");
	for (size_t i = 0; i < norder; i++)
		write_struct(c, h, order[i]);
	fprintf(h, "#endif\n");
	fprintf(c, "const struct api_struct api_structs[] = {\n");
	for (size_t i = 0; i < norder; i++)
		fprintf(c, "\t{ &api_types[%d], %s_fields, sizeof(struct %s) },\n", order[i]->index,
			name_struct(order[i]), name_struct(order[i]));
	fprintf(c, "};\nconst size_t api_structs_count = %zu;\n", norder);
}
