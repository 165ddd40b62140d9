/* SPDX-License-Identifier: Apache-2.0 */
/* The member "linux": namespaces, limits, devices, what is hidden. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "agent/runtime/oci_config.h"
#include "base/mem.h"

static const char *const masked[] = {
	"/proc/acpi",       "/proc/asound",      "/proc/interrupts",
	"/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
	"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
	"/proc/scsi",       "/sys/firmware",     "/sys/devices/virtual/powercap",
};
static const char *const read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					 "/proc/sysrq-trigger" };

static void add_list(struct buf *out, const char *member, const char *const *list, size_t n)
{
	buf_printf(out, ",\"%s\":[", member);
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? "," : "");
		oci_string(out, list[i]);
	}
	buf_putc(out, ']');
}

static void add_namespace(struct buf *out, const char *type, const char *path)
{
	if (out->p[out->n - 1] != '[')
		buf_putc(out, ',');
	buf_printf(out, "{\"type\":\"%s\"", type);
	if (path) {
		buf_puts(out, ",\"path\":");
		oci_string(out, path);
	}
	buf_putc(out, '}');
}

static void add_namespaces(const struct oci_input *in, struct buf *out)
{
	const struct oci_sandbox *s = in->sandbox;
	buf_puts(out, "\"namespaces\":[");
	add_namespace(out, "mount", NULL);
	if (!s->host_pid)
		add_namespace(out, "pid", s->pid_path);
	if (s->ipc_path)
		add_namespace(out, "ipc", s->ipc_path);
	if (s->uts_path)
		add_namespace(out, "uts", s->uts_path);
	if (s->net_path)
		add_namespace(out, "network", s->net_path);
	if (in->cgroups->v2 && !in->spec->privileged)
		add_namespace(out, "cgroup", NULL);
	buf_putc(out, ']');
}

static void add_limits(const struct oci_input *in, struct buf *out)
{
	const struct container_resources *r = &in->spec->resources;
	buf_printf(out, ",\"cpu\":{\"shares\":%llu",
		   (unsigned long long)cgroup_shares(r->cpu_shares_milli));
	if (r->cpu_limit_milli > 0)
		buf_printf(out, ",\"quota\":%lld,\"period\":%d",
			   (long long)cgroup_quota_us(r->cpu_limit_milli), CGROUP_PERIOD_US);
	buf_putc(out, '}');
	if (r->memory_limit_bytes > 0) {
		buf_printf(out, ",\"memory\":{\"limit\":%lld", (long long)r->memory_limit_bytes);
		if (in->cgroups->swap)
			buf_printf(out, ",\"swap\":%lld", (long long)r->memory_limit_bytes);
		buf_putc(out, '}');
	}
	if (r->pids_limit > 0)
		buf_printf(out, ",\"pids\":{\"limit\":%lld}", (long long)r->pids_limit);
	if (in->cgroups->v2)
		buf_puts(out, ",\"unified\":{\"memory.oom.group\":\"1\"}");
}

static void add_device(struct buf *out, const char *path, const struct stat *st)
{
	if (out->p[out->n - 1] != '[')
		buf_putc(out, ',');
	buf_puts(out, "{\"path\":");
	oci_string(out, path);
	buf_printf(
		out,
		",\"type\":\"%s\",\"major\":%u,\"minor\":%u,\"fileMode\":%u,\"uid\":%u,\"gid\":%u}",
		S_ISBLK(st->st_mode) ? "b" : "c", major(st->st_rdev), minor(st->st_rdev),
		st->st_mode & 0777u, st->st_uid, st->st_gid);
}

static bool skipped(const char *path)
{
	static const char *const own[] = { "/dev/pts", "/dev/shm",     "/dev/mqueue",
					   "/dev/fd",  "/dev/console", "/dev/ptmx" };
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (strcmp(path, own[i]) == 0)
			return true;
	return false;
}

/* A privileged container sees the host's devices. */
static void add_devices(struct buf *out, const char *dir, int level)
{
	DIR *d = level > 4 ? NULL : opendir(dir);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		char path[512];
		struct stat st;
		if (e->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path) ||
		    skipped(path) || lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			add_devices(out, path, level + 1);
		else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			add_device(out, path, &st);
	}
	closedir(d);
}

/* Those that the spec names; what is no block device any more is left out. */
static void add_named_devices(const struct container_spec *s, struct buf *out)
{
	struct stat st;
	for (size_t i = 0; i < s->ndevices; i++)
		if (stat(s->devices[i].source, &st) == 0 && S_ISBLK(st.st_mode))
			add_device(out, s->devices[i].target, &st);
}

static void add_device_rules(const struct container_spec *s, struct buf *out)
{
	struct stat st;
	buf_printf(out, "\"devices\":[{\"allow\":%s,\"access\":\"rwm\"}",
		   s->privileged ? "true" : "false");
	for (size_t i = 0; i < s->ndevices; i++)
		if (stat(s->devices[i].source, &st) == 0 && S_ISBLK(st.st_mode))
			buf_printf(out,
				   ",{\"allow\":true,\"type\":\"b\",\"major\":%u,\"minor\":%u,"
				   "\"access\":\"%s\"}",
				   major(st.st_rdev), minor(st.st_rdev),
				   s->devices[i].read_only ? "rm" : "rwm");
	buf_putc(out, ']');
}

static const char *widest_propagation(const struct container_spec *s)
{
	const char *widest = NULL;
	for (size_t i = 0; i < s->nmounts; i++) {
		const char *p = s->mounts[i].propagation;
		if (p && strcmp(p, "rshared") == 0)
			return p;
		if (p && strcmp(p, "rslave") == 0)
			widest = p;
	}
	return widest;
}

void oci_linux(const struct oci_input *in, const struct oci_capabilities *caps, const char *seccomp,
	       struct buf *out)
{
	char path[CGROUP_PATH_MAX];
	bool privileged = in->spec->privileged;
	const char *propagation = widest_propagation(in->spec);
	buf_puts(out, "\"linux\":{");
	add_namespaces(in, out);
	cgroup_oci_path(in->cgroups, in->cgroup_path, path);
	buf_puts(out, ",\"cgroupsPath\":");
	oci_string(out, path);
	buf_puts(out, ",\"resources\":{");
	add_device_rules(in->spec, out);
	add_limits(in, out);
	buf_putc(out, '}');
	if (propagation)
		buf_printf(out, ",\"rootfsPropagation\":\"%s\"", propagation);
	buf_puts(out, ",\"devices\":[");
	add_named_devices(in->spec, out);
	if (privileged)
		add_devices(out, "/dev", 0);
	buf_putc(out, ']');
	if (!privileged) {
		add_list(out, "maskedPaths", masked, COUNT_OF(masked));
		add_list(out, "readonlyPaths", read_only, COUNT_OF(read_only));
	}
	if (!privileged && in->spec->seccomp && strcmp(in->spec->seccomp, "RuntimeDefault") == 0) {
		buf_puts(out, ",\"seccomp\":");
		oci_seccomp_default(out, caps);
	} else if (seccomp) {
		buf_puts(out, ",\"seccomp\":");
		buf_puts(out, seccomp);
	}
	buf_putc(out, '}');
}
