/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/serve/log_rotate.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/kubelet/pod/pod.h"
#include "base/log.h"
#include "base/mem.h"

#define SIZE_MAX_BYTES (10 << 20)
#define RENAMED_MAX    4
#define NAMES_MAX      256

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)b,
		      *(char *const *)a); /* the stamp at the end sorts: newest first */
}

void log_drop_old(const char *path, size_t keep)
{
	char *names[NAMES_MAX];
	size_t n = 0, slash = str_rfind(str_from(path), '/');
	auto_free char *dir = str_dup(str_of(path, slash));
	auto_free char *prefix = str_printf("%s.", path + slash + 1);
	DIR *d = opendir(dir);
	for (struct dirent *e; d && n < NAMES_MAX && (e = readdir(d));)
		if (str_starts(str_from(e->d_name), str_from(prefix)))
			names[n++] = str_printf("%s/%s", dir, e->d_name);
	if (d)
		closedir(d);
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		if (i >= keep)
			unlink(names[i]);
		free(names[i]);
	}
}

static void reopened(void *ctx, const struct err *err)
{
	(void)ctx;
	if (err)
		log_warn("a rotated log goes on in the old file", LOG_S("error", err_text(err)));
}

static void rotate(struct kubelet *k, const struct container_status *s)
{
	struct tm tm;
	char stamp[32];
	time_t now = (time_t)clock_wall_s(k->clock);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	auto_free char *renamed = str_printf("%s.%s", s->log_path, stamp);
	if (rename(s->log_path, renamed) < 0) {
		log_warn("a log cannot be rotated", LOG_S("file", s->log_path));
		return;
	}
	runtime_container_reopen_log(k->runtime, s->id, reopened, NULL);
	log_drop_old(s->log_path, RENAMED_MAX);
}

static void look(struct kubelet *k, const struct pod_container *c)
{
	struct container_status s;
	struct stat st;
	if (c->life != LIFE_RUNNING || !runtime_container_status(k->runtime, c->id, &s) ||
	    !s.log_path)
		return;
	if (stat(s.log_path, &st) == 0 && st.st_size > SIZE_MAX_BYTES)
		rotate(k, &s);
}

void logs_rotate(struct kubelet *k)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		const struct pod *p = e->value;
		for (size_t i = 0; i < p->ncontainers; i++)
			look(k, p->containers[i]);
	}
}
