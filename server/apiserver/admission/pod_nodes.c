/* SPDX-License-Identifier: Apache-2.0 */
/* What pods and their nodes have to do with each other. PodTopologyLabels: a pod that is made for a node has the node's zone and region among
 * its labels (binding.c does the same for one that is bound). PodResizeValidator: a pod on a node asks for no more than the node has. */
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/admission/amount_map.h"

void admission_topology_labels(struct apiserver *s, json_t *pod, struct str node)
{
	static const char *const labels[] = { "topology.kubernetes.io/region",
					      "topology.kubernetes.io/zone" };
	struct object *o = lookup_core(s, "nodes", STR(""), node);
	json_t *tree = o ? object_tree(o, NULL) : NULL;
	for (size_t i = 0; i < COUNT_OF(labels); i++)
		if (json_object_get(meta_labels(tree), labels[i]))
			meta_set_label(pod, labels[i], meta_label(tree, labels[i]));
	json_decref(tree);
	object_unref(o);
}

int admit_pod_topology(struct write *w, struct err *err)
{
	struct str node = tree_get_str(w->tree, "spec", "nodeName", NULL);
	(void)err;
	if (admission_is(w, "pods") && node.n)
		admission_topology_labels(w->r->server, w->tree, node);
	return 0;
}

static int resize_refuse(struct write *w, const char *reason, const char *why, struct err *err)
{
	err_cause(err, reason, NULL, "%s", "");
	return admission_forbid(w, err, "%s", why);
}

static void too_much(const json_t *requests, const json_t *allocatable, const char *resource,
		     struct buf *out)
{
	struct quantity asked = { 0 }, has = { 0 };
	bool cpu = !strcmp(resource, "cpu");
	amount_get(requests, resource, &asked);
	amount_get(allocatable, resource, &has);
	if (quantity_cmp(asked, has) > 0)
		buf_printf(out, "%s%s, requested: %lld, allocatable: %lld", out->n ? "; " : "",
			   resource, (long long)(cpu ? quantity_milli(asked) : quantity_i64(asked)),
			   (long long)(cpu ? quantity_milli(has) : quantity_i64(has)));
}

static int resize_judge(struct write *w, const json_t *node, struct err *err)
{
	struct str os = meta_label(node, "kubernetes.io/os");
	const json_t *allocatable = tree_get(node, "status", "allocatable", NULL);
	auto_buf text = { 0 };
	if (os.n && !str_eqz(os, "linux"))
		return resize_refuse(
			w, "UnsupportedPlatform",
			arena_printf(&w->r->arena,
				     "pod resize is only supported on linux nodes, node \"%.*s\" "
				     "is \"%.*s\"",
				     STR_ARG(meta_name(node)), STR_ARG(os)),
			err);
	json_t *requests = pod_amounts_new(w->tree, "requests", AMOUNT_OVERHEAD);
	too_much(requests, allocatable, "cpu", &text);
	too_much(requests, allocatable, "memory", &text);
	json_decref(requests);
	if (text.n == 0)
		return 0;
	return resize_refuse(w, "NodeCapacity",
			     arena_printf(&w->r->arena,
					  "node didn't have enough allocatable resources: %s",
					  text.p),
			     err);
}

int admit_pod_resize(struct write *w, struct err *err)
{
	struct str node = tree_get_str(w->tree, "spec", "nodeName", NULL);
	if (!admission_is_in(w, "", "pods", "resize") || node.n == 0 ||
	    meta_generation(w->tree) == meta_generation(w->old))
		return 0;
	struct object *o = lookup_core(w->r->server, "nodes", STR(""), node);
	if (!o)
		return admission_forbid(w, err, "node \"%.*s\" not found", STR_ARG(node));
	json_t *tree = object_tree(o, err);
	object_unref(o);
	int e = tree ? resize_judge(w, tree, err) : -(int)ERR_INTERNAL;
	json_decref(tree);
	return e;
}
