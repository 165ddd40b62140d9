/* SPDX-License-Identifier: Apache-2.0 */
/* Which hierarchies this host has, and where in them our pods go.
 *
 *   the machine's own root is visible, on systemd or not    /kubepods, beside system.slice, as the kubelet does it
 *   cgroup namespace of a container                         /kubepods at its root; processes found there go to /allinone
 *   the machine's root, but pid 1 shares our cgroup         we are a container without a cgroup namespace: below our own */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "agent/runtime/cgroup.h"
#include "base/file.h"
#include "base/mem.h"

#define ROOT     "/sys/fs/cgroup"
#define LEAF     "allinone"
#define TEXT_MAX (1024 * 1024)

static const char *const controller_names[CGROUP_CONTROLLERS] = { "cpu", "memory", "pids",
								  "cpuacct" };
static const char *const wanted_v2[] = { "cpu", "memory", "pids", "cpuset", "io", "hugetlb" };

static bool has_word(struct str list, char sep, const char *word)
{
	struct str item;
	while (str_next(&list, sep, &item))
		if (str_eqz(item, word))
			return true;
	return false;
}

static bool is_cgroup(struct str type, struct str source_options[2], struct str rest)
{
	struct str source;
	str_next(&rest, ' ', &source);
	source_options[0] = source;
	source_options[1] = rest;
	return str_eqz(type, "cgroup") || str_eqz(type, "cgroup2");
}

static void add_v1(struct cgroup_host *h, struct str point, struct str options)
{
	if (h->nmounts == CGROUP_MOUNTS_MAX || point.n >= sizeof(h->mounts[0]))
		return;
	char *mount = h->mounts[h->nmounts++];
	memcpy(mount, point.p, point.n);
	mount[point.n] = '\0';
	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		if (has_word(options, ',', controller_names[i]))
			h->controller[i] = mount;
}

/* One line of mountinfo: ID PARENT MAJ:MIN ROOT POINT OPTIONS FIELDS... - TYPE SOURCE SUPEROPTIONS */
static void add_mount(struct cgroup_host *h, struct str line, bool *v2_at_root)
{
	struct str word, point = { 0 }, type, so[2];
	for (int i = 0; i < 5; i++)
		if (!str_next(&line, ' ', &point))
			return;
	while (str_next(&line, ' ', &word) && !str_eqz(word, "-"))
		;
	if (!str_next(&line, ' ', &type) || !is_cgroup(type, so, line) ||
	    !str_starts(point, STR(ROOT)))
		return;
	if (str_eqz(type, "cgroup"))
		add_v1(h, point, so[1]);
	else if (str_eqz(point, ROOT))
		*v2_at_root = true;
	else
		add_v1(h, point, STR("")); /* hybrid: pods have a group in it, too */
}

static int read_mounts(struct cgroup_host *h, struct err *err)
{
	auto_buf text = { 0 };
	bool v2_at_root = false;
	int r = file_read("/proc/self/mountinfo", TEXT_MAX, &text, err);
	if (r < 0)
		return r;
	struct str rest = buf_view(&text), line;
	while (str_next(&rest, '\n', &line))
		add_mount(h, line, &v2_at_root);
	if (!h->controller[CGROUP_MEMORY] && !h->controller[CGROUP_CPU] && v2_at_root) {
		h->v2 = true;
		h->nmounts = 1;
		snprintf(h->mounts[0], sizeof(h->mounts[0]), "%s", ROOT);
	}
	return 0;
}

static bool read_small(const char *dir, const char *name, struct buf *out)
{
	char path[CGROUP_PATH_MAX * 2];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	buf_reset(out);
	return file_read(path, TEXT_MAX, out, NULL) == 0;
}

