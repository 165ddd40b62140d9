/* SPDX-License-Identifier: Apache-2.0 */
/* A node writes only about itself and the pods bound to it. Follows upstream's plugin/noderestriction in its main lines. */
#include "api/meta.h"
#include "server/apiserver/admission/admission.h"

static bool node_of(const struct write *w, struct str *out)
{
	*out = w->r->user.name;
	return user_in_group(&w->r->user, "system:nodes") &&
	       str_cut_prefix(out, STR("system:node:"));
}

static int pod_check(struct write *w, struct str node, struct err *err)
{
	bool create = !strcmp(w->operation, "CREATE");
	struct str bound = tree_get_str(create ? w->tree : w->old, "spec", "nodeName", NULL);
	if (create && !w->subresource[0] &&
	    meta_annotation(w->tree, "kubernetes.io/config.mirror").n == 0)
		return admission_forbid(w, err,
					"pod does not have \"kubernetes.io/config.mirror\" "
					"annotation, node \"%.*s\" can only create mirror "
					"pods",
					STR_ARG(node));
	if (!str_eq(bound, node))
		return admission_forbid(w, err,
					"node \"%.*s\" can only update pod status for pods with "
					"spec.nodeName set to itself",
					STR_ARG(node));
	return 0;
}

int admit_node_restriction(struct write *w, struct err *err)
{
	struct str node;
	if (!node_of(w, &node) || w->res->group[0])
		return 0;
	if (!strcmp(w->res->plural, "nodes") && !str_eq(w->name, node))
		return admission_forbid(w, err,
					"node \"%.*s\" is not allowed to modify node \"%.*s\"",
					STR_ARG(node), STR_ARG(w->name));
	if (!strcmp(w->res->plural, "pods"))
		return pod_check(w, node, err);
	return 0;
}
