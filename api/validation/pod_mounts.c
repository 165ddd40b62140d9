/* SPDX-License-Identifier: Apache-2.0 */
/* Volume mounts and block devices of a container. */
#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_sources.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

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
	if (json_object_get(mount, "mountPropagation") && !str_eqz(propagation, "None"))
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
