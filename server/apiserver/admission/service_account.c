/* SPDX-License-Identifier: Apache-2.0 */
/* Every pod runs as a service account: "default" when it names none. Its token, the cluster's CA and the namespace arrive in a
 * projected volume kube-api-access-xxxxx, unless the pod or the account says no. Follows upstream's plugin/serviceaccount. */
#include "api/object/meta.h"
#include "api/values/names.h"
#include "base/encode.h"
#include "server/apiserver/admission/admission.h"

#define MOUNT_PATH    "/var/run/secrets/kubernetes.io/serviceaccount"
#define VOLUME_PREFIX "kube-api-access-"
#define TOKEN_LIFE_S  3607 /* upstream's: an hour and seven seconds */
#define FILE_MODE     0644

static bool is_mirror(const json_t *pod)
{
	return meta_annotation(pod, "kubernetes.io/config.mirror").n > 0;
}

static json_t *token_volume(const char *name)
{
	return json_pack(
		"{s:s, s:{s:[{s:{s:i,s:s}},{s:{s:s,s:[{s:s,s:s}]}},{s:{s:[{s:s,s:{s:s,s:s}}]}}], "
		"s:i}}",
		"name", name, "projected", "sources", "serviceAccountToken", "expirationSeconds",
		TOKEN_LIFE_S, "path", "token", "configMap", "name", "kube-root-ca.crt", "items",
		"key", "ca.crt", "path", "ca.crt", "downwardAPI", "items", "path", "namespace",
		"fieldRef", "apiVersion", "v1", "fieldPath", "metadata.namespace", "defaultMode",
		FILE_MODE);
}

static bool mounts_at(const json_t *container)
{
	const json_t *mounts = json_object_get(container, "volumeMounts");
	for (size_t i = 0; i < json_array_size(mounts); i++)
		if (str_eqz(tree_get_str(json_array_get(mounts, i), "mountPath", NULL), MOUNT_PATH))
			return true;
	return false;
}

static bool containers_mount(json_t *spec, const char *list, const char *volume)
{
	json_t *containers = json_object_get(spec, list);
	bool any = false;
	for (size_t i = 0; i < json_array_size(containers); i++) {
		json_t *c = json_array_get(containers, i);
		if (mounts_at(c))
			continue;
		json_t *mounts = json_object_get(c, "volumeMounts");
		if (!json_is_array(mounts)) {
			mounts = json_array();
			json_object_set_new(c, "volumeMounts", mounts);
		}
		json_array_append_new(mounts, json_pack("{s:s,s:b,s:s}", "name", volume, "readOnly",
							1, "mountPath", MOUNT_PATH));
		any = true;
	}
	return any;
}

static const char *existing_volume(const json_t *spec)
{
	const json_t *volumes = json_object_get(spec, "volumes");
	for (size_t i = 0; i < json_array_size(volumes); i++) {
		struct str name = tree_get_str(json_array_get(volumes, i), "name", NULL);
		if (str_starts(name, STR(VOLUME_PREFIX)))
			return name.p;
	}
	return NULL;
}

static void token_mount(json_t *spec)
{
	char fresh[sizeof(VOLUME_PREFIX) + 5];
	const char *name = existing_volume(spec);
	bool make = name == NULL;
	if (make) {
		memcpy(fresh, VOLUME_PREFIX, sizeof(VOLUME_PREFIX));
		rand_name(fresh + sizeof(VOLUME_PREFIX) - 1, 5);
		name = fresh;
	}
	bool used = containers_mount(spec, "initContainers", name);
	used = containers_mount(spec, "containers", name) || used;
	if (!used || !make)
		return;
	json_t *volumes = json_object_get(spec, "volumes");
	if (!json_is_array(volumes)) {
		volumes = json_array();
		json_object_set_new(spec, "volumes", volumes);
	}
	json_array_append_new(volumes, token_volume(name));
}

static bool wants_token(const json_t *spec, const json_t *account)
{
	const json_t *pod = json_object_get(spec, "automountServiceAccountToken");
	if (json_is_boolean(pod))
		return json_is_true(pod);
	return !json_is_false(json_object_get(account, "automountServiceAccountToken"));
}

static void pull_secrets(json_t *spec, const json_t *account)
{
	json_t *mine = json_object_get(spec, "imagePullSecrets"),
	       *theirs = json_object_get(account, "imagePullSecrets");
	if (json_array_size(mine) == 0 && json_array_size(theirs))
		json_object_set_new(spec, "imagePullSecrets", tree_copy(theirs));
}

int admit_service_account(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec");
	if (!admission_is(w, "pods") || !json_is_object(spec))
		return 0;
	if (is_mirror(w->tree))
		return admit_account_limits(w, err);
	struct str name = tree_get_str(spec, "serviceAccountName", NULL);
	if (name.n == 0) {
		json_object_set_new(spec, "serviceAccountName", json_string("default"));
		name = STR("default");
	}
	struct name_errors bad = name_path_segment(name);
	if (bad.n)
		return admission_forbid(w, err,
					"error looking up service account %.*s/%.*s: invalid "
					"resource name \"%.*s\": [%s]",
					STR_ARG(w->ns), STR_ARG(name), STR_ARG(name), bad.text[0]);
	struct object *o = lookup_core(w->r->server, "serviceaccounts", w->ns, name);
	if (!o)
		return admission_forbid(w, err,
					"error looking up service account %.*s/%.*s: "
					"serviceaccount \"%.*s\" not found",
					STR_ARG(w->ns), STR_ARG(name), STR_ARG(name));
	json_t *account = object_tree(o, err);
	object_unref(o);
	json_object_set(spec, "serviceAccount", json_object_get(spec, "serviceAccountName"));
	if (account && wants_token(spec, account))
		token_mount(spec);
	if (account)
		pull_secrets(spec, account);
	json_decref(account);
	return account ? 0 : -(int)ERR_INTERNAL;
}
