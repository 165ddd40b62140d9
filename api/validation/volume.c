/* SPDX-License-Identifier: Apache-2.0 */
/* PersistentVolumes. Follows upstream's ValidatePersistentVolumeSpec. */
#include "api/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_host_path(struct check *c, const json_t *source)
{
	if (field(source, "path").n == 0)
		check_required(c, "path", "%s", "");
	else
		check_no_backsteps(c, "path", field(source, "path"));
	if (field(source, "path").n)
		check_host_path_type(c, json_object_get(source, "type"));
}

static void check_nfs(struct check *c, const json_t *source)
{
	struct str path = field(source, "path");
	if (field(source, "server").n == 0)
		check_required(c, "server", "%s", "");
	if (path.n == 0)
		check_required(c, "path", "%s", "");
	else if (*path.p != '/')
		check_invalid_text(c, "path", path, "must be an absolute path");
}

static void check_local(struct check *c, const json_t *source)
{
	if (field(source, "path").n == 0)
		check_required(c, "path", "%s", "");
	else
		check_no_backsteps(c, "path", field(source, "path"));
}

static void check_secret_ref(struct check *c, const json_t *source, const char *name)
{
	const json_t *ref = json_object_get(source, name);
	size_t was = check_in(c, name);
	if (ref && field(ref, "name").n == 0)
		check_required(c, "name", "%s", "");
	if (ref && field(ref, "namespace").n == 0)
		check_required(c, "namespace", "%s", "");
	check_out(c, was);
}

static void check_csi(struct check *c, const json_t *source)
{
	static const char *const refs[] = { "controllerPublishSecretRef",
					    "controllerExpandSecretRef", "nodePublishSecretRef",
					    "nodeExpandSecretRef" };
	check_csi_driver(c, source);
	if (field(source, "volumeHandle").n == 0)
		check_required(c, "volumeHandle", "%s", "");
	for (size_t i = 0; i < COUNT_OF(refs); i++)
		check_secret_ref(c, source, refs[i]);
}

static void check_fc(struct check *c, const json_t *source)
{
	const json_t *names = json_object_get(source, "targetWWNs"),
		     *ids = json_object_get(source, "wwids"), *lun = json_object_get(source, "lun");
	if (json_array_size(names) == 0 && json_array_size(ids) == 0)
		check_required(c, "targetWWNs",
			       "must specify either targetWWNs or wwids, but not both");
	if (json_array_size(names) && json_array_size(ids))
		check_invalid(c, "targetWWNs", names,
			      "targetWWNs and wwids can not be specified simultaneously");
	if (json_array_size(names) && !lun)
		check_required(c, "lun", "lun is required if targetWWNs is specified");
	else if (json_array_size(names))
		check_range(c, source, "lun", 0, 255);
}

static bool is_iscsi_name(struct str name)
{
	return str_starts(name, STR("iqn.")) || str_starts(name, STR("eui.")) ||
	       str_starts(name, STR("naa."));
}

static void check_iscsi(struct check *c, const json_t *source)
{
	const json_t *secret = json_object_get(source, "secretRef");
	struct str initiator = field(source, "initiatorName"), iqn = field(source, "iqn");
	bool chap = json_is_true(json_object_get(source, "chapAuthDiscovery")) ||
		    json_is_true(json_object_get(source, "chapAuthSession"));
	if (iqn.n && !is_iscsi_name(iqn))
		check_invalid_text(c, "iqn", iqn, "must be valid format");
	check_range(c, source, "lun", 0, 255);
	if (chap && !secret)
		check_required(c, "secretRef", "%s", "");
	if (secret && field(secret, "name").n == 0)
		check_required(c, "secretRef.name", "%s", "");
	if (json_object_get(source, "initiatorName") && !is_iscsi_name(initiator))
		check_invalid_text(c, "initiatorname", initiator, "must be valid format");
}

static void check_azure_disk(struct check *c, const json_t *source)
{
	static const char *const caching[] = { "None", "ReadOnly", "ReadWrite", NULL };
	static const char *const kinds[] = { "Dedicated", "Managed", "Shared", NULL };
	static const char *const managed[] = {
		"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/"
		"disks/{disk-id}",
		NULL
	};
	static const char *const blob[] = {
		"https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",
		NULL
	};
	struct str kind = field(source, "kind"), uri = field(source, "diskURI");
	check_one_of(c, source, "cachingMode", caching, false);
	check_one_of(c, source, "kind", kinds, false);
	if (str_eqz(kind, "Managed") && !str_starts(uri, STR("/subscriptions/")))
		check_unsupported(c, "diskURI", json_object_get(source, "diskURI"), managed);
	if (kind.n && !str_eqz(kind, "Managed") && !str_starts(uri, STR("https://")))
		check_unsupported(c, "diskURI", json_object_get(source, "diskURI"), blob);
}

