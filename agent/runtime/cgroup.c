/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, usage, killing and removal, by reading and writing the files. crun makes the containers' own groups (it knows their
 * devices); pods' groups are made here. */
#include "agent/runtime/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define FULL_MAX       (CGROUP_PATH_MAX + 64)
#define TEXT_MAX       (1024 * 1024)
#define REMOVE_TRIES   50
#define REMOVE_WAIT_US 2000

uint64_t cgroup_shares(int64_t milli)
{
	int64_t shares = milli * 1024 / 1000;
	return shares < 2 ? 2 : shares > 262144 ? 262144 : (uint64_t)shares;
}

uint64_t cgroup_weight(uint64_t shares)
{
	return 1 + ((shares - 2) * 9999) / 262142;
}

int64_t cgroup_quota_us(int64_t milli)
{
	int64_t quota = milli * (CGROUP_PERIOD_US / 1000);
	return quota <= 0 ? 0 : quota < 1000 ? 1000 : quota;
}

static void full_path(const struct cgroup_host *h, const char *mount, const char *path,
		      char out[FULL_MAX])
{
	snprintf(out, FULL_MAX, "%s%s/%s", mount, h->base, path);
}

static int write_value(const char *dir, const char *name, const char *text, struct err *err)
{
	char path[FULL_MAX + 64];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return err_sys(err, "write %s to %s", text, path);
	return 0;
}

static int write_number(const char *dir, const char *name, int64_t v, struct err *err)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)v);
	return write_value(dir, name, text, err);
}

static int write_limit(const char *dir, const char *name, int64_t v,
		       struct err *err) /* v2: 0 is "max" */
{
	return v > 0 ? write_number(dir, name, v, err) : write_value(dir, name, "max", err);
}

static int set_v2(const char *dir, const struct container_resources *r, struct err *err)
{
	char cpu_max[48] = "max 100000";
	int64_t quota = cgroup_quota_us(r->cpu_limit_milli);
	if (quota)
		snprintf(cpu_max, sizeof(cpu_max), "%lld %d", (long long)quota, CGROUP_PERIOD_US);
	int rc = write_number(dir, "cpu.weight",
			      (int64_t)cgroup_weight(cgroup_shares(r->cpu_shares_milli)), err);
	if (rc == 0)
		rc = write_value(dir, "cpu.max", cpu_max, err);
	if (rc == 0)
		rc = write_limit(dir, "memory.max", r->memory_limit_bytes, err);
	if (rc == 0)
		rc = write_limit(dir, "pids.max", r->pids_limit, err);
	return rc;
}

/* v1 counts memory and swap together in a second limit, which may never be below the first: raising needs the other order than
 * lowering. */
static int set_memory_v1(const struct cgroup_host *h, const char *dir, int64_t bytes,
			 struct err *err)
{
	int64_t limit = bytes > 0 ? bytes : -1;
	if (!h->swap)
		return write_number(dir, "memory.limit_in_bytes", limit, err);
	if (write_number(dir, "memory.limit_in_bytes", limit, NULL) == 0)
		return write_number(dir, "memory.memsw.limit_in_bytes", limit, err);
	int r = write_number(dir, "memory.memsw.limit_in_bytes", limit, err);
	return r < 0 ? r : write_number(dir, "memory.limit_in_bytes", limit, err);
}

static int set_v1(const struct cgroup_host *h, const char *path,
		  const struct container_resources *r, struct err *err)
{
	char dir[FULL_MAX];
	int64_t quota = cgroup_quota_us(r->cpu_limit_milli);
	full_path(h, h->controller[CGROUP_CPU], path, dir);
	int rc = write_number(dir, "cpu.shares", (int64_t)cgroup_shares(r->cpu_shares_milli), err);
	if (rc == 0 && quota)
		rc = write_number(dir, "cpu.cfs_period_us", CGROUP_PERIOD_US, err);
	if (rc == 0)
		rc = write_number(dir, "cpu.cfs_quota_us", quota ? quota : -1, err);
	full_path(h, h->controller[CGROUP_MEMORY], path, dir);
	if (rc == 0)
		rc = set_memory_v1(h, dir, r->memory_limit_bytes, err);
	full_path(h, h->controller[CGROUP_PIDS], path, dir);
	if (rc == 0)
		rc = write_limit(dir, "pids.max", r->pids_limit, err);
	return rc;
}

