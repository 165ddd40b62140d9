/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_names.h"

#include <ctype.h>

#include "api/object/meta.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

void check_crd_name(struct check *c, const char *child, struct str value, struct name_errors why,
		    const char *before)
{
	auto_buf all = { 0 };
	for (size_t i = 0; i < why.n; i++)
		buf_printf(&all, "%s%s", i ? "," : "", why.text[i]);
	if (why.n)
		check_invalid_text(c, child, value, "%s%s", before, all.p);
}

static void check_label_name(struct check *c, const char *child, struct str value)
{
	if (value.n)
		check_crd_name(c, child, value, name_dns1035_label(value), "");
}

void check_crd_kind_name(struct check *c, const char *child, struct str value)
{
	auto_free char *lower = str_dup(value);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (value.n)
		check_crd_name(c, child, value, name_dns1035_label(str_from(lower)),
			       "may have mixed case, but should otherwise match: ");
}

static void check_name_list(struct check *c, const json_t *names, const char *list)
{
	const json_t *item;
	size_t i;
	json_array_foreach (json_object_get(names, list), i, item) {
		size_t was = check_in(c, list), at = check_in_index(c, i);
		check_crd_name(c, NULL, tree_str(item), name_dns1035_label(tree_str(item)), "");
		check_out(c, at);
		check_out(c, was);
	}
}

void check_crd_names_required(struct check *c, const json_t *names)
{
	static const char *const required[] = { "plural", "singular", "kind", "listKind" };
	for (size_t i = 0; i < COUNT_OF(required); i++)
		if (!field(names, required[i]).n)
			check_required(c, required[i], "%s", "");
}

void check_crd_names(struct check *c, const json_t *names)
{
	check_label_name(c, "plural", field(names, "plural"));
	check_label_name(c, "singular", field(names, "singular"));
	check_crd_kind_name(c, "kind", field(names, "kind"));
	check_crd_kind_name(c, "listKind", field(names, "listKind"));
	check_name_list(c, names, "shortNames");
	if (field(names, "kind").n && str_eq(field(names, "kind"), field(names, "listKind")))
		check_invalid_text(c, "listKind", field(names, "listKind"),
				   "kind and listKind may not be the same");
	check_name_list(c, names, "categories");
}
