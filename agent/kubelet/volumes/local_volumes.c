/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/volumes/local_volumes.h"

#include "api/decode.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"

struct local_volumes {
	struct loop *loop;
	struct client *client;
	char *node, *root;
	struct reflector *watch;
	size_t working;
	bool stopped;
};
struct removal {
	struct local_volumes *owner;
	char *path;
	struct err err;
};

static struct str path_of(const volume_struct *v)
{
	return v->spec.host_path ? v->spec.host_path->path
	       : v->spec.local   ? v->spec.local->path
				 : STR("");
}

static bool is_ours(const volume_struct *v, struct str node)
{
	const struct str *by = annotation_get(&v->metadata, ANN_PROVISIONED_BY);
	const struct str *on = annotation_get(&v->metadata, "local.path.provisioner/selected-node");

	return by && str_eqz(*by, LOCAL_VOLUMES_PROVISIONER) && on && str_eq(*on, node);
}

struct str local_volume_to_remove(const volume_struct *v, struct str node, struct str root,
				  bool gone)
{
	struct str name = path_of(v);

	if (!is_ours(v, node) || !str_eqz(v->spec.persistent_volume_reclaim_policy, "Delete") ||
	    (!gone && !str_eqz(v->status.phase, "Released")))
		return STR("");
	if (!str_cut_prefix(&name, root) || !str_cut_prefix(&name, STR("/")) ||
	    str_find(name, '/') < name.n || !str_starts(name, STR("pvc-")))
		return STR("");
	return name;
}

static void free_when_idle(struct local_volumes *l)
{
	if (!l->stopped || l->working)
		return;
	free(l->node);
	free(l->root);
	free(l);
}

static void remove_work(void *ctx)
{
	struct removal *r = ctx;

	dir_remove(r->path, &r->err);
}

static void remove_done(void *ctx)
{
	struct removal *r = ctx;
	struct local_volumes *l = r->owner;

	if (r->err.reason != ERR_NONE)
		log_warn("the directory of a released volume is left", LOG_S("path", r->path),
			 LOG_S("error", err_text(&r->err)));
	err_clear(&r->err);
	free(r->path);
	free(r);
	l->working--;
	free_when_idle(l);
}

static void on_volume(void *ctx, const struct object *old, const struct object *new)
{
	struct local_volumes *l = ctx;
	const struct object *o = new ? new : old;
	auto_arena arena = { 0 };
	volume_struct v = { 0 };
	struct removal *r;
	struct str name;

	if (!str_contains(o->json, STR(LOCAL_VOLUMES_PROVISIONER)) ||
	    object_decode(o, &arena, api_struct_core_v1_persistent_volume, &v, NULL) < 0)
		return;
	name = local_volume_to_remove(&v, str_from(l->node), str_from(l->root), !new);
	if (!name.n)
		return;
	r = NEW(struct removal);
	r->owner = l;
	r->path = str_printf("%s/%.*s", l->root, STR_ARG(name));
	l->working++;
	loop_work(l->loop, remove_work, remove_done, r);
}

struct local_volumes *local_volumes_start(struct client *c, const char *node, const char *root)
{
	struct local_volumes *l = NEW(struct local_volumes);
	const struct watch_handler h = { .resource = API_CORE_V1_PERSISTENTVOLUMES,
					 .on_change = on_volume,
					 .ctx = l };

	l->loop = c->loop;
	l->client = c;
	l->node = str_dup(str_from(node));
	l->root = str_dup(str_from(root));
	l->watch = client_watch(c, &h);
	return l;
}

void local_volumes_stop(struct local_volumes *l)
{
	if (!l)
		return;
	client_unwatch(l->client, l->watch);
	l->stopped = true;
	free_when_idle(l);
}
