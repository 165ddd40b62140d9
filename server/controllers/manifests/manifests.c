/* SPDX-License-Identifier: Apache-2.0 */
/* Applies the manifests of a directory: at start, and when a file changes; deletes what a file had made when the file is removed, and
 * what has vanished from it (manifest_run.h). It writes as an administrator, as field manager "deploy". The cluster remembers what
 * comes from which file (manifest_record.h). Key: the file's path below the directory.
 *
 * A file with "NAME.skip" beside it is left alone: neither applied nor removed. What failed is tried again after back-off, and
 * when a definition of custom resources or a Namespace has come. */
#include <sys/stat.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/events.h"
#include "server/controllers/controller.h"
#include "server/controllers/manifests/manifest_dir.h"
#include "server/controllers/manifests/manifest_run.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 15000
#define WORKERS        3

struct manifests { /* lives until the last file that is read and the last run have come back */
	struct controller *controller; /* NULL: stopped */
	int refs;
	struct manifest_dir *dir;
	struct event_recorder *recorder;
	struct map applied; /* path → checksum, of this process */
	struct map failed;  /* path → itself */
};
struct reading {
	struct manifests *manifests;
	char *key, *path;
	bool skip;
	struct buf text;
	struct manifest_set set;
	struct err err;
	int result;
};

static void read_file(void *ctx) /* worker thread */
{
	struct reading *f = ctx;
	auto_free char *mark = str_printf("%s.skip", f->path);

	f->skip = file_exists(mark);
	if (f->skip)
		return;
	f->result = file_read(f->path, MANIFEST_FILE_MAX, &f->text, &f->err);
	if (f->result == 0)
		f->result = manifest_set_parse(buf_view(&f->text), &f->set, &f->err);
}

static void free_reading(struct reading *f)
{
	manifest_set_free(&f->set);
	buf_free(&f->text);
	err_clear(&f->err);
	free(f->key);
	free(f->path);
	free(f);
}

static void remember(struct map *m, struct str key, char *take)
{
	free(map_put(m, key, take));
}

static void drop(struct manifests *m)
{
	if (--m->refs)
		return;
	map_free(&m->applied, free);
	map_free(&m->failed, free);
	free(m);
}

static void tell(struct controller *c, const struct manifest_run *r)
{
	struct manifests *m = c->state;
	auto_free char *path = str_printf("%s/%s", c->config->manifests_dir, r->source);

	if (r->failure)
		log_warn("manifest failed", LOG_S("path", path), LOG_S("error", r->failure));
	else
		log_info(r->gone ? "manifest removed" : "manifest applied", LOG_S("path", path),
			 LOG_I("objects", (int64_t)(r->gone ? r->old.n : r->wanted.n)));
	if (!r->record)
		return;
	if (r->failure)
		event_record(m->recorder, r->record, EVENT_WARNING,
			     r->gone ? "DeleteManifestFailed" : "ApplyManifestFailed", NULL,
			     r->gone ? "Deleting manifest at \"%s\" failed: %s"
				     : "Applying manifest at \"%s\" failed: %s",
			     path, r->failure);
	else
		event_record(m->recorder, r->record, EVENT_NORMAL,
			     r->gone ? "DeletedManifest" : "AppliedManifest", NULL,
			     r->gone ? "Deleted manifest at \"%s\"" : "Applied manifest at \"%s\"",
			     path);
}

static void note(struct manifests *m, const struct manifest_run *r)
{
	struct str key = str_from(r->source);

	free(map_del(&m->failed, key));
	free(map_del(&m->applied, key));
	if (r->failure)
		remember(&m->failed, key, str_dup(key));
	else if (!r->gone)
		remember(&m->applied, key, str_dup(str_from(r->checksum)));
}

static void ended(void *ctx, struct manifest_run *r)
{
	struct manifests *m = ctx;

	if (m->controller) {
		tell(m->controller, r);
		note(m, r);
		controller_done(m->controller, str_from(r->source), r->failure && !r->broken);
	}
	drop(m);
}

static const struct object *record_of(struct controller *c, struct str key)
{
	auto_buf name = { 0 };

	manifest_record_name(key, &name);
	return informer_get(controller_informer(c, API_CORE_V1_CONFIGMAPS), STR(MANIFEST_RECORD_NS),
			    buf_view(&name));
}

struct search {
	const struct manifest_run *run;
	const struct manifest *m;
	bool found;
};

static bool look_for(void *ctx, const struct object *o)
{
	struct search *s = ctx;
	struct manifest_record r;

	if (!manifest_record_is(o) || manifest_record_read(o, &r, NULL) < 0)
		return true;
	s->found = !str_eqz(r.source, s->run->source) && manifest_record_has(&r, s->m);
	manifest_record_free(&r);
	return !s->found;
}

