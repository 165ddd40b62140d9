/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/validation/kinds.h"

static void check_finalizers(struct check *c, const json_t *ns, bool indexed)
{
	size_t was = check_in(c, "spec.finalizers"), i;
	json_t *item;
	json_array_foreach (tree_get(ns, "spec", "finalizers", NULL), i, item) {
		struct str name = tree_str(item);
		size_t at = c->path.n;
		if (indexed)
			at = check_in_index(c, i);
		check_name(c, NULL, name, name_label_key);
		if (str_find(name, '/') == name.n && !str_eqz(name, "kubernetes") &&
		    !str_eqz(name, "orphan") && !str_eqz(name, "foregroundDeletion"))
			check_invalid_text(c, NULL, name,
					   "name is neither a standard finalizer name nor is it "
					   "fully qualified");
		check_out(c, at);
	}
	check_out(c, was);
}

void validate_namespace(struct check *c, const json_t *ns)
{
	check_finalizers(c, ns, false);
}

void validate_namespace_update(struct check *c, const json_t *new, const json_t *old)
{
	(void)c;
	(void)new;
	(void)old;
}

void validate_namespace_status(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *phase = tree_get(new, "status", "phase", NULL);
	bool deleting = meta_deletion(new).n > 0;
	(void)old;
	if (!deleting && !str_eqz(tree_str(phase), "Active"))
		check_invalid_text(c, "status.Phase", tree_str(phase),
				   "may only be 'Active' if `deletionTimestamp` is empty");
	if (deleting && !str_eqz(tree_str(phase), "Terminating"))
		check_invalid_text(c, "status.Phase", tree_str(phase),
				   "may only be 'Terminating' if `deletionTimestamp` is not empty");
}

void validate_namespace_finalize(struct check *c, const json_t *new, const json_t *old)
{
	(void)old;
	check_finalizers(c, new, true);
}
