/* SPDX-License-Identifier: Apache-2.0 */
/* How generated structs hold values, for the two that walk them: decode.c and encode.c. */
#ifndef API_STRUCT_LAYOUT_H
#define API_STRUCT_LAYOUT_H

#include "generated/api_structs.h"

struct vector { /* any list or map of a generated struct */
	char *items;
	size_t n;
};

/* Bytes of one value of this shape: a list's item, a map's value, what a pointer points to. */
static inline size_t struct_value_bytes(const struct api_schema *s, const struct api_struct *nested)
{
	switch (s->kind) {
	case API_BOOL: return sizeof(bool);
	case API_INT32: return sizeof(int32_t);
	case API_INT64:
	case API_FLOAT64: return 8;
	case API_TIME:
	case API_MICRO_TIME: return sizeof(struct api_time);
	case API_DURATION: return sizeof(struct api_duration);
	case API_QUANTITY: return sizeof(struct api_quantity);
	case API_INT_OR_STRING: return sizeof(struct api_int_or_string);
	case API_OBJECT: return nested->size;
	case API_LIST: return sizeof(struct api_str_list);
	default: return sizeof(struct str);
	}
}

/* Values that are held by pointer, since absent and zero differ. */
static inline bool struct_by_pointer(const struct api_field *f)
{
	return f->pointer && (f->schema.kind == API_OBJECT ||
			      (f->schema.kind >= API_BOOL && f->schema.kind <= API_FLOAT64));
}

static inline const struct api_struct *struct_nested(const struct api_struct *desc, size_t field)
{
	int at = desc->fields[field].nested;
	return at >= 0 ? &api_structs[at] : NULL;
}

#endif
