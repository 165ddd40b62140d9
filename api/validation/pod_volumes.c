/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of a pod: one source each, a row per source that has rules of its own. Cloud disks that only the API still knows are
 * checked for their required fields. */
#include "api/meta.h"
#include "api/quantity.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_parts.h"
#include "base/mem.h"

/* The words of the generated rule, which lets letters be of any case. */
#define CASELESS                                                                               \
	"an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must " \
	"start and end with an alphanumeric character (e.g. 'example.com', regex used for "    \
	"validation is '(?i)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- paths and modes ---- */

void check_no_backsteps(struct check *c, const char *child, struct str path)
{
	struct str rest = path, part;
	while (str_next(&rest, '/', &part))
		if (str_eqz(part, "..")) {
			check_invalid_text(c, child, path, "must not contain '..'");
			return;
		}
}

void check_relative_path(struct check *c, const char *child, struct str path)
{
	if (path.n && path.p[0] == '/')
		check_invalid_text(c, child, path, "must be a relative path");
	check_no_backsteps(c, child, path);
}

static void check_reserved_path(struct check *c, const char *child, struct str path)
{
	check_relative_path(c, child, path);
	if (str_starts(path, STR("..")) && !str_starts(path, STR("../")))
		check_invalid_text(c, child, path, "must not start with '..'");
}

void check_mode(struct check *c, const json_t *parent, const char *child)
{
	const json_t *mode = json_object_get(parent, child);
	json_int_t v = json_integer_value(mode);
	if (json_is_integer(mode) && (v < 0 || v > 0777))
		check_invalid(c, child, mode,
			      "must be a number between 0 and 0777 (octal), both inclusive");
}

static void check_needed(struct check *c, const json_t *source, const char *name)
{
	if (field(source, name).n == 0)
		check_required(c, name, "%s", "");
}

/* ---- sources ---- */

