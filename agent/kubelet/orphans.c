/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/orphans.h"

#include <dirent.h>
#include <string.h>

#include "agent/kubelet/pod/log_link.h"
#include "agent/kubelet/pod/pod.h"
#include "agent/runtime/image_volume.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define LOGS "/var/log/pods" /* NS_NAME_UID below it */

struct orphan {
	struct kubelet *k;
	char *uid, *data, *run;
};

/* Also pods may write into LOGS (hostPath): nothing that leads elsewhere is a uid. */
static const char *uid_of_directory(const char *name)
{
	return !name[0] || name[0] == '.' ? NULL : name;
}

static const char *uid_of_logs(const char *name)
{
	const char *last = strrchr(name, '_');
	return last ? uid_of_directory(last + 1) : NULL;
}

static void remove_logs(const char *uid)
{
	DIR *d = opendir(LOGS);
	for (struct dirent *e; d && (e = readdir(d));) {
		const char *of = uid_of_logs(e->d_name);
		if (!of || strcmp(of, uid) != 0)
			continue;
		auto_free char *path = str_printf(LOGS "/%s", e->d_name);
		auto_free char *below = str_printf("%s/", path);
		log_links_remove(LOG_LINKS, below);
		dir_remove(path, NULL);
	}
	if (d)
		closedir(d);
}

static void orphan_work(void *ctx)
{
	struct orphan *o = ctx;
	struct pod_dirs dirs = { o->data, o->run };
	auto_err err = { 0 };
	network_pod_remove(o->k->network, o->uid, NULL);
	if (pod_dirs_remove(&dirs, &err) < 0)
		log_warn("directories of a former pod are left", LOG_S("pod", o->uid),
			 LOG_S("error", err_text(&err)));
	image_volumes_release(o->k->images, o->uid);
	remove_logs(o->uid);
}

static void orphan_done(void *ctx)
{
	struct orphan *o = ctx;
	free(o->uid);
	free(o->data);
	free(o->run);
	free(o);
}

static struct orphan *orphan_new(struct kubelet *k, const char *uid)
{
	struct orphan *o = NEW(struct orphan);
	o->k = k;
	o->uid = str_dup(str_from(uid));
	o->data = str_printf("%s/agent/kubelet/pods/%s", k->config.data_dir, uid);
	o->run = str_printf("%s/kubelet/pods/%s", k->config.run_dir, uid);
	return o;
}

static void orphan_sandbox_gone(void *ctx, const struct err *err)
{
	struct orphan *o = ctx;
	(void)err;
	loop_work(o->k->loop, orphan_work, orphan_done, o);
}

static void remove_all_in(struct kubelet *k, const char *dir, const char *(*uid_of)(const char *))
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		const char *uid = uid_of(e->d_name);
		if (uid && !pod_by_uid(k, uid) && !map_get(&k->restored, str_from(uid)))
			loop_work(k->loop, orphan_work, orphan_done, orphan_new(k, uid));
	}
	if (d)
		closedir(d);
}

void orphans_remove(struct kubelet *k)
{
	auto_free char *dirs = str_printf("%s/agent/kubelet/pods", k->config.data_dir);
	size_t at = 0;
	remove_all_in(k, dirs, uid_of_directory);
	remove_all_in(k, LOGS, uid_of_logs);
	for (struct map_entry *e; (e = map_next(&k->restored, &at));)
		runtime_sandbox_remove(k->runtime, e->key.p, orphan_sandbox_gone,
				       orphan_new(k, e->key.p));
	map_free(&k->restored, NULL);
	k->restored = (struct map){ 0 };
}
