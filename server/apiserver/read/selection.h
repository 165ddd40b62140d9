/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects of a collection a list, a watch or a deletecollection is about. */
#ifndef SERVER_APISERVER_READ_SELECTION_H
#define SERVER_APISERVER_READ_SELECTION_H

#include "api/selector/selector.h"
#include "base/arena.h"

struct selection {
	struct selector *labels, *fields;
	struct str name; /* n == 0: any; from a /watch/…/NAME path */
};
int selection_parse(const struct api_resource *res, struct str labels, struct str fields,
		    struct selection *out, struct err *err);
bool selection_all(const struct selection *s);
bool selection_match(const struct selection *s, const struct object *o);
void selection_free(struct selection *s);

#endif