static void check_items(struct check *c, const json_t *source)
{
	size_t was = check_in(c, "items"), i;
	json_t *item;
	json_array_foreach (json_object_get(source, "items"), i, item) {
		size_t at = check_in_index(c, i);
		check_needed(c, item, "key");
		check_needed(c, item, "path");
		check_reserved_path(c, "path", field(item, "path"));
		check_mode(c, item, "mode");
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_secret_volume(struct check *c, const json_t *source)
{
	check_needed(c, source, "secretName");
	check_mode(c, source, "defaultMode");
	check_items(c, source);
}

static void check_config_map_volume(struct check *c, const json_t *source)
{
	check_needed(c, source, "name");
	check_mode(c, source, "defaultMode");
	check_items(c, source);
}

void check_host_path_type(struct check *c, const json_t *type)
{
	static const char *const types[] = {
		"",     "BlockDevice",  "CharDevice", "Directory", "DirectoryOrCreate",
		"File", "FileOrCreate", "Socket",     NULL
	};
	if (type && !str_in(tree_str(type), types))
		check_unsupported(c, "type", type, types);
}

static void check_host_path(struct check *c, const json_t *source)
{
	if (field(source, "path").n == 0) {
		check_required(c, "path", "%s", "");
		return;
	}
	check_no_backsteps(c, "path", field(source, "path"));
	check_host_path_type(c, json_object_get(source, "type"));
}

static void check_empty_dir(struct check *c, const json_t *source)
{
	struct quantity q;
	if (quantity_parse(field(source, "sizeLimit"), &q, NULL) == 0 && q.nano < 0)
		check_forbidden(c, "sizeLimit",
				"SizeLimit field must be a valid resource quantity");
}

static void check_downward_file(struct check *c, const json_t *file)
{
	const json_t *ref = json_object_get(file, "fieldRef"),
		     *resource = json_object_get(file, "resourceFieldRef");
	check_needed(c, file, "path");
	check_reserved_path(c, "path", field(file, "path"));
	if (ref) {
		size_t was = check_in(c, "fieldRef");
		check_field_ref(c, ref, true);
		check_out(c, was);
		if (resource)
			check_invalid_text(c, NULL, STR("resource"),
					   "fieldRef and resourceFieldRef can not be specified "
					   "simultaneously");
	} else if (resource) {
		size_t was = check_in(c, "resourceFieldRef");
		check_resource_field_ref(c, resource, true);
		check_out(c, was);
	} else {
		check_required(c, NULL, "one of fieldRef and resourceFieldRef is required");
	}
	check_mode(c, file, "mode");
}

static void check_downward(struct check *c, const json_t *source)
{
	size_t i;
	json_t *file;
	check_mode(c, source, "defaultMode");
	json_array_foreach (json_object_get(source, "items"), i, file)
		check_downward_file(c, file);
}

static void check_claim_volume(struct check *c, const json_t *source)
{
	check_needed(c, source, "claimName");
}

static void check_nfs(struct check *c, const json_t *source)
{
	struct str path = field(source, "path");
	check_needed(c, source, "server");
	check_needed(c, source, "path");
	if (path.n == 0 || path.p[0] != '/')
		check_invalid_text(c, "path", path, "must be an absolute path");
}

void check_csi_driver_name(struct check *c, const char *child, struct str driver)
{
	auto_free char *small = str_dup(driver);
	for (char *p = small; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	struct name_errors e = name_dns_subdomain(str_of(small, driver.n));
	if (driver.n == 0) {
		check_required(c, child, "%s", "");
		return;
	}
	if (driver.n > 63)
		check_too_long(c, child, 63);
	for (size_t i = 0; i < e.n; i++)
		check_invalid_text(c, child, driver, "%s",
				   c->declared && str_starts(str_from(e.text[i]), STR("a lower"))
					   ? CASELESS
					   : e.text[i]);
}

void check_csi_driver(struct check *c, const json_t *source)
{
	check_csi_driver_name(c, "driver", field(source, "driver"));
}

static void check_csi(struct check *c, const json_t *source)
{
	check_csi_driver(c, source);
	if (json_object_get(source, "nodePublishSecretRef"))
		check_required_name(c, "nodePublishSecretRef.name",
				    field(json_object_get(source, "nodePublishSecretRef"), "name"),
				    name_dns_subdomain);
}

static void check_ephemeral(struct check *c, const json_t *source)
{
	const json_t *template = json_object_get(source, "volumeClaimTemplate"),
		     *metadata = json_object_get(template, "metadata");
	if (!template) {
		check_required(c, "volumeClaimTemplate", "%s", "");
		return;
	}
	size_t was = check_in(c, "volumeClaimTemplate");
	check_annotations(c, "metadata.annotations", json_object_get(metadata, "annotations"));
	check_labels(c, "metadata.labels", json_object_get(metadata, "labels"));
	check_in(c, "spec");
	check_volume_claim_spec(c, json_object_get(template, "spec"));
	check_out(c, was);
}

static void check_image(struct check *c, const json_t *source)
{
	static const char *const policies[] = { "Always", "IfNotPresent", "Never", NULL };
	check_needed(c, source, "reference");
	check_one_of(c, source, "pullPolicy", policies, true);
}

/* ---- projected ---- */

static void check_token(struct check *c, const json_t *source)
{
	const json_t *expiration = json_object_get(source, "expirationSeconds");
	json_int_t s = json_integer_value(expiration);
	if (!expiration)
		check_required(c, "expirationSeconds", "%s", "");
	else if (s < 600)
		check_invalid(c, "expirationSeconds", expiration,
			      "may not specify a duration less than 10 minutes");
	else if (s > 1LL << 32)
		check_invalid(c, "expirationSeconds", expiration,
			      "may not specify a duration larger than 2^32 seconds");
}

static void check_projected_named(struct check *c, const json_t *source)
{
	check_needed(c, source, "name");
	check_items(c, source);
}

static void check_trust_bundle(struct check *c, const json_t *source)
{
	bool name = json_object_get(source, "name"), signer = json_object_get(source, "signerName");
	if (name && signer)
		check_invalid(c, NULL, source, "only one of name and signerName may be used");
	else if (!name && !signer)
		check_required(c, NULL, "either name or signerName must be specified");
	check_needed(c, source, "path");
	check_reserved_path(c, "path", field(source, "path"));
}

static const struct source {
	const char *name;
	void (*check)(struct check *c, const json_t *source);
} projections[] = {
	{ "secret", check_projected_named },
	{ "configMap", check_projected_named },
	{ "downwardAPI", check_downward },
	{ "serviceAccountToken", check_token },
	{ "clusterTrustBundle", check_trust_bundle },
	{ "podCertificate", NULL },
};

static void check_projection(struct check *c, const json_t *projection)
{
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(projections); i++) {
		const json_t *source = json_object_get(projection, projections[i].name);
		if (!source)
			continue;
		size_t was = check_in(c, projections[i].name);
		if (projections[i].check)
			projections[i].check(c, source);
		check_out(c, was);
		n++;
	}
	if (n > 1)
		check_forbidden(c, NULL, "may not specify more than 1 volume type per source");
}

/* All sources write into one directory: no path twice. `shown`: what upstream prints instead of the path. */
static void check_paths_once(struct check *c, const json_t *items, struct map *paths,
			     const char *shown)
{
	size_t i;
	json_t *item;
	json_array_foreach (items, i, item) {
		struct str path = field(item, "path");
		if (path.n && seen_before(paths, path))
			check_invalid_text(c, NULL, shown ? str_from(shown) : path,
					   "conflicting duplicate paths");
	}
}

static void check_projected_paths(struct check *c, const json_t *projection, struct map *paths)
{
	static const char *const named[] = { "secret", "configMap" };
	const json_t *token = json_object_get(projection, "serviceAccountToken"),
		     *bundle = json_object_get(projection, "clusterTrustBundle");
	for (size_t i = 0; i < COUNT_OF(named); i++) {
		const json_t *source = json_object_get(projection, named[i]);
		check_paths_once(c, json_object_get(source, "items"), paths,
				 field(source, "name").p);
	}
	check_paths_once(c, tree_get(projection, "downwardAPI", "items", NULL), paths, NULL);
	if (token) { /* upstream names this path without the source's index */
		check_needed(c, token, "path");
		check_reserved_path(c, "path", field(token, "path"));
	}
	if (bundle && seen_before(paths, field(bundle, "path")))
		check_invalid_text(c, NULL, field(bundle, "path"), "conflicting duplicate paths");
}

static void check_projected(struct check *c, const json_t *source)
{
	struct map paths = { 0 };
	size_t i;
	json_t *projection;
	check_mode(c, source, "defaultMode");
	json_array_foreach (json_object_get(source, "sources"), i, projection) {
		size_t was = check_in(c, "sources");
		check_in_index(c, i);
		check_projection(c, projection);
		check_out(c, was);
		check_projected_paths(c, projection, &paths);
	}
	map_free(&paths, NULL);
}

/* ---- one volume ---- */

static const struct source sources[] = {
	{ "emptyDir", check_empty_dir },
	{ "hostPath", check_host_path },
	{ "secret", check_secret_volume },
	{ "configMap", check_config_map_volume },
	{ "persistentVolumeClaim", check_claim_volume },
	{ "downwardAPI", check_downward },
	{ "projected", check_projected },
	{ "nfs", check_nfs },
	{ "csi", check_csi },
	{ "ephemeral", check_ephemeral },
	{ "image", check_image },
	{ "gitRepo", NULL },
	{ "gcePersistentDisk", NULL },
	{ "awsElasticBlockStore", NULL },
	{ "iscsi", NULL },
	{ "glusterfs", NULL },
	{ "flocker", NULL },
	{ "rbd", NULL },
	{ "cinder", NULL },
	{ "cephfs", NULL },
	{ "quobyte", NULL },
	{ "fc", NULL },
	{ "flexVolume", NULL },
	{ "azureFile", NULL },
	{ "vsphereVolume", NULL },
	{ "photonPersistentDisk", NULL },
	{ "portworxVolume", NULL },
	{ "azureDisk", NULL },
	{ "storageos", NULL },
	{ "scaleIO", NULL },
};

static void check_source(struct check *c, const json_t *volume)
{
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		const json_t *source = json_object_get(volume, sources[i].name);
		if (!source)
			continue;
		if (n++) {
			check_forbidden(c, sources[i].name,
					"may not specify more than 1 volume type");
			continue;
		}
		size_t was = check_in(c, sources[i].name);
		if (sources[i].check)
			sources[i].check(c, source);
		check_out(c, was);
	}
	if (n == 0)
		check_required(c, NULL, "must specify a volume type");
}

/* Names of claims that this pod's own ephemeral volumes create. */
static void find_created_claims(const struct pod_rules *p, struct map *created)
{
	struct str pod = tree_str(json_object_get(p->metadata, "name"));
	size_t i;
	json_t *volume;
	json_array_foreach (json_object_get(p->spec, "volumes"), i, volume) {
		auto_buf name = { 0 };
		if (pod.n == 0 || !json_object_get(volume, "ephemeral"))
			continue;
		buf_printf(&name, "%.*s-%.*s", STR_ARG(pod), STR_ARG(field(volume, "name")));
		seen_before(created, buf_view(&name));
	}
}

/* The claim that a pod's own volume creates has a name made of both. */
static void check_claim_name(struct check *c, const struct pod_rules *p, const json_t *volume)
{
	struct str pod = tree_str(json_object_get(p->metadata, "name")),
		   name = field(volume, "name");
	auto_buf claim = { 0 };
	if (pod.n == 0 || !json_object_get(volume, "ephemeral"))
		return;
	buf_printf(&claim, "%.*s-%.*s", STR_ARG(pod), STR_ARG(name));
	struct name_errors e = name_dns_subdomain(buf_view(&claim));
	for (size_t i = 0; i < e.n; i++)
		check_invalid_text(c, "name", name, "PVC name \"%.*s\": %s",
				   STR_ARG(buf_view(&claim)), e.text[i]);
}

static void check_volume(struct check *c, struct pod_rules *p, json_t *volume,
			 const struct map *created)
{
	struct str name = field(volume, "name");
	struct str claim = tree_get_str(volume, "persistentVolumeClaim", "claimName", NULL);
	size_t before = check_causes(c);
	check_source(c, volume);
	check_claim_name(c, p, volume);
	check_required_name(c, "name", name, name_dns_label);
	if (map_get(&p->volumes, name))
		check_duplicate_text(c, "name", name);
	if (!check_failed(c, before)) /* mounts find only volumes that are right */
		map_put(&p->volumes, name, volume);
	if (map_get(created, claim))
		check_invalid_text(
			c, "persistentVolumeClaim.claimName", claim,
			"must not reference a PVC that gets created for an ephemeral volume");
}

void check_volumes(struct check *c, struct pod_rules *p)
{
	struct map created = { 0 };
	size_t was = check_in(c, "volumes"), i;
	json_t *volume;
	find_created_claims(p, &created);
	json_array_foreach (json_object_get(p->spec, "volumes"), i, volume) {
		size_t at = check_in_index(c, i);
		check_volume(c, p, volume, &created);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&created, NULL);
}

/* ---- mounts and devices of a container ---- */

struct places { /* names and paths of one list */
	struct map names, paths;
};

static void places_init(struct places *out, const json_t *list, const char *path)
{
	size_t i;
	json_t *item;
	*out = (struct places){ 0 };
	json_array_foreach (list, i, item) {
		seen_before(&out->names, field(item, "name"));
		seen_before(&out->paths, field(item, path));
	}
}

static void places_free(struct places *p)
{
	map_free(&p->names, NULL);
	map_free(&p->paths, NULL);
}

static void check_propagation(struct check *c, const json_t *mount, const json_t *container)
{
	static const char *const modes[] = { "Bidirectional", "HostToContainer", "None", NULL };
	const json_t *value = json_object_get(mount, "mountPropagation");
	if (!value)
		return;
	if (!str_in(tree_str(value), modes))
		check_unsupported(c, "mountPropagation", value, modes);
	if (str_eqz(tree_str(value), "Bidirectional") &&
	    !json_is_true(tree_get(container, "securityContext", "privileged", NULL)))
		check_forbidden(c, "mountPropagation",
				"Bidirectional mount propagation is available only to privileged "
				"containers");
}

static void check_recursive_read_only(struct check *c, const json_t *mount)
{
	static const char *const modes[] = { "Disabled", "Enabled", "IfPossible", NULL };
	const json_t *value = json_object_get(mount, "recursiveReadOnly");
	struct str mode = tree_str(value), propagation = field(mount, "mountPropagation");
	if (!value || str_eqz(mode, "Disabled"))
		return;
	if (!str_in(mode, modes)) {
		check_unsupported(c, "recursiveReadOnly", value, modes);
		return;
	}
	if (!json_is_true(json_object_get(mount, "readOnly")))
		check_forbidden(c, "recursiveReadOnly",
				"may only be specified when readOnly is true");
	if (propagation.n && !str_eqz(propagation, "None"))
		check_forbidden(
			c, "recursiveReadOnly",
			"may only be specified when mountPropagation is None or not specified");
}

static void check_mount_fields(struct check *c, const json_t *mount, struct map *paths,
			       const struct places *devices, const struct pod_rules *p)
{
	struct str name = field(mount, "name"), path = field(mount, "mountPath");
	check_needed(c, mount, "name");
	if (!map_get(&p->volumes, name))
		check_not_found(c, "name", name, "");
	check_needed(c, mount, "mountPath");
	if (seen_before(paths, path))
		check_invalid_text(c, "mountPath", path, "must be unique");
	if (map_get(&devices->names, name))
		check_invalid_text(c, "name", name, "must not already exist in volumeDevices");
	if (map_get(&devices->paths, path))
		check_invalid_text(c, "mountPath", path,
				   "must not already exist as a path in volumeDevices");
	if (field(mount, "subPathExpr").n && field(mount, "subPath").n)
		check_invalid_text(c, "subPathExpr", field(mount, "subPathExpr"),
				   "subPathExpr and subPath are mutually exclusive");
}

/* Upstream names these fields without the mount's index. */
static void check_mount_paths(struct check *c, const json_t *mount, const json_t *container)
{
	if (field(mount, "subPath").n)
		check_relative_path(c, "subPath", field(mount, "subPath"));
	if (field(mount, "subPathExpr").n)
		check_relative_path(c, "subPathExpr", field(mount, "subPathExpr"));
	check_propagation(c, mount, container);
	check_recursive_read_only(c, mount);
}

static void check_device(struct check *c, const json_t *device, struct places *seen,
			 const struct places *mounts, const struct pod_rules *p)
{
	struct str name = field(device, "name"), path = field(device, "devicePath");
	const json_t *volume = map_get(&p->volumes, name);
	check_needed(c, device, "name");
	if (seen_before(&seen->names, name))
		check_invalid_text(c, "name", name, "must be unique");
	if (!volume)
		check_not_found(c, "name", name, "");
	else if (!json_object_get(volume, "persistentVolumeClaim") &&
		 !json_object_get(volume, "ephemeral"))
		check_invalid_text(c, "name", name,
				   "can only use volume source type of PersistentVolumeClaim or "
				   "Ephemeral for block mode");
	check_needed(c, device, "devicePath");
	if (seen_before(&seen->paths, path))
		check_invalid_text(c, "devicePath", path, "must be unique");
	if (str_contains(path, STR("..")))
		check_invalid_text(c, "devicePath", path, "can not contain backsteps ('..')");
	if (map_get(&mounts->names, name))
		check_invalid_text(c, "name", name, "must not already exist in volumeMounts");
	if (map_get(&mounts->paths, path))
		check_invalid_text(c, "devicePath", path,
				   "must not already exist as a path in volumeMounts");
}

static void check_mount_list(struct check *c, const json_t *container, const struct places *devices,
			     const struct pod_rules *p)
{
	struct map paths = { 0 };
	size_t was = check_in(c, "volumeMounts"), i;
	json_t *mount;
	json_array_foreach (json_object_get(container, "volumeMounts"), i, mount) {
		size_t at = check_in_index(c, i);
		check_mount_fields(c, mount, &paths, devices, p);
		check_out(c, at);
		check_mount_paths(c, mount, container);
	}
	check_out(c, was);
	map_free(&paths, NULL);
}

static void check_device_list(struct check *c, const json_t *container, const struct places *mounts,
			      const struct pod_rules *p)
{
	struct places seen = { 0 };
	size_t was = check_in(c, "volumeDevices"), i;
	json_t *device;
	json_array_foreach (json_object_get(container, "volumeDevices"), i, device) {
		size_t at = check_in_index(c, i);
		check_device(c, device, &seen, mounts, p);
		check_out(c, at);
	}
	check_out(c, was);
	places_free(&seen);
}

void check_mounts(struct check *c, const json_t *container, const struct pod_rules *p)
{
	struct places mounts, devices;
	places_init(&mounts, json_object_get(container, "volumeMounts"), "mountPath");
	places_init(&devices, json_object_get(container, "volumeDevices"), "devicePath");
	check_mount_list(c, container, &devices, p);
	check_device_list(c, container, &mounts, p);
	places_free(&mounts);
	places_free(&devices);
}
