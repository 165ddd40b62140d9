/* SPDX-License-Identifier: Apache-2.0 */
/* Persistent volumes: what they are, and where their data is. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_parts.h"
#include "api/validation/volume_sources.h"
#include "api/values/quantity.h"
#include "base/mem.h"

static const char *const modes[] = { "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
				     "ReadWriteOncePod", NULL };
const char *const volume_modes[] = { "Block", "Filesystem", NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

void check_access_modes(struct check *c, const json_t *spec, const char *detail)
{
	const json_t *list = json_object_get(spec, "accessModes");
	bool pod = false, other = false;
	size_t i;
	json_t *mode;
	if (json_array_size(list) == 0)
		check_required(c, "accessModes", "%s", detail);
	json_array_foreach (list, i, mode) {
		bool known = str_in(tree_str(mode), modes),
		     once_pod = str_eqz(tree_str(mode), "ReadWriteOncePod");
		if (!known)
			check_unsupported(c, "accessModes", mode, modes);
		pod = pod || once_pod;
		other = other || (known && !once_pod);
	}
	if (pod && other)
		check_forbidden(c, "accessModes",
				"may not use ReadWriteOncePod with other access modes");
}

void check_positive_quantity(struct check *c, const json_t *value)
{
	struct quantity q;
	if (quantity_parse(tree_str(value), &q, NULL) == 0 && q.nano <= 0)
		check_invalid(c, NULL, value, "must be greater than zero");
}

void check_basic_quantity(struct check *c, const json_t *value)
{
	struct quantity q;
	if (quantity_parse(tree_str(value), &q, NULL) == 0 && quantity_i64(q) < 0) {
		json_t *whole = json_integer(quantity_i64(q));
		check_invalid(c, NULL, whole, "must be a valid resource quantity");
		json_decref(whole);
	}
}

static void check_secret_ref(struct check *c, const json_t *source, const char *child)
{
	const json_t *ref = json_object_get(source, child);
	size_t was = check_in(c, child);
	if (ref) {
		check_required_name(c, "name", field(ref, "name"), name_dns_subdomain);
		check_required_name(c, "namespace", field(ref, "namespace"), name_dns_label);
	}
	check_out(c, was);
}

static void check_csi(struct check *c, const json_t *source)
{
	static const char *const secrets[] = { "controllerPublishSecretRef",
					       "controllerExpandSecretRef", "nodePublishSecretRef",
					       "nodeExpandSecretRef" };
	check_csi_driver(c, source);
	check_needed(c, source, "volumeHandle");
	for (size_t i = 0; i < COUNT_OF(secrets); i++)
		check_secret_ref(c, source, secrets[i]);
}

static void check_gluster(struct check *c, const json_t *source)
{
	const json_t *ns = json_object_get(source, "endpointsNamespace");
	if (ns && tree_str(ns).n == 0)
		check_invalid(c, "endpointsNamespace", ns,
			      "if the endpointnamespace is set, it must be a valid namespace name");
	else if (ns)
		check_name(c, "endpointsNamespace", tree_str(ns), name_dns_label);
}

static void check_azure_file(struct check *c, const json_t *source)
{
	const json_t *ns = json_object_get(source, "secretNamespace");
	if (ns && tree_str(ns).n == 0)
		check_required(c, "secretNamespace", "%s", "");
}

static void check_local(struct check *c, const json_t *source)
{
	if (field(source, "path").n == 0)
		check_required(c, "path", "%s", "");
	else
		check_no_backsteps(c, "path", field(source, "path"));
}

static void check_local_place(struct check *c, const json_t *spec)
{
	if (!json_object_get(spec, "nodeAffinity"))
		check_required(c, "nodeAffinity", "Local volume requires node affinity");
}

static void check_storage_os_placed(struct check *c, const json_t *source)
{
	const json_t *secret = json_object_get(source, "secretRef");
	check_storage_os(c, source);
	if (secret && field(secret, "namespace").n == 0)
		check_required(c, "secretRef.namespace", "%s", "");
}

/* In the order in which upstream looks for them. */
static const struct volume_source sources[] = {
	{ .name = "hostPath", .check = check_host_path },
	{ .name = "gcePersistentDisk",
	  .needed = { "pdName" },
	  .check = check_disk_partition,
	  .path = "persistentDisk" },
	{ .name = "awsElasticBlockStore", .needed = { "volumeID" }, .check = check_disk_partition },
	{ .name = "glusterfs", .needed = { "endpoints", "path" }, .check = check_gluster },
	{ .name = "flocker", .check = check_flocker },
	{ .name = "nfs", .needed = { "server", "path" }, .check = check_nfs },
	{ .name = "rbd", .check = check_rbd },
	{ .name = "quobyte", .check = check_quobyte },
	{ .name = "cephfs", .check = check_monitors, .clash = "cephFS" },
	{ .name = "iscsi", .needed = { "targetPortal" }, .check = check_iscsi_persistent },
	{ .name = "cinder", .needed = { "volumeID" }, .check = check_secret_placed },
	{ .name = "fc", .check = check_fibre_channel },
	{ .name = "flexVolume", .needed = { "driver" }, .check = check_flex, .unnoticed = true },
	{ .name = "azureFile", .needed = { "secretName", "shareName" }, .check = check_azure_file },
	{ .name = "vsphereVolume", .needed = { "volumePath" } },
	{ .name = "photonPersistentDisk", .needed = { "pdID" } },
	{ .name = "portworxVolume", .needed = { "volumeID" } },
	{ .name = "azureDisk", .needed = { "diskName", "diskURI" }, .check = check_azure_disk },
	{ .name = "scaleIO", .needed = { "gateway", "system", "volumeName" } },
	{ .name = "local", .check = check_local, .beside = check_local_place },
	{ .name = "storageos", .check = check_storage_os_placed },
	{ .name = "csi", .check = check_csi },
	{ 0 },
};

