/* SPDX-License-Identifier: Apache-2.0 */
/* CustomResourceDefinitions and the objects of their kinds. */
#include "api/crd/crd.h"
#include "api/object/meta.h"
#include "server/apiserver/registry/strategy.h"
#include "server/apiserver/write/write.h"

/* ---- definitions ---- */

static bool is_in(const json_t *list, struct str text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eq(tree_str(json_array_get(list, i)), text))
			return true;
	return false;
}

/* A version once stored stays in the list until somebody has migrated its objects. */
static void store_version(json_t *tree)
{
	const json_t *versions = tree_get(tree, "spec", "versions", NULL);
	json_t *status = json_object_get(tree, "status"), *stored;
	if (!json_is_object(status)) {
		status = json_object();
		json_object_set_new(tree, "status", status);
	}
	stored = json_object_get(status, "storedVersions");
	if (!json_is_array(stored)) {
		stored = json_array();
		json_object_set_new(status, "storedVersions", stored);
	}
	for (size_t i = 0; i < json_array_size(versions); i++) {
		const json_t *v = json_array_get(versions, i);
		json_t *name = json_object_get(v, "name");
		if (!json_is_true(json_object_get(v, "storage")))
			continue;
		if (!is_in(stored, tree_str(name)))
			json_array_append(stored, name);
		return;
	}
}

int definition_strategy_create(struct write *w, struct err *err)
{
	(void)err;
	store_version(w->tree);
	return 0;
}

int definition_strategy_update(struct write *w, struct err *err)
{
	(void)err;
	json_t *status = json_object_get(w->tree, "status"); /* the old one: not ours to change */
	if (status)
		json_object_set_new(w->tree, "status", tree_copy(status));
	store_version(w->tree);
	return 0;
}

/* ---- custom resources ---- */

static const char *const standard_finalizers[] = { "orphan", "foregroundDeletion", "kubernetes" };

static bool is_standard(struct str name)
{
	for (size_t i = 0; i < sizeof(standard_finalizers) / sizeof(*standard_finalizers); i++)
		if (str_eqz(name, standard_finalizers[i]))
			return true;
	return false;
}

static void warn_finalizers(struct write *w)
{
	const json_t *list = meta_finalizers(w->tree), *old = meta_finalizers(w->old);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct str name = tree_str(json_array_get(list, i));
		bool dotted = str_contains(name, STR("."));
		if (is_in(old, name) || str_contains(name, STR("/")) || is_standard(name))
			continue;
		request_warn(w->r,
			     "metadata.finalizers: \"%.*s\": prefer a domain-qualified finalizer "
			     "name %sto avoid "
			     "accidental conflicts with other finalizer writers",
			     STR_ARG(name), dotted ? "including a path (/) " : "");
	}
}

int custom_resource_strategy_create(struct write *w, struct err *err)
{
	if (atomic_load(&w->res->crd->terminating))
		return err_set(err, ERR_FORBIDDEN,
			       "%s \"%.*s\" is forbidden: create not allowed while custom resource "
			       "definition is "
			       "terminating",
			       lookup_qualified(w->r, w->res), STR_ARG(w->name));
	warn_finalizers(w);
	return 0;
}

int custom_resource_strategy_update(struct write *w, struct err *err)
{
	(void)err;
	warn_finalizers(w);
	return 0;
}
