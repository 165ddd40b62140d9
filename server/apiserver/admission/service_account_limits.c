/* SPDX-License-Identifier: Apache-2.0 */
/* ServiceAccount's judgement: a mirror pod refers to nothing of the API; an account that is marked so limits the secrets that its pods use to
 * those it lists. Follows upstream's plugin/pkg/admission/serviceaccount. */
#include "api/object/meta.h"
#include "base/map.h"
#include "server/apiserver/admission/admission.h"

#define ENFORCE "kubernetes.io/enforce-mountable-secrets"
#define MIRROR  "kubernetes.io/config.mirror"

static const struct {
	const char *list, *role;
} lists[] = { { "initContainers", "init container" },
	      { "containers", "container" },
	      { "ephemeralContainers", "ephemeral container" } };

/* ---- mirror pods ---- */

static bool container_uses_secrets(const json_t *container)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(container, "env"), i, item)
		if (tree_get(item, "valueFrom", "secretKeyRef", NULL))
			return true;
	json_array_foreach (json_object_get(container, "envFrom"), i, item)
		if (json_object_get(item, "secretRef"))
			return true;
	return false;
}

static bool source_uses_secrets(const json_t *source)
{
	static const char *const refs[] = { "secret", "secretRef", "nodePublishSecretRef" };
	const char *key;
	json_t *value;
	if (json_object_get(source, "secret"))
		return true;
	json_object_foreach ((json_t *)source, key, value)
		for (size_t i = 0; i < COUNT_OF(refs); i++)
			if (json_object_get(value, refs[i]) || json_object_get(value, "secretName"))
				return true;
	return false;
}

static bool pod_uses_secrets(const json_t *spec)
{
	size_t i, k;
	json_t *item, *source;
	if (json_array_size(json_object_get(spec, "imagePullSecrets")))
		return true;
	for (size_t l = 0; l < COUNT_OF(lists); l++)
		json_array_foreach (json_object_get(spec, lists[l].list), i, item)
			if (container_uses_secrets(item))
				return true;
	json_array_foreach (json_object_get(spec, "volumes"), i, item) {
		if (source_uses_secrets(item))
			return true;
		json_array_foreach (tree_get(item, "projected", "sources", NULL), k, source)
			if (json_object_get(source, "secret"))
				return true;
	}
	return false;
}

static int mirror_judge(struct write *w, const json_t *spec, struct err *err)
{
	size_t i, k;
	json_t *volume, *source;
	if (tree_get_str(spec, "serviceAccountName", NULL).n)
		return admission_forbid(w, err, "a mirror pod may not reference service accounts");
	if (pod_uses_secrets(spec))
		return admission_forbid(w, err, "a mirror pod may not reference secrets");
	json_array_foreach (json_object_get(spec, "volumes"), i, volume)
		json_array_foreach (tree_get(volume, "projected", "sources", NULL), k, source)
			if (json_object_get(source, "serviceAccountToken"))
				return admission_forbid(w, err,
							"a mirror pod may not use "
							"ServiceAccountToken volume projections");
	return 0;
}

/* ---- accounts that limit secrets ---- */

struct allowed {
	struct write *w;
	struct err *err;
	struct map secrets, pull;
	struct str account;
};

static void collect(struct map *out, const json_t *references)
{
	size_t i;
	json_t *reference;
	json_array_foreach ((json_t *)references, i, reference)
		map_put(out, tree_get_str(reference, "name", NULL), out);
}

static int refuse(struct allowed *a, const char *what, struct str secret)
{
	return admission_forbid(a->w, a->err,
				"%s secret.secretName=\"%.*s\" is not allowed because service "
				"account %.*s does not reference that secret",
				what, STR_ARG(secret), STR_ARG(a->account));
}

static int container_judge(struct allowed *a, const json_t *container, const char *role)
{
	const char *name = json_string_value(json_object_get(container, "name"));
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(container, "env"), i, item) {
		const json_t *ref = tree_get(item, "valueFrom", "secretKeyRef", NULL);
		struct str secret = tree_get_str(ref, "name", NULL);
		if (ref && !map_get(&a->secrets, secret))
			return refuse(a,
				      arena_printf(&a->w->r->arena,
						   "%s %s with envVar %.*s referencing", role, name,
						   STR_ARG(tree_get_str(item, "name", NULL))),
				      secret);
	}
	json_array_foreach (json_object_get(container, "envFrom"), i, item) {
		const json_t *ref = json_object_get(item, "secretRef");
		struct str secret = tree_get_str(ref, "name", NULL);
		if (ref && !map_get(&a->secrets, secret))
			return refuse(a,
				      arena_printf(&a->w->r->arena,
						   "%s %s with envFrom referencing", role, name),
				      secret);
	}
	return 0;
}

static int containers_judge(struct allowed *a, const json_t *spec, size_t from, size_t to)
{
	size_t i;
	json_t *container;
	int e = 0;
	for (size_t l = from; l < to; l++)
		json_array_foreach (json_object_get(spec, lists[l].list), i, container)
			if (e == 0)
				e = container_judge(a, container, lists[l].role);
	return e;
}

static int references_judge(struct allowed *a, const json_t *spec)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(spec, "volumes"), i, item) {
		const json_t *secret = json_object_get(item, "secret");
		struct str name = tree_get_str(secret, "secretName", NULL);
		if (secret && !map_get(&a->secrets, name))
			return refuse(a, "volume with", name);
	}
	int e = containers_judge(a, spec, 0, 2);
	json_array_foreach (json_object_get(spec, "imagePullSecrets"), i, item) {
		struct str name = tree_get_str(item, "name", NULL);
		if (e == 0 && !map_get(&a->pull, name))
			e = admission_forbid(a->w, a->err,
					     "imagePullSecrets[%zu].name=\"%.*s\" is not allowed "
					     "because service account %.*s does not reference that "
					     "imagePullSecret",
					     i, STR_ARG(name), STR_ARG(a->account));
	}
	return e;
}

static bool limits_secrets(const json_t *account)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
	struct str value = meta_annotation(account, ENFORCE);
	for (size_t i = 0; i < COUNT_OF(yes); i++)
		if (str_eqz(value, yes[i]))
			return true;
	return false;
}

static int account_judge(struct write *w, const json_t *spec, struct err *err)
{
	struct allowed a = { .w = w,
			     .err = err,
			     .account = tree_get_str(spec, "serviceAccountName", NULL) };
	struct object *o = lookup_core(w->r->server, "serviceaccounts", w->ns, a.account);
	json_t *account = o ? object_tree(o, NULL) : NULL;
	int e = 0;
	if (limits_secrets(account)) {
		collect(&a.secrets, json_object_get(account, "secrets"));
		collect(&a.pull, json_object_get(account, "imagePullSecrets"));
		e = w->subresource[0] ? containers_judge(&a, spec, 2, 3)
				      : references_judge(&a, spec);
	}
	map_free(&a.secrets, NULL);
	map_free(&a.pull, NULL);
	json_decref(account);
	object_unref(o);
	return e;
}

int admit_account_limits(struct write *w, struct err *err)
{
	const json_t *spec = json_object_get(w->tree, "spec");
	bool created = admission_is(w, "pods") && !w->old;
	if (!created && !admission_is_in(w, "", "pods", "ephemeralcontainers"))
		return 0;
	if (created && json_object_get(meta_annotations(w->tree), MIRROR))
		return mirror_judge(w, spec, err);
	return account_judge(w, spec, err);
}