static void check_capacity(struct check *c, const json_t *spec)
{
	static const char *const storage[] = { "storage", NULL };
	const json_t *capacity = json_object_get(spec, "capacity");
	const char *key;
	json_t *value;
	if (json_object_size(capacity) == 0)
		check_required(c, "capacity", "%s", "");
	if (!json_object_get(capacity, "storage") || json_object_size(capacity) > 1)
		check_unsupported(c, "capacity", capacity ? capacity : json_null(), storage);
	size_t was = check_in(c, "capacity");
	json_object_foreach ((json_t *)capacity, key, value) {
		size_t at = check_in_key(c, str_from(key));
		check_basic_quantity(c, value);
		check_positive_quantity(c, value);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_node_affinity(struct check *c, const json_t *spec)
{
	const json_t *affinity = json_object_get(spec, "nodeAffinity"),
		     *required = json_object_get(affinity, "required");
	if (!affinity)
		return;
	size_t was = check_in(c, "nodeAffinity.required");
	if (required)
		check_node_selector(c, required);
	else
		check_required(c, NULL, "must specify required node constraints");
	check_out(c, was);
}

/* "/", "//", "/.", "/a/..": the root of the node. */
static bool is_root(struct str path)
{
	struct str rest = path, part;
	int depth = 0;
	if (path.n == 0 || path.p[0] != '/')
		return false;
	while (str_next(&rest, '/', &part))
		if (str_eqz(part, ".."))
			depth -= depth > 0;
		else if (part.n && !str_eqz(part, "."))
			depth++;
	return depth == 0;
}

static void check_mode_of(struct check *c, const json_t *spec)
{
	const json_t *mode = json_object_get(spec, "volumeMode");
	if (mode && !str_in(tree_str(mode), volume_modes))
		check_unsupported(c, "volumeMode", mode, volume_modes);
}

static void check_attributes_class(struct check *c, const json_t *spec)
{
	const json_t *class = json_object_get(spec, "volumeAttributesClassName");
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

static void check_recycled_root(struct check *c, const json_t *spec)
{
	if (is_root(tree_get_str(spec, "hostPath", "path", NULL)) &&
	    str_eqz(field(spec, "persistentVolumeReclaimPolicy"), "Recycle"))
		check_forbidden(c, "persistentVolumeReclaimPolicy",
				"may not be 'recycle' for a hostPath mount of '/'");
}

static void check_more_of_sources(struct check *c, const json_t *volume, const json_t *spec)
{
	const json_t *iscsi = json_object_get(spec, "iscsi");
	if (iscsi_too_long(meta_name(volume), iscsi))
		check_invalid_text(c, "iscsi.targetportal", field(iscsi, "targetPortal"),
				   ISCSI_TOO_LONG);
	check_recycled_root(c, spec);
}

void validate_volume(struct check *c, const json_t *volume)
{
	static const char *const policies[] = { "Delete", "Recycle", "Retain", NULL };
	const json_t *spec = json_object_get(volume, "spec");
	size_t was = check_in(c, "spec");
	check_access_modes(c, spec, "");
	check_capacity(c, spec);
	check_one_of(c, spec, "persistentVolumeReclaimPolicy", policies, false);
	check_node_affinity(c, spec);
	check_volume_source(c, spec, sources);
	check_more_of_sources(c, volume, spec);
	if (field(spec, "storageClassName").n)
		check_name(c, "storageClassName", field(spec, "storageClassName"),
			   name_dns_subdomain);
	check_mode_of(c, spec);
	check_attributes_class(c, spec);
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
	check_volume_source(c, spec, sources);
	check_recycled_root(c, spec);
	if (field(spec, "storageClassName").n)
		check_forbidden(c, "storageClassName",
				"may not be specified in the context of inline volumes");
	if (mode.n && !str_eqz(mode, "Filesystem"))
		check_forbidden(c, "volumeMode",
				"may not specify volumeMode other than Filesystem in the context "
				"of inline volumes");
	check_attributes_class(c, spec);
}

/* A secret for expansion may still be named. */
static bool same_source(const json_t *new, const json_t *old, const char *name)
{
	const json_t *a = tree_get(new, "spec", name, NULL), *b = tree_get(old, "spec", name, NULL);
	json_t *copy = json_copy((json_t *)a);
	if (copy && strcmp(name, "csi") == 0 && b &&
	    !json_object_get(b, "controllerExpandSecretRef"))
		json_object_del(copy, "controllerExpandSecretRef");
	bool same = (!copy && !b) || (copy && b && shape_equal(copy, b));
	json_decref(copy);
	return same;
}

/* A label of the beta may become that of GA. To upstream a label that never was beta may become the empty one, which other rules refuse. */
static struct str stable_label(struct str key)
{
	static const char *const labels[][2] = {
		{ "failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone" },
		{ "failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region" },
		{ "beta.kubernetes.io/os", "kubernetes.io/os" },
		{ "beta.kubernetes.io/arch", "kubernetes.io/arch" },
		{ "beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type" },
	};
	for (size_t i = 0; i < COUNT_OF(labels); i++)
		if (str_eqz(key, labels[i][0]))
			return str_from(labels[i][1]);
	return STR("");
}

static void renew_labels(json_t *old_terms, const json_t *new_terms, const char *list)
{
	size_t i, k;
	json_t *term, *expression;
	json_array_foreach (old_terms, i, term)
		json_array_foreach (json_object_get(term, list), k, expression) {
			const json_t *other =
				json_array_get(json_object_get(json_array_get(new_terms, i), list),
					       k);
			struct str key = stable_label(field(expression, "key"));
			if (str_eq(key, field(other, "key")))
				json_object_set_new(expression, "key",
						    json_stringn(key.p ? key.p : "", key.n));
		}
}

static bool same_affinity(const json_t *new, const json_t *old)
{
	json_t *a = tree_copy(new), *b = tree_copy(old);
	json_t *terms = tree_get(b, "required", "nodeSelectorTerms", NULL),
	       *now = tree_get(a, "required", "nodeSelectorTerms", NULL);
	size_t i, k;
	json_t *term, *expression;
	renew_labels(terms, now, "matchExpressions");
	renew_labels(terms, now, "matchFields");
	json_array_foreach (now, i, term)
		json_array_foreach (json_object_get(term, "matchExpressions"), k, expression)
			if (!json_object_get(expression, "key"))
				json_object_set_new(expression, "key", json_string(""));
	bool same = shape_equal(a, b);
	json_decref(a);
	json_decref(b);
	return same;
}

void validate_volume_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *affinity = tree_get(old, "spec", "nodeAffinity", NULL),
		     *class = tree_get(old, "spec", "volumeAttributesClassName", NULL),
		     *now = tree_get(new, "spec", "nodeAffinity", NULL);
	for (const struct volume_source *s = sources; s->name; s++)
		if (!same_source(new, old, s->name)) {
			check_forbidden(c, "spec.persistentvolumesource",
					"spec.persistentvolumesource is immutable after creation");
			break;
		}
	check_immutable(c, "volumeMode", tree_get(new, "spec", "volumeMode", NULL),
			tree_get(old, "spec", "volumeMode", NULL));
	if (affinity && !now)
		check_invalid(c, "nodeAffinity", NULL,
			      "field is immutable, except for updating from beta label to GA");
	else if (affinity && !same_affinity(now, affinity))
		check_invalid_internal(
			c, "nodeAffinity", "core/v1.VolumeNodeAffinity", now,
			"field is immutable, except for updating from beta label to GA");
	if (class && !tree_get(new, "spec", "volumeAttributesClassName", NULL))
		check_forbidden(c, "spec.volumeAttributesClassName",
				"update from non-nil value to nil is forbidden");
}
