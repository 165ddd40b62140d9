/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is created in a namespace that isn't there or is going away; three namespaces may not be deleted. */
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"

static const char *const forever[] = { "default", "kube-system", "kube-public" };

static bool is_terminating(const struct object *ns)
{
	return ns->deleting;
}

/* Reviews ask about a namespace, they aren't objects in it. */
static bool lives_in_namespace(const struct write *w)
{
	return w->res->namespaced && strcmp(w->res->group, "authorization.k8s.io");
}

int admit_namespace_lifecycle(struct write *w, struct err *err)
{
	if (!lives_in_namespace(w) || strcmp(w->operation, "CREATE"))
		return 0;
	struct object *ns = lookup_core(w->r->server, "namespaces", STR(""), w->ns);
	int e = 0;
	if (!ns) {
		request_about(w->r, "", "namespaces", w->ns);
		e = err_set(err, ERR_NOT_FOUND, "namespaces \"%.*s\" not found", STR_ARG(w->ns));
	} else if (is_terminating(ns)) {
		err_cause(err, "NamespaceTerminating", "metadata.namespace",
			  "namespace %.*s is being terminated", STR_ARG(w->ns));
		e = admission_forbid(w, err,
				     "unable to create new content in namespace %.*s because it is "
				     "being terminated",
				     STR_ARG(w->ns));
	}
	object_unref(ns);
	return e;
}

int admit_namespace_delete(struct api_request *r, const struct api_resource *res,
			   const struct object *o, struct err *err)
{
	(void)r;
	if (res->group[0] || strcmp(res->plural, "namespaces"))
		return 0;
	for (size_t i = 0; i < COUNT_OF(forever); i++)
		if (str_eqz(o->name, forever[i]))
			return err_set(
				err, ERR_FORBIDDEN,
				"namespaces \"%s\" is forbidden: this namespace may not be deleted",
				forever[i]);
	return 0;
}
