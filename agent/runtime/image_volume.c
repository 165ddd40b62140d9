/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted stands in the file TARGET.image; TARGET.none is an empty layer below, as overlayfs wants two. A pin per volume keeps
 * the layers. */
#include "agent/runtime/image_volume.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/runtime/image_store.h"
#include "agent/runtime/overlay.h"
#include "agent/runtime/state_file.h"
#include "base/file.h"
#include "base/mem.h"

#define OVERLAY_MAGIC 0x794c7630

static bool is_mounted(const char *target)
{
	struct statfs fs;
	return statfs(target, &fs) == 0 && fs.f_type == OVERLAY_MAGIC;
}

static bool is_of(const char *note, const struct image *image)
{
	auto_buf id = { 0 };
	return file_read(note, 128, &id, NULL) == 0 && str_eqz(buf_view(&id), image->id);
}

static int mount_layers(const struct image *image, const char *target, struct err *err)
{
	auto_free char *none = str_printf("%s.none", target);
	size_t n = 0;
	while (image->layer_dirs && image->layer_dirs[n])
		n++;
	auto_free const char **lower = mem_zalloc((n + 3) * sizeof(*lower));
	lower[0] = none;
	for (size_t i = 0; i < n; i++)
		lower[i + 1] = image->layer_dirs[i];
	if (n == 0) /* two all the same */
		lower[1] = none;
	int r = dir_make(none, 0755, err);
	return r < 0 ? r
		     : overlay_mount(&(struct overlay){ .lower = lower, .target = target }, err);
}

int image_volume_mount(struct image_store *s, const struct image *image, const char *target,
		       const char *owner, const char *name, struct err *err)
{
	auto_free char *note = str_printf("%s.image", target);
	auto_free char *pin = str_printf("%s_%s", owner, name);
	bool mounted = is_mounted(target);
	if (mounted && is_of(note, image))
		return 0;
	int r = image_pin(s, image->id, pin, err);
	if (r == 0)
		r = dir_make(target, 0755, err);
	if (r < 0)
		return r;
	if (mounted)
		overlay_unmount(target); /* the tag moved; who has the old one keeps it */
	r = mount_layers(image, target, err);
	return r < 0 ? r : file_write_plain(note, image->id, strlen(image->id), 0600, err);
}

void image_volumes_release(struct image_store *s, const char *owner)
{
	auto_free char *dir = store_path(s, "pins", "");
	auto_free char *prefix = str_printf("%s_", owner);
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));)
		if (str_starts(str_from(e->d_name), str_from(prefix)))
			image_unpin(s, e->d_name);
	if (d)
		closedir(d);
}