/* It has moved to another file, or stands in both. */
static bool kept(void *ctx, const struct manifest_run *r, const struct manifest *what)
{
	const struct manifests *m = ctx;
	struct search s = { r, what, false };

	if (m->controller)
		informer_each(controller_informer(m->controller, API_CORE_V1_CONFIGMAPS),
			      STR(MANIFEST_RECORD_NS), look_for, &s);
	return s.found || !m->controller;
}

static void carry_out(struct controller *c, struct reading *f, const struct object *record)
{
	struct manifests *m = c->state;
	struct manifest_run *r = NEW(struct manifest_run);

	*r = (struct manifest_run){ .client = c->config->administrator,
				    .source = str_dup(str_from(f->key)),
				    .gone = f->result == -ERR_NOT_FOUND,
				    .wanted = f->set,
				    .found = record ? object_ref(record) : NULL,
				    .kept = kept,
				    .done = ended,
				    .ctx = m };
	m->refs++;
	f->set = (struct manifest_set){ 0 };
	r->broken = f->result < 0 && !r->gone;
	if (r->broken)
		r->failure = str_dup(str_from(err_text(&f->err)));
	sha256_hex(f->text.p, f->text.n, r->checksum);
	manifest_run_start(r);
}

static void judge(struct controller *c, struct reading *f)
{
	struct manifests *m = c->state;
	struct str key = str_from(f->key);
	const struct object *record = record_of(c, key);
	const char *applied = map_get(&m->applied, key);
	char checksum[2 * SHA256_SIZE + 1];

	sha256_hex(f->text.p, f->text.n, checksum);
	if (f->skip || (f->result == -ERR_NOT_FOUND && !record) ||
	    (f->result == 0 && applied && !strcmp(applied, checksum)))
		controller_done(c, key, false);
	else
		carry_out(c, f, record);
}

static void file_is_read(void *ctx)
{
	struct reading *f = ctx;

	if (f->manifests->controller)
		judge(f->manifests->controller, f);
	drop(f->manifests);
	free_reading(f);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct manifests *m = c->state;
	struct reading *f = NEW(struct reading);

	m->refs++;
	f->manifests = m;
	f->key = str_dup(key);
	f->path = str_printf("%s/%s", c->config->manifests_dir, f->key);
	loop_work(c->config->client->loop, read_file, file_is_read, f);
}

static void on_file(void *ctx, struct str path)
{
	struct controller *c = ctx;

	work_queue_add(c->queue, path);
}

static bool look_at_record(void *ctx, const struct object *o)
{
	struct controller *c = ctx;
	struct manifest_record r;

	if (!manifest_record_is(o) || manifest_record_read(o, &r, NULL) < 0)
		return true;
	work_queue_add(c->queue, r.source);
	manifest_record_free(&r);
	return true;
}

/* The records are known: files that are gone since are found by them. */
static void on_synced(void *ctx)
{
	struct controller *c = ctx;
	struct manifests *m = c->state;

	if (m->dir)
		return;
	informer_each(controller_informer(c, API_CORE_V1_CONFIGMAPS), STR(MANIFEST_RECORD_NS),
		      look_at_record, c);
	m->dir = manifest_dir_new(c->config->client->loop, c->config->manifests_dir, on_file, c);
}

/* What a manifest may have waited for. */
static void on_ground(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct manifests *m = c->state;
	size_t at = 0;

	if (new && !(old && new->deleting))
		for (struct map_entry *e; (e = map_next(&m->failed, &at));)
			work_queue_add(c->queue, e->key);
}

static int start(struct controller *c, struct err *err)
{
	const struct work_queue_config queue = { .loop = c->config->client->loop,
						 .name = c->queue_name,
						 .workers = WORKERS,
						 .work = work,
						 .ctx = c,
						 .backoff_min_ms = BACKOFF_MIN_MS,
						 .backoff_max_ms = BACKOFF_MAX_MS };
	struct manifests *m = NEW(struct manifests);

	*m = (struct manifests){ .controller = c, .refs = 1 };
	c->state = m;
	if (!c->config->manifests_dir)
		return 0;
	int r = dir_make(c->config->manifests_dir, 0700, err);
	if (r < 0)
		return r;
	c->queue = work_queue_new(&queue);
	m->recorder = event_recorder_new(c->config->administrator, clock_real(), c->component);
	informer_hook_add(controller_informer(c, API_CORE_V1_CONFIGMAPS), NULL, on_synced, c);
	informer_hook_add(controller_informer(c, API_APIEXTENSIONS_V1_CUSTOMRESOURCEDEFINITIONS),
			  on_ground, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_NAMESPACES), on_ground, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct manifests *m = c->state;

	manifest_dir_free(m->dir);
	event_recorder_free(m->recorder);
	m->controller = NULL;
	drop(m);
}

const struct controller_row controller_manifests = {
	.name = "manifest-controller", .start = start, .stop = stop, .component = "deploy"
};
