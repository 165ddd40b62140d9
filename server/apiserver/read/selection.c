/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/selection.h"

int selection_parse(const struct api_resource *res, struct str labels, struct str fields,
		    struct selection *out, struct err *err)
{
	int r = selector_parse_labels(labels, &out->labels, err);
	if (r == 0)
		r = selector_parse_fields(res, fields, &out->fields, err);
	return r;
}

bool selection_all(const struct selection *s)
{
	return !s->labels && !s->fields && s->name.n == 0;
}

bool selection_match(const struct selection *s, const struct object *o)
{
	if (s->name.n && !str_eq(s->name, o->name))
		return false;
	return selector_match_labels(s->labels, o->labels, o->nlabels) &&
	       selector_match_fields(s->fields, o);
}

void selection_free(struct selection *s)
{
	selector_free(s->labels);
	selector_free(s->fields);
	*s = (struct selection){ 0 };
}
