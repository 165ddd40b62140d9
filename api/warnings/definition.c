/* SPDX-License-Identifier: Apache-2.0 */
/* What a CustomResourceDefinition says in vain: formats that nobody checks, sets of what isn't compared as a whole. An update is told of
 * what is new in it. */
#include "api/crd/rules.h"
#include "api/object/meta.h"
#include "api/validation/crd_schema_rules.h"
#include "api/warnings/warnings.h"
#include "base/mem.h"

struct found {
	struct map formats, sets;   /* of this definition */
	const struct found *before; /* of the old one, or NULL */
	struct warnings *w;         /* NULL: nothing is told */
};

static void format_look(struct found *f, const json_t *s)
{
	struct str format = tree_get_str(s, "format", NULL);
	auto_free char *type = str_dup(tree_get_str(s, "type", NULL)), *name = str_dup(format);
	if (!format.n || crd_format_known(type, name) || seen_before(&f->formats, format))
		return;
	if (f->w && !(f->before && map_get(&f->before->formats, format)))
		warn(f->w, "unrecognized format \"%s\"", name);
}

static bool look(const json_t *s, void *data)
{
	struct found *f = data;
	struct str type = tree_get_str(s, "items", "type", NULL);
	format_look(f, s);
	if (str_eqz(tree_get_str(s, "x-kubernetes-list-type", NULL), "set") &&
	    (str_eqz(type, "array") || str_eqz(type, "object")))
		seen_before(&f->sets, type);
	return false;
}

static void look_at(struct found *f, const json_t *definition)
{
	const json_t *version;
	size_t i;
	json_array_foreach (tree_get(definition, "spec", "versions", NULL), i, version)
		crd_schema_any(tree_get(version, "schema", "openAPIV3Schema", NULL), look, f);
}

void warn_definition(struct warnings *w, const json_t *new, const json_t *old)
{
	static const char *const types[] = { "array", "object" };
	struct found before = { 0 }, now = { .w = w, .before = &before };
	look_at(&before, old);
	look_at(&now, new);
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (map_get(&now.sets, str_from(types[i])) &&
		    !map_get(&before.sets, str_from(types[i])))
			warn(w,
			     "x-kubernetes-list-type: set for items of type \"%s\" is not "
			     "supported by server-side apply or CEL validation rules",
			     types[i]);
	struct map *maps[] = { &before.formats, &before.sets, &now.formats, &now.sets };
	for (size_t i = 0; i < COUNT_OF(maps); i++)
		map_free(maps[i], NULL);
}
