/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in one type: binary searches in its two orders. */
#include "api/type.h"

const struct api_field *api_type_field(const struct api_type *t, struct str name)
{
	for (size_t lo = 0, hi = t->nfields; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		const struct api_field *f = &t->fields[t->by_name[mid]];
		int c = str_cmp(name, str_of(f->name, f->name_length));
		if (c == 0)
			return f;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct api_field *api_type_tag(const struct api_type *t, uint32_t tag)
{
	for (size_t i = 0; i < t->ntags; i++) {
		const struct api_field *f = &t->fields[t->by_tag[i]];
		if (f->tag == tag && !f->via[0])
			return f;
	}
	return NULL;
}
