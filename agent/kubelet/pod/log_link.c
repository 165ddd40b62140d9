/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/log_link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#define SUFFIX ".log"

static char *link_path(const char *dir, const struct log_link *l)
{
	const int max = NAME_MAX - (int)strlen(SUFFIX);
	auto_free char *name = str_printf("%s_%s_%s-%s", l->pod, l->ns, l->container, l->id);
	return str_printf("%s/%.*s" SUFFIX, dir, max, name);
}

static bool leads_to(int dir, const char *name, struct str logs)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));
	return n > 0 && str_starts(str_of(target, (size_t)n), logs);
}

int log_link_make(const char *dir, const struct log_link *l, const char *log, struct err *err)
{
	auto_free char *path = link_path(dir, l);
	if (access(log, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (symlink(log, path) == 0)
		return 0;
	int r = 0;
	if (errno == ENOENT)
		r = dir_make(dir, 0755, err);
	else if (errno == EEXIST)
		unlink(path);
	if (r < 0)
		return r;
	return symlink(log, path) < 0 ? err_sys(err, "make %s", path) : 0;
}

void log_links_remove(const char *dir, const char *logs)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));)
		if (leads_to(dirfd(d), e->d_name, str_from(logs)))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}
