/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/machine.h"

#include <sched.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/mem.h"

#define TEXT_MAX 65536

static void read_text(const char *path, char *out, size_t n)
{
	auto_buf b = { 0 };
	if (file_read(path, TEXT_MAX, &b, NULL) == 0 && b.n)
		snprintf(out, n, "%.*s", STR_ARG(str_trim(buf_view(&b))));
}

static bool read_number(const char *path, int64_t *out)
{
	char text[64] = "";
	read_text(path, text, sizeof(text));
	return str_to_i64(str_from(text), out);
}

static int64_t meminfo(const char *name)
{
	auto_buf b = { 0 };
	struct str rest, line;
	int64_t kib;
	if (file_read("/proc/meminfo", TEXT_MAX, &b, NULL) < 0)
		return 0;
	rest = buf_view(&b);
	while (str_next(&rest, '\n', &line))
		if (str_cut_prefix(&line, str_from(name)) && str_cut_prefix(&line, STR(":")) &&
		    str_ends(line, STR(" kB")) &&
		    str_to_i64(str_trim(str_of(line.p, line.n - 3)), &kib))
			return kib << 10;
	return 0;
}

static int64_t count_cpus(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return get_nprocs();
	return CPU_COUNT(&set);
}

static void read_os_image(char *out, size_t n)
{
	auto_buf b = { 0 };
	struct str rest, line;
	snprintf(out, n, "Linux");
	if (file_read("/etc/os-release", TEXT_MAX, &b, NULL) < 0)
		return;
	rest = buf_view(&b);
	while (str_next(&rest, '\n', &line))
		if (str_cut_prefix(&line, STR("PRETTY_NAME="))) {
			while (line.n && line.p[0] == '"')
				line = str_of(line.p + 1, line.n - 1);
			while (line.n && line.p[line.n - 1] == '"')
				line.n--;
			snprintf(out, n, "%.*s", STR_ARG(line));
		}
}

static const char *go_architecture(const char *machine)
{
	static const struct {
		const char *machine, *go;
	} names[] = { { "x86_64", "amd64" },
		      { "aarch64", "arm64" },
		      { "armv7l", "arm" },
		      { "i686", "386" } };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_eqz(str_from(machine), names[i].machine))
			return names[i].go;
	return machine;
}

void machine_read(const char *data_dir, struct machine *out)
{
	struct utsname u;
	struct statvfs fs;
	int64_t limit;
	*out = (struct machine){ .cpu_milli = count_cpus() * 1000,
				 .memory_bytes = meminfo("MemTotal") };
	if (read_number("/sys/fs/cgroup/memory.max", &limit) && limit > 0 &&
	    limit < out->memory_bytes)
		out->memory_bytes = limit;
	out->allocatable_bytes = out->memory_bytes / 1024 * 1024;
	if (statvfs(data_dir, &fs) == 0)
		out->disk_bytes = (int64_t)(fs.f_blocks * fs.f_frsize);
	read_text("/etc/machine-id", out->machine_id, sizeof(out->machine_id));
	read_text("/sys/class/dmi/id/product_uuid", out->system_uuid, sizeof(out->system_uuid));
	if (!out->system_uuid[0])
		snprintf(out->system_uuid, sizeof(out->system_uuid), "%s", out->machine_id);
	read_text("/proc/sys/kernel/random/boot_id", out->boot_id, sizeof(out->boot_id));
	read_os_image(out->os_image, sizeof(out->os_image));
	if (uname(&u) == 0) {
		snprintf(out->kernel, sizeof(out->kernel), "%s", u.release);
		snprintf(out->architecture, sizeof(out->architecture), "%.15s",
			 go_architecture(u.machine));
	}
}