/* In upstream's order: the first one counts, the others are too many. */
static const struct source {
	const char *name;
	void (*check)(struct check *c, const json_t *source);
	const char *required[3];  /* texts and lists that may not be empty */
	const char *path, *again; /* where upstream's errors are when not at the name */
} sources[] = {
	{ "hostPath", check_host_path, { NULL }, NULL, NULL },
	{ "gcePersistentDisk", NULL, { "pdName" }, "persistentDisk", NULL },
	{ "awsElasticBlockStore", NULL, { "volumeID" }, NULL, NULL },
	{ "glusterfs", NULL, { "endpoints", "path" }, NULL, NULL },
	{ "flocker", NULL, { NULL }, NULL, NULL },
	{ "nfs", check_nfs, { NULL }, NULL, NULL },
	{ "rbd", NULL, { "monitors", "image" }, NULL, NULL },
	{ "quobyte", NULL, { "registry", "volume" }, NULL, NULL },
	{ "cephfs", NULL, { "monitors" }, NULL, "cephFS" },
	{ "iscsi", check_iscsi, { "targetPortal", "iqn" }, NULL, NULL },
	{ "cinder", NULL, { "volumeID" }, NULL, NULL },
	{ "fc", check_fc, { NULL }, NULL, NULL },
	{ "flexVolume", NULL, { "driver" }, NULL, NULL },
	{ "azureFile", NULL, { "secretName", "shareName" }, NULL, NULL },
	{ "vsphereVolume", NULL, { "volumePath" }, NULL, NULL },
	{ "photonPersistentDisk", NULL, { "pdID" }, NULL, NULL },
	{ "portworxVolume", NULL, { "volumeID" }, NULL, NULL },
	{ "azureDisk", check_azure_disk, { "diskName", "diskURI" }, NULL, NULL },
	{ "scaleIO", NULL, { "gateway", "system", "volumeName" }, NULL, NULL },
	{ "local", check_local, { NULL }, NULL, NULL },
	{ "storageos", NULL, { NULL }, NULL, NULL },
	{ "csi", check_csi, { NULL }, NULL, NULL },
};

static void check_source(struct check *c, const struct source *s, const json_t *source)
{
	size_t was = check_in(c, s->path ? s->path : s->name);
	for (size_t i = 0; i < COUNT_OF(s->required) && s->required[i]; i++)
		if (field(source, s->required[i]).n == 0 &&
		    json_array_size(json_object_get(source, s->required[i])) == 0)
			check_required(c, s->required[i], "%s", "");
	if (s->check)
		s->check(c, source);
	check_out(c, was);
}

static void check_sources(struct check *c, const json_t *spec)
{
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		const struct source *s = &sources[i];
		const json_t *source = json_object_get(spec, s->name);
		if (!source)
			continue;
		if (n++) {
			check_forbidden(c, s->again ? s->again : s->name,
					"may not specify more than 1 volume type");
			continue;
		}
		check_source(c, s, source);
		if (s->check == check_local && !tree_get(spec, "nodeAffinity", "required", NULL))
			check_required(c, "nodeAffinity", "Local volume requires node affinity");
	}
	if (n == 0)
		check_required(c, NULL, "must specify a volume type");
}

