/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of a pod: one source each, a row per source that has rules of its own. Cloud disks that only the API still knows are
 * checked for their required fields. */
#include "api/object/meta.h"
#include "api/validation/metadata.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_parts.h"
#include "api/validation/volume_sources.h"
#include "api/values/quantity.h"
#include "base/mem.h"

/* The words of the generated rule, which lets letters be of any case. */
#define CASELESS                                                                               \
	"an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must " \
	"start and end with an alphanumeric character (e.g. 'Example.com', regex used for "    \
	"validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

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

void check_reserved_path(struct check *c, const char *child, struct str path)
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

/* ---- sources ---- */

void check_key_to_path(struct check *c, const json_t *item)
{
	check_needed(c, item, "key");
	check_needed(c, item, "path");
	check_reserved_path(c, "path", field(item, "path"));
	check_mode(c, item, "mode");
}

static void check_items(struct check *c, const json_t *source)
{
	size_t i;
	json_t *item;
	check_mode(c, source, "defaultMode");
	size_t was = check_in(c, "items");
	json_array_foreach (json_object_get(source, "items"), i, item) {
		size_t at = check_in_index(c, i);
		check_key_to_path(c, item);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_empty_dir(struct check *c, const json_t *source)
{
	struct quantity q;
	if (quantity_parse(field(source, "sizeLimit"), &q, NULL) == 0 && q.nano < 0)
		check_forbidden(c, "sizeLimit",
				"SizeLimit field must be a valid resource quantity");
}

void check_downward_file(struct check *c, const json_t *file)
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

void check_csi_driver_name(struct check *c, const char *child, struct str driver)
{
	auto_free char *small = str_lower(driver);
	struct name_errors e = name_dns_subdomain(str_of(small, driver.n));
	if (driver.n == 0) {
		check_required(c, child, "%s", "");
		return;
	}
	if (driver.n > 63 && !c->declared)
		check_too_long(c, child, 63);
	for (size_t i = 0; i < e.n; i++)
		check_name_text(c, child, driver,
				c->declared && str_starts(str_from(e.text[i]), STR("a lower"))
					? CASELESS
					: e.text[i]);
	if (driver.n > 63 && c->declared)
		check_too_long_counted(c, child, 63);
}

void check_csi_driver(struct check *c, const json_t *source)
{
	check_csi_driver_name(c, "driver", field(source, "driver"));
}

static void check_csi(struct check *c, const json_t *source)
{
	const json_t *secret = json_object_get(source, "nodePublishSecretRef");
	check_csi_driver(c, source);
	if (secret && field(secret, "name").n == 0)
		check_required(c, "nodePublishSecretRef.name", "%s", "");
	else if (secret) /* upstream's path */
		check_name(c, "name", field(secret, "name"), name_dns_subdomain);
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
	check_template_metadata(c, metadata);
	check_in(c, "spec");
	check_volume_claim_spec(c, json_object_get(template, "spec"));
	check_out(c, was);
}

static void check_image(struct check *c, const json_t *source)
{
	static const char *const policies[] = { "Always", "IfNotPresent", "Never", NULL };
	check_one_of(c, source, "pullPolicy", policies, true);
}

static void check_git_repo(struct check *c, const json_t *source)
{
	check_relative_path(c, "directory", field(source, "directory"));
}

/* ---- one volume ---- */

/* In the order in which upstream looks for them. */
static const struct volume_source sources[] = {
	{ .name = "emptyDir", .check = check_empty_dir },
	{ .name = "hostPath", .check = check_host_path },
	{ .name = "gitRepo", .needed = { "repository" }, .check = check_git_repo },
	{ .name = "gcePersistentDisk",
	  .needed = { "pdName" },
	  .check = check_disk_partition,
	  .path = "persistentDisk" },
	{ .name = "awsElasticBlockStore", .needed = { "volumeID" }, .check = check_disk_partition },
	{ .name = "secret", .needed = { "secretName" }, .check = check_items },
	{ .name = "nfs", .needed = { "server", "path" }, .check = check_nfs },
	{ .name = "iscsi", .needed = { "targetPortal" }, .check = check_iscsi },
	{ .name = "glusterfs", .needed = { "endpoints", "path" } },
	{ .name = "flocker", .check = check_flocker },
	{ .name = "persistentVolumeClaim", .needed = { "claimName" } },
	{ .name = "rbd", .check = check_rbd },
	{ .name = "cinder", .needed = { "volumeID" }, .check = check_secret_named },
	{ .name = "cephfs", .check = check_monitors, .clash = "cephFS" },
	{ .name = "quobyte", .check = check_quobyte },
	{ .name = "downwardAPI", .check = check_downward, .clash = "downwarAPI" },
	{ .name = "fc", .check = check_fibre_channel },
	{ .name = "flexVolume", .needed = { "driver" }, .check = check_flex },
	{ .name = "configMap", .needed = { "name" }, .check = check_items },
	{ .name = "azureFile", .needed = { "secretName", "shareName" } },
	{ .name = "vsphereVolume", .needed = { "volumePath" } },
	{ .name = "photonPersistentDisk", .needed = { "pdID" } },
	{ .name = "portworxVolume", .needed = { "volumeID" } },
	{ .name = "azureDisk", .needed = { "diskName", "diskURI" }, .check = check_azure_disk },
	{ .name = "storageos", .check = check_storage_os },
	{ .name = "projected", .check = check_projected },
	{ .name = "scaleIO", .needed = { "gateway", "system", "volumeName" } },
	{ .name = "csi", .check = check_csi },
	{ .name = "ephemeral", .check = check_ephemeral },
	{ .name = "image", .needed = { "reference" }, .check = check_image },
	{ 0 },
};

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
	if (pod.n == 0 || name.n == 0 || !json_object_get(volume, "ephemeral"))
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
	check_volume_source(c, volume, sources);
	if (iscsi_too_long(name, json_object_get(volume, "iscsi")))
		check_invalid_text(c, "name", name, ISCSI_TOO_LONG);
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