int cgroup_set(const struct cgroup_host *h, const char *path, const struct container_resources *r,
	       struct err *err)
{
	char dir[FULL_MAX];
	if (!h->v2)
		return set_v1(h, path, r, err);
	full_path(h, h->mounts[0], path, dir);
	return set_v2(dir, r, err);
}

/* Makes the group and its parents; on v2 each parent hands down what it has. */
static int make_in(const struct cgroup_host *h, const char *mount, const char *path,
		   struct err *err)
{
	char dir[FULL_MAX];
	full_path(h, mount, path, dir);
	size_t start = strlen(mount) + strlen(h->base) + 1;
	for (char *at = dir + start;; at++) {
		if (*at && *at != '/')
			continue;
		char end = *at;
		*at = '\0';
		if (mkdir(dir, 0755) != 0 && errno != EEXIST)
			return err_sys(err, "make cgroup %s", dir);
		static const char *const controllers[] = { "+cpu",    "+memory", "+pids",
							   "+cpuset", "+io",     "+hugetlb" };
		for (size_t i = 0; h->v2 && i < COUNT_OF(controllers); i++)
			write_value(dir, "cgroup.subtree_control", controllers[i], NULL);
		*at = end;
		if (!end)
			return 0;
	}
}

int cgroup_create(const struct cgroup_host *h, const char *path,
		  const struct container_resources *r, struct err *err)
{
	if (h->v2) {
		int rc = make_in(h, h->mounts[0], path, err);
		return rc < 0 ? rc : cgroup_set(h, path, r, err);
	}
	for (int i = 0; i < CGROUP_CPUACCT; i++) {
		int rc = make_in(h, h->controller[i], path, err);
		if (rc < 0)
			return rc;
	}
	return cgroup_set(h, path, r, err);
}

/* Calls fn for `dir` and every group below, deepest first. */
static void walk(const char *dir, void (*fn)(const char *dir, void *ctx), void *ctx)
{
	DIR *d = opendir(dir);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		char below[FULL_MAX];
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", dir, e->d_name) < (int)sizeof(below))
			walk(below, fn, ctx);
	}
	closedir(d);
	fn(dir, ctx);
}

static bool read_procs(const char *dir, struct buf *out)
{
	char path[FULL_MAX + 16];
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	buf_reset(out);
	return file_read(path, TEXT_MAX, out, NULL) == 0;
}

static void kill_in(const char *dir, void *ctx)
{
	auto_buf pids = { 0 };
	struct str rest, line;
	int64_t pid;
	(void)ctx;
	if (!read_procs(dir, &pids))
		return;
	rest = buf_view(&pids);
	while (str_next(&rest, '\n', &line))
		if (str_to_i64(line, &pid) && pid > 1)
			kill((pid_t)pid, SIGKILL);
}

static void count_in(const char *dir, void *ctx)
{
	auto_buf pids = { 0 };
	if (read_procs(dir, &pids))
		*(size_t *)ctx += pids.n;
}

static const char *process_mount(const struct cgroup_host *h)
{
	return h->v2 ? h->mounts[0] : h->controller[CGROUP_PIDS];
}

void cgroup_kill(const struct cgroup_host *h, const char *path)
{
	char dir[FULL_MAX];
	full_path(h, process_mount(h), path, dir);
	if (h->v2 && write_value(dir, "cgroup.kill", "1", NULL) == 0) /* Linux 5.14 */
		return;
	walk(dir, kill_in, NULL);
}

bool cgroup_empty(const struct cgroup_host *h, const char *path)
{
	char dir[FULL_MAX];
	size_t bytes = 0;
	full_path(h, process_mount(h), path, dir);
	walk(dir, count_in, &bytes);
	return bytes == 0;
}

/* A group stays busy for a moment after its last process was reaped. */
static void remove_dir(const char *dir, void *ctx)
{
	(void)ctx;
	for (int i = 0; i < REMOVE_TRIES && rmdir(dir) != 0 && errno == EBUSY; i++)
		usleep(REMOVE_WAIT_US);
}

void cgroup_remove(const struct cgroup_host *h, const char *path)
{
	char dir[FULL_MAX];
	for (size_t i = 0; i < h->nmounts; i++) {
		full_path(h, h->mounts[i], path, dir);
		walk(dir, remove_dir, NULL);
	}
}