static void check_capacity(struct check *c, const json_t *spec)
{
	static const char *const storage[] = { "storage", NULL };
	const json_t *capacity = json_object_get(spec, "capacity");
	const char *key;
	json_t *value;
	if (json_object_size(capacity) == 0)
		check_required(c, "capacity", "%s", "");
	if (!json_object_get(capacity, "storage") || json_object_size(capacity) > 1) {
		json_t *shown = capacity ? json_deep_copy(capacity) : json_object();
		check_unsupported(c, "capacity", shown, storage);
		json_decref(shown);
	}
	size_t was = check_in(c, "capacity");
	json_object_foreach ((json_t *)capacity, key, value) {
		size_t at = check_in_key(c, str_from(key));
		check_positive_quantity(c, value);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_node_affinity(struct check *c, const json_t *spec)
{
	const json_t *affinity = json_object_get(spec, "nodeAffinity"),
		     *required = json_object_get(affinity, "required");
	size_t was = check_in(c, "nodeAffinity.required");
	if (required)
		check_node_selector(c, required);
	else if (affinity)
		check_required(c, NULL, "must specify required node constraints");
	check_out(c, was);
}

static bool is_root(struct str path)
{
	while (path.n && (*path.p == '/' || *path.p == '.'))
		path = str_of(path.p + 1, path.n - 1);
	return path.n == 0;
}

static void check_tail(struct check *c, const json_t *spec)
{
	const json_t *class = json_object_get(spec, "volumeAttributesClassName"),
		     *host = json_object_get(spec, "hostPath");
	if (host && field(host, "path").n && is_root(field(host, "path")) &&
	    str_eqz(field(spec, "persistentVolumeReclaimPolicy"), "Recycle"))
		check_forbidden(c, "persistentVolumeReclaimPolicy",
				"may not be 'recycle' for a hostPath mount of '/'");
	if (!class)
		return;
	if (tree_str(class).n == 0)
		check_required(c, "volumeAttributesClassName", "an empty string is disallowed");
	else
		check_name(c, "volumeAttributesClassName", tree_str(class), name_dns_subdomain);
	if (!json_object_get(spec, "csi"))
		check_required(c, "csi",
			       "has to be specified when using volumeAttributesClassName");
}

void validate_volume(struct check *c, const json_t *volume)
{
	static const char *const policies[] = { "Delete", "Recycle", "Retain", NULL };
	static const char *const modes[] = { "Block", "Filesystem", NULL };
	const json_t *spec = json_object_get(volume, "spec");
	size_t was = check_in(c, "spec");
	check_access_modes(c, spec, "");
	check_capacity(c, spec);
	check_one_of(c, spec, "persistentVolumeReclaimPolicy", policies, false);
	check_node_affinity(c, spec);
	check_sources(c, spec);
	if (field(spec, "storageClassName").n)
		check_name(c, "storageClassName", field(spec, "storageClassName"),
			   name_dns_subdomain);
	check_one_of(c, spec, "volumeMode", modes, false);
	check_tail(c, spec);
	check_out(c, was);
}

void check_inline_volume(struct check *c, const json_t *spec)
{
	static const char *const forbidden[] = { "claimRef", "capacity" };
	struct str policy = field(spec, "persistentVolumeReclaimPolicy"),
		   mode = field(spec, "volumeMode");
	for (size_t i = 0; i < COUNT_OF(forbidden); i++)
		if (!shape_empty(json_object_get(spec, forbidden[i])))
			check_forbidden(c, forbidden[i],
					"may not be specified in the context of inline volumes");
	if (!json_object_get(spec, "csi"))
		check_required(c, "csi", "has to be specified in the context of inline volumes");
	check_access_modes(c, spec, "");
	if (policy.n && !str_eqz(policy, "Retain"))
		check_forbidden(c, "persistentVolumeReclaimPolicy",
				"may only be Retain in the context of inline volumes");
	if (json_object_get(spec, "nodeAffinity"))
		check_forbidden(c, "nodeAffinity",
				"may not be specified in the context of inline volumes");
	check_sources(c, spec);
	if (field(spec, "storageClassName").n)
		check_forbidden(c, "storageClassName",
				"may not be specified in the context of inline volumes");
	if (mode.n && !str_eqz(mode, "Filesystem"))
		check_forbidden(c, "volumeMode",
				"may not specify volumeMode other than Filesystem in the context "
				"of inline volumes");
	check_tail(c, spec);
}

/* A secret for growing may be added later. */
static json_t *source_new(const json_t *object, const char *name, const json_t *old)
{
	json_t *source = json_deep_copy(tree_get(object, "spec", name, NULL));
	const json_t *was = tree_get(old, "spec", "csi", NULL);
	if (was && !strcmp(name, "csi") && !json_object_get(was, "controllerExpandSecretRef"))
		json_object_del(source, "controllerExpandSecretRef");
	return source;
}

void validate_volume_update(struct check *c, const json_t *new, const json_t *old)
{
	bool differs = false;
	validate_volume(c, new);
	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		json_t *a = source_new(new, sources[i].name, old);
		const json_t *b = tree_get(old, "spec", sources[i].name, NULL);
		differs = differs || (!(shape_empty(a) && shape_empty(b)) && !shape_equal(a, b));
		json_decref(a);
	}
	if (differs)
		check_forbidden(c, "spec.persistentvolumesource",
				"spec.persistentvolumesource is immutable after creation");
	check_immutable(c, "volumeMode", tree_get(new, "spec", "volumeMode", NULL),
			tree_get(old, "spec", "volumeMode", NULL));
	if (tree_get(old, "spec", "volumeAttributesClassName", NULL) &&
	    !tree_get(new, "spec", "volumeAttributesClassName", NULL))
		check_forbidden(c, "spec.volumeAttributesClassName",
				"update from non-nil value to nil is forbidden");
}
