/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/normalize.h"

#include "api/object/meta.h"
#include "base/encode.h"
#include "base/mem.h"

static void secret(json_t *tree)
{
	json_t *texts = json_object_get(tree, "stringData"), *data = json_object_get(tree, "data"),
	       *value;
	const char *key;
	if (!json_is_object(texts))
		return;
	if (!json_is_object(data)) {
		data = json_object();
		json_object_set_new(tree, "data", data);
	}
	json_object_foreach (texts, key, value) {
		auto_buf text = { 0 };
		struct str s = tree_str(value);
		base64_encode(&text, s.p, s.n);
		json_object_set_new(data, key, json_stringn(text.p ? text.p : "", text.n));
	}
	json_object_del(tree, "stringData");
}

static void pod_spec(json_t *spec)
{
	struct str name = tree_get_str(spec, "serviceAccountName", NULL),
		   old = tree_get_str(spec, "serviceAccount", NULL);
	if (name.n == 0 && old.n)
		json_object_set(spec, "serviceAccountName",
				json_object_get(spec, "serviceAccount"));
	else if (name.n)
		json_object_set(spec, "serviceAccount",
				json_object_get(spec, "serviceAccountName"));
}

static void pod(json_t *tree)
{
	pod_spec(json_object_get(tree, "spec"));
}

static void template(json_t *tree)
{
	pod_spec(tree_get(tree, "spec", "template", "spec", NULL));
}

static void job_template(json_t *tree)
{
	pod_spec(tree_get(tree, "spec", "jobTemplate", "spec", "template", "spec", NULL));
}

static void pod_template(json_t *tree)
{
	pod_spec(tree_get(tree, "template", "spec", NULL));
}

/* podCIDR is podCIDRs[0]; who says something else means podCIDR. */
static void node(json_t *tree)
{
	json_t *spec = json_object_get(tree, "spec"), *one = json_object_get(spec, "podCIDR"),
	       *list = json_object_get(spec, "podCIDRs");
	if (tree_str(one).n && !str_eq(tree_str(json_array_get(list, 0)), tree_str(one)))
		json_object_set_new(spec, "podCIDRs", json_pack("[O]", one));
	else if (spec && tree_str(one).n == 0 && json_array_size(list))
		json_object_set(spec, "podCIDR", json_array_get(list, 0));
}

static const struct {
	const char *group, *plural;
	void (*run)(json_t *tree);
} rows[] = {
	{ "", "nodes", node },
	{ "", "secrets", secret },
	{ "", "pods", pod },
	{ "", "podtemplates", pod_template },
	{ "", "replicationcontrollers", template },
	{ "apps", "deployments", template },
	{ "apps", "replicasets", template },
	{ "apps", "statefulsets", template },
	{ "apps", "daemonsets", template },
	{ "batch", "jobs", template },
	{ "batch", "cronjobs", job_template },
};

/* An empty list asks to forget who owns what, as [{}] does, which no pruning takes away. */
void normalize_managed(json_t *tree)
{
	json_t *list = tree_get(tree, "metadata", "managedFields", NULL);
	if (json_is_array(list) && json_array_size(list) == 0)
		json_array_append_new(list, json_object());
}

void normalize_tree(const struct api_resource *res, json_t *tree)
{
	normalize_managed(tree);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!strcmp(rows[i].plural, res->plural) && !strcmp(rows[i].group, res->group))
			rows[i].run(tree);
}

void normalize_whole(const struct api_resource *res, json_t *tree)
{
	static const char count[] = "deprecated.daemonset.template.generation";
	normalize_tree(res, tree);
	if (!strcmp(res->plural, "daemonsets") && !strcmp(res->group, "apps") &&
	    meta_annotation(tree, count).n == 0)
		meta_set_annotation(tree, count, STR("0"));
}