void cgroup_leave(const struct cgroup_host *h, const char *name)
{
	static const char *const ours[] = { "allinone/shims", "allinone" };
	char dir[FULL_MAX];
	cgroup_remove(h, name);
	for (size_t i = 0; i < COUNT_OF(ours); i++)
		for (size_t m = 0; m < h->nmounts; m++) {
			full_path(h, h->mounts[m], ours[i], dir);
			rmdir(dir); /* we may be in it */
		}
}

void cgroup_join(const struct cgroup_host *h, const char *path, int pid)
{
	char dir[FULL_MAX];
	for (size_t i = 0; i < h->nmounts; i++) {
		if (!h->v2 && !strstr(h->mounts[i], "/systemd") &&
		    !strstr(h->mounts[i], "/unified"))
			continue; /* each move costs milliseconds */
		full_path(h, h->mounts[i], path, dir);
		if (dir_make(dir, 0755, NULL) == 0)
			write_number(dir, "cgroup.procs", pid, NULL);
	}
}

static uint64_t read_number(const char *dir, const char *name)
{
	auto_buf text = { 0 };
	char path[FULL_MAX + 64];
	uint64_t v = 0;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(path, TEXT_MAX, &text, NULL) == 0)
		str_to_u64(str_trim(buf_view(&text)), &v);
	return v;
}

static uint64_t read_field(const char *dir, const char *name, const char *field)
{
	auto_buf text = { 0 };
	char path[FULL_MAX + 64];
	struct str rest, line, key;
	uint64_t v = 0;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(path, TEXT_MAX, &text, NULL) < 0)
		return 0;
	rest = buf_view(&text);
	while (str_next(&rest, '\n', &line))
		if (str_next(&line, ' ', &key) && str_eqz(key, field))
			str_to_u64(str_trim(line), &v);
	return v;
}

static void usage_v2(const char *dir, struct runtime_usage *u, uint64_t *inactive)
{
	u->cpu_us = read_field(dir, "cpu.stat", "usage_usec");
	u->memory_bytes = read_number(dir, "memory.current");
	u->pids = read_number(dir, "pids.current");
	*inactive = read_field(dir, "memory.stat", "inactive_file");
}

static void usage_v1(const struct cgroup_host *h, const char *path, struct runtime_usage *u,
		     uint64_t *inactive)
{
	char dir[FULL_MAX];
	if (h->controller[CGROUP_CPUACCT]) {
		full_path(h, h->controller[CGROUP_CPUACCT], path, dir);
		u->cpu_us = read_number(dir, "cpuacct.usage") / 1000;
	}
	full_path(h, h->controller[CGROUP_MEMORY], path, dir);
	u->memory_bytes = read_number(dir, "memory.usage_in_bytes");
	*inactive = read_field(dir, "memory.stat", "total_inactive_file");
	full_path(h, h->controller[CGROUP_PIDS], path, dir);
	u->pids = read_number(dir, "pids.current");
}

int cgroup_usage(const struct cgroup_host *h, const char *path, struct runtime_usage *out,
		 struct err *err)
{
	struct runtime_usage u = { 0 };
	char dir[FULL_MAX];
	uint64_t inactive = 0;
	full_path(h, process_mount(h), path, dir);
	if (!file_exists(dir))
		return err_set(err, ERR_NOT_FOUND, "cgroup %s not found", path);
	if (h->v2)
		usage_v2(dir, &u, &inactive);
	else
		usage_v1(h, path, &u, &inactive);
	u.working_set_bytes = u.memory_bytes > inactive ? u.memory_bytes - inactive : 0;
	*out = u;
	return 0;
}

void cgroup_oom_file(const struct cgroup_host *h, const char *path, char out[CGROUP_PATH_MAX])
{
	const char *mount = h->v2 ? h->mounts[0] : h->controller[CGROUP_MEMORY];
	snprintf(out, CGROUP_PATH_MAX, "%s%s/%s/%s", mount, h->base, path,
		 h->v2 ? "memory.events" : "memory.oom_control");
}

void cgroup_oci_path(const struct cgroup_host *h, const char *path, char out[CGROUP_PATH_MAX])
{
	snprintf(out, CGROUP_PATH_MAX, "%s/%s", h->base, path);
}
