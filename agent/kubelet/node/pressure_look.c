/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/pressure_look.h"

#include <string.h>
#include <sys/statvfs.h>

#include "agent/kubelet/node/usage.h"
#include "base/file.h"
#include "base/mem.h"

#define STAT_MAX 65536
#define LOAD_MAX 256

static void look_at_disk(const char *path, struct pressure_amount *bytes,
			 struct pressure_amount *inodes)
{
	struct statvfs fs;
	if (statvfs(path, &fs) < 0)
		return;
	*bytes = (struct pressure_amount){ (int64_t)(fs.f_bavail * fs.f_frsize),
					   (int64_t)(fs.f_blocks * fs.f_frsize) };
	*inodes = (struct pressure_amount){ (int64_t)fs.f_favail, (int64_t)fs.f_files };
}

static int64_t number_in(const char *path)
{
	auto_buf b = { 0 };
	int64_t n;
	if (file_read(path, 64, &b, NULL) < 0 || !str_to_i64(str_trim(buf_view(&b)), &n))
		return 0;
	return n;
}

static int64_t inactive_file(void)
{
	auto_buf b = { 0 };
	struct str line;
	int64_t n = 0;
	if (file_read("/sys/fs/cgroup/memory.stat", STAT_MAX, &b, NULL) < 0)
		return 0;
	for (struct str rest = buf_view(&b); str_next(&rest, '\n', &line);)
		if (str_cut_prefix(&line, STR("inactive_file ")))
			str_to_i64(line, &n);
	return n;
}

static void look_at_memory(int64_t all, struct pressure_amount *out)
{
	struct machine_usage m;
	if (!machine_usage_read(&m))
		return;
	int64_t used = (int64_t)m.working_set_bytes;
	if (number_in("/sys/fs/cgroup/memory.max") > 0) /* a container that is a node */
		used = number_in("/sys/fs/cgroup/memory.current") - inactive_file();
	*out = (struct pressure_amount){ all > used ? all - used : 0, all };
}

/* Both are limits of the whole machine; sysinfo(2) would count to 65535 only. */
static void look_at_pids(struct pressure_amount *out)
{
	auto_buf load = { 0 };
	int64_t max = number_in("/proc/sys/kernel/pid_max");
	int64_t threads = number_in("/proc/sys/kernel/threads-max");
	if (threads > 0 && threads < max)
		max = threads;
	if (max <= 0 || file_read("/proc/loadavg", LOAD_MAX, &load, NULL) < 0)
		return;
	int64_t used = pressure_tasks(buf_view(&load));
	if (used >= 0)
		*out = (struct pressure_amount){ max - used, max };
}

void pressure_look(const char *data_dir, int64_t memory_bytes,
		   struct pressure_amount out[PRESSURE_SIGNALS])
{
	auto_free char *images = str_printf("%s/agent/images", data_dir);
	memset(out, 0, PRESSURE_SIGNALS * sizeof(*out));
	look_at_memory(memory_bytes, &out[PRESSURE_MEMORY]);
	look_at_disk(data_dir, &out[PRESSURE_NODEFS], &out[PRESSURE_NODEFS_INODES]);
	look_at_disk(images, &out[PRESSURE_IMAGEFS], &out[PRESSURE_IMAGEFS_INODES]);
	look_at_pids(&out[PRESSURE_PIDS]);
}