static int write_small(const char *dir, const char *name, const char *text)
{
	char path[CGROUP_PATH_MAX * 2];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

/* The v2 path of a process: the line "0::/path". */
static bool own_path(const char *proc_file, char out[CGROUP_BASE_MAX])
{
	auto_buf text = { 0 };
	if (file_read(proc_file, TEXT_MAX, &text, NULL) < 0)
		return false;
	struct str rest = buf_view(&text), line;
	while (str_next(&rest, '\n', &line)) {
		if (!str_cut_prefix(&line, STR("0::")) || line.n >= CGROUP_BASE_MAX)
			continue;
		memcpy(out, line.p, line.n);
		out[line.n] = '\0';
		return true;
	}
	return false;
}

static void choose_base(struct cgroup_host *h)
{
	char own[CGROUP_BASE_MAX], first[CGROUP_BASE_MAX];
	bool true_root = !file_exists(ROOT "/cgroup.type"); /* only the machine's root lacks it */
	if (!true_root || getpid() == 1 || !own_path("/proc/self/cgroup", own) ||
	    !own_path("/proc/1/cgroup", first))
		return;
	if (strcmp(own, first) == 0 && strcmp(own, "/") != 0)
		snprintf(h->base, sizeof(h->base), "%s", own);
}

/* Processes may not sit in a group that hands controllers down, except in the machine's root. */
static int empty_into_leaf(const char *dir, struct err *err)
{
	auto_buf pids = { 0 };
	char leaf[CGROUP_PATH_MAX + 32], pid[24];
	snprintf(leaf, sizeof(leaf), "%s/" LEAF, dir);
	for (int round = 0; round < 10; round++) {
		struct str rest, line;
		if (!read_small(dir, "cgroup.procs", &pids) || pids.n == 0)
			return 0;
		if (mkdir(leaf, 0755) != 0 && errno != EEXIST)
			return err_sys(err, "make cgroup %s", leaf);
		rest = buf_view(&pids);
		while (str_next(&rest, '\n', &line) && line.n && line.n < sizeof(pid)) {
			memcpy(pid, line.p, line.n);
			pid[line.n] = '\0';
			write_small(leaf, "cgroup.procs", pid);
		}
	}
	return err_set(err, ERR_UNAVAILABLE, "processes keep appearing in cgroup %s", dir);
}

static int missing(struct err *err, const char *controller)
{
	if (strcmp(controller, "memory") == 0)
		return err_set(
			err, ERR_UNAVAILABLE,
			"the kernel's memory cgroup controller is off: on a Raspberry Pi add "
			"\"cgroup_memory=1 cgroup_enable=memory\" to the line in "
			"/boot/firmware/cmdline.txt "
			"and reboot; elsewhere check the boot parameter cgroup_disable");
	return err_set(err, ERR_UNAVAILABLE,
		       "cgroup controller %s is missing: check the kernel's boot parameters, or "
		       "the delegation "
		       "(Delegate=yes, --privileged) when this is a service or a container",
		       controller);
}

static int enable(const char *dir, struct err *err)
{
	auto_buf have = { 0 };
	char setting[32];
	read_small(dir, "cgroup.controllers", &have);
	for (size_t i = 0; i < COUNT_OF(wanted_v2); i++) {
		bool needed = i < CGROUP_CPUACCT;
		bool there = has_word(str_trim(buf_view(&have)), ' ', wanted_v2[i]);
		if (!there && needed)
			return missing(err, wanted_v2[i]);
		snprintf(setting, sizeof(setting), "+%s", wanted_v2[i]);
		int r = there ? write_small(dir, "cgroup.subtree_control", setting) : 0;
		if (r < 0 && needed) {
			errno = -r;
			return err_sys(err, "hand cgroup controller %s down in %s", wanted_v2[i],
				       dir);
		}
	}
	return 0;
}

static int prepare_v2(struct cgroup_host *h, const char *name, struct err *err)
{
	char dir[CGROUP_PATH_MAX];
	choose_base(h);
	snprintf(dir, sizeof(dir), "%s%s", ROOT, h->base);
	if (file_exists(ROOT "/cgroup.type") || h->base[0]) {
		int r = empty_into_leaf(dir, err);
		if (r < 0)
			return r;
	}
	int r = enable(dir, err);
	if (r < 0)
		return r;
	snprintf(dir, sizeof(dir), "%s%s/%s", ROOT, h->base, name);
	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return err_sys(err, "make cgroup %s", dir);
	return enable(dir, err);
}

static int check_v1(struct cgroup_host *h, struct err *err)
{
	auto_buf text = { 0 };
	for (int i = 0; i < CGROUP_CPUACCT; i++)
		if (!h->controller[i])
			return missing(err, controller_names[i]);
	if (access(h->controller[CGROUP_MEMORY], W_OK) != 0)
		return err_sys(err, "cgroups at %s can't be changed", h->controller[CGROUP_MEMORY]);
	h->hide_unified = read_small(ROOT "/unified", "cgroup.controllers", &text) &&
			  str_trim(buf_view(&text)).n > 0;
	return 0;
}

static void find_swap(struct cgroup_host *h, const char *name)
{
	char path[CGROUP_PATH_MAX * 2];
	if (h->v2)
		snprintf(path, sizeof(path), ROOT "%s/%s/memory.swap.max", h->base, name);
	else
		snprintf(path, sizeof(path), "%s/memory.memsw.limit_in_bytes",
			 h->controller[CGROUP_MEMORY]);
	h->swap = file_exists(path);
}

int cgroup_open(const char *name, struct cgroup_host *out, struct err *err)
{
	struct cgroup_host h = { 0 };
	int r = read_mounts(&h, err);
	if (r < 0)
		return r;
	if (h.nmounts == 0)
		return err_set(err, ERR_UNAVAILABLE, "no cgroups are mounted on " ROOT);
	r = h.v2 ? prepare_v2(&h, name, err) : check_v1(&h, err);
	if (r < 0)
		return r;
	find_swap(&h, name);
	*out = h;
	for (int i = 0; i < CGROUP_CONTROLLERS; i++) /* from the local's rows to the copy's */
		if (h.controller[i])
			out->controller[i] = out->mounts[(size_t)(h.controller[i] - h.mounts[0]) /
							 sizeof(h.mounts[0])];
	return 0;
}
