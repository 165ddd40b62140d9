/* SPDX-License-Identifier: Apache-2.0 */
/* image_pull(): a thread per pull (they wait for networks: the pool is for short work), at most PULLS_MAX at a time, and in each a
 * few threads that download and unpack layers. Who asks for the same reference with the same credentials meanwhile shares it. */
#include <stdio.h>
#include <unistd.h>

#include "agent/runtime/image_load.h"
#include "agent/runtime/layer_add.h"
#include "agent/runtime/reference.h"
#include "agent/runtime/registry.h"
#include "base/file.h"
#include "base/mem.h"

#define PULLS_MAX   4
#define WORKERS_MAX 3
#define STACK_BYTES (512 * 1024)

struct waiter {
	struct list link;
	struct loop *loop;
	image_progress progress;
	image_pulled done;
	void *ctx;
	struct image *image; /* the result, on its way home */
	struct err err;
};

struct pull {
	struct list link; /* in the store's pulls */
	struct image_store *store;
	struct image_ref ref;
	char name[REFERENCE_TEXT];
	char *username, *password, *token;
	bool started;
	struct list waiters; /* under the store's mutex, like the list */
	/* while it runs */
	struct registry *registry;
	struct manifest manifest;
	struct image_config config;
	atomic_bool cancel;
	atomic_size_t next_layer;
	pthread_mutex_t mutex;
	struct err err; /* the first */
	int64_t done, total;
};

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static void on_bytes(void *ctx, int64_t n)
{
	struct pull *p = ctx;
	pthread_mutex_lock(&p->mutex);
	int64_t done = p->done += n, total = p->total;
	pthread_mutex_unlock(&p->mutex);
	pthread_mutex_lock(&p->store->mutex);
	LIST_EACH(&p->waiters, it)
	{
		struct waiter *w = LIST_ITEM(it, struct waiter, link);
		if (w->progress)
			w->progress(w->ctx, p->name, done, total);
	}
	pthread_mutex_unlock(&p->store->mutex);
}

/* Layers. */

static int pull_layer(struct pull *p, struct transfer *t, size_t i, struct err *err)
{
	const struct descriptor *d = &p->manifest.layers[i];
	const char *diff_id = p->config.diff_ids[i];
	if (store_has_layer(p->store, digest_hex(diff_id))) {
		on_bytes(p, d->size_bytes);
		return 0;
	}
	auto_free char *path = store_path(p->store, "partial", digest_hex(d->digest));
	auto_fd int fd = -1;
	int r = registry_download(t, d, path, &fd, err);
	if (r < 0)
		return r;
	struct layer_source from = { { fd, 0, d->size_bytes }, d->digest, diff_id, NULL, NULL };
	r = layer_add(p->store, &from, err);
	unlink(path);
	return r;
}

static void fail(struct pull *p, struct err *err)
{
	pthread_mutex_lock(&p->mutex);
	if (!p->err.reason)
		err_move(&p->err, err);
	pthread_mutex_unlock(&p->mutex);
	atomic_store(&p->cancel, true);
}

static void *work_layers(void *ctx)
{
	struct pull *p = ctx;
	struct transfer *t = transfer_new(p->registry, &p->cancel, on_bytes, p);
	for (;;) {
		size_t i = atomic_fetch_add(&p->next_layer, 1);
		auto_err err = { 0 };
		if (i >= p->manifest.nlayers || atomic_load(&p->cancel))
			break;
		if (pull_layer(p, t, i, &err) < 0)
			fail(p, &err);
	}
	transfer_free(t);
	return NULL;
}

static int start_thread(pthread_t *out, void *(*fn)(void *), void *ctx, bool detached)
{
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (detached)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int r = pthread_create(out, &attr, fn, ctx);
	pthread_attr_destroy(&attr);
	return r;
}

static int pull_layers(struct pull *p, struct err *err)
{
	pthread_t threads[WORKERS_MAX];
	size_t n = 0, want = p->manifest.nlayers < WORKERS_MAX ? p->manifest.nlayers : WORKERS_MAX;
	while (n + 1 < want && start_thread(&threads[n], work_layers, p, false) == 0)
		n++;
	work_layers(p);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	if (!p->err.reason)
		return 0;
	int r = -(int)p->err.reason;
	err_move(err, &p->err);
	return r;
}

/* The whole. */

static int fetch_config(struct pull *p, struct transfer *t, struct buf *out, struct err *err)
{
	const char *hex = digest_hex(p->manifest.config.digest);
	if (store_read_blob(p->store, hex, out, NULL) == 0)
		return 0;
	buf_reset(out);
	return registry_blob(t, &p->manifest.config, BLOB_MAX, out, err);
}

/* Down to the manifest for this machine; target is what the reference itself means. */
static int resolve(struct pull *p, struct transfer *t, struct buf *text, struct name_target *out,
		   struct err *err)
{
	char *media_type = NULL;
	struct descriptor d = { .digest = "" };
	const char *wanted = p->ref.digest[0] ? p->ref.digest : p->ref.tag;
	int r = registry_manifest(t, wanted, text, &media_type, out->target, err);
	if (r < 0) {
		if (r == -ERR_NOT_FOUND)
			err_wrap(err, r, "%s", p->name);
		return err_wrap(err, r, "failed to resolve reference \"%s\"", p->name);
	}
	memcpy(out->manifest, out->target, sizeof(out->manifest));
	bool index = document_is_index(buf_view(text), str_from(media_type));
	free(TAKE(media_type));
	if (!index)
		return 0;
	r = index_pick(buf_view(text), &d, err);
	if (r == 0) {
		buf_reset(text);
		r = registry_manifest(t, d.digest, text, &media_type, out->manifest, err);
		free(media_type);
	}
	descriptor_free(&d);
	return r;
}

static int commit(struct pull *p, const struct buf *manifest, const struct buf *config,
		  const struct name_target *t, struct err *err)
{
	auto_free char *text = str_printf("%s %s\n", t->manifest, t->target);
	int r = store_add_blob(p->store, digest_hex(p->manifest.config.digest), buf_view(config),
			       err);
	if (r == 0)
		r = store_add_blob(p->store, digest_hex(t->manifest), buf_view(manifest), err);
	if (r == 0)
		r = store_sync(p->store, err);
	return r == 0 ? store_set_name(p->store, p->name, text, err) : r;
}

static int pull_all(struct pull *p, struct transfer *t, struct err *err)
{
	auto_buf manifest = { 0 };
	auto_buf config = { 0 };
	struct name_target target;
	int r = resolve(p, t, &manifest, &target, err);
	if (r == 0)
		r = manifest_parse(buf_view(&manifest), &p->manifest, err);
	if (r == 0)
		r = fetch_config(p, t, &config, err);
	if (r == 0)
		r = image_config_parse(buf_view(&config), &p->config, err);
	if (r == 0 && p->config.ndiff_ids != p->manifest.nlayers)
		r = err_set(err, ERR_INVALID, "manifest has %zu layers, its config speaks of %zu",
			    p->manifest.nlayers, p->config.ndiff_ids);
	for (size_t i = 0; r == 0 && i < p->manifest.nlayers; i++)
		p->total += p->manifest.layers[i].size_bytes;
	if (r == 0)
		r = pull_layers(p, err);
	return r == 0 ? commit(p, &manifest, &config, &target, err) : r;
}

static void pull_run(struct pull *p)
{
	auto_fd int lock = -1;
	struct image_auth auth = { p->username, p->password, p->token };
	struct err *err = &p->err;
	auto_err failed = { 0 };
	int r = store_lock(p->store, false, &lock, &failed);
	if (r == 0)
		r = registry_new(&(struct registries_config){ p->store->registries,
							      p->store->mirrors_only },
				 &p->ref, &auth, &p->registry, &failed);
	if (r == 0) {
		struct transfer *t = transfer_new(p->registry, &p->cancel, NULL, NULL);
		r = pull_all(p, t, &failed);
		transfer_free(t);
	}
	registry_free(p->registry);
	manifest_free(&p->manifest);
	image_config_free(&p->config);
	if (r < 0) {
		err_move(err, &failed);
		err_wrap(err, r, "failed to pull and unpack image \"%s\"", p->name);
	}
}

static void deliver(void *ctx)
{
	struct waiter *w = ctx;
	w->done(w->ctx, w->image, w->err.reason ? &w->err : NULL);
	err_clear(&w->err);
	free(w);
}

static void pull_free(struct pull *p)
{
	pthread_mutex_destroy(&p->mutex);
	err_clear(&p->err);
	free(p->username);
	free(p->password);
	free(p->token);
	free(p);
}

static void start_waiting(struct image_store *s);

static void *pull_thread(void *ctx)
{
	struct pull *p = ctx;
	struct image_store *s = p->store;
	pull_run(p);
	pthread_mutex_lock(&s->mutex);
	list_del(&p->link);
	pthread_mutex_unlock(&s->mutex); /* from here on nobody else sees p */
	while (!list_empty(&p->waiters)) {
		struct waiter *w = LIST_ITEM(p->waiters.next, struct waiter, link);
		list_del(&w->link);
		if (p->err.reason)
			err_copy(&w->err, &p->err);
		else
			image_find(s, p->name, &w->image, &w->err);
		loop_call(w->loop, deliver, w);
	}
	pull_free(p);
	pthread_mutex_lock(&s->mutex);
	s->running--;
	start_waiting(s);
	if (s->running == 0)
		pthread_cond_broadcast(&s->idle); /* image_store_free() may take the store away */
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

/* Under the mutex. */
static void start_waiting(struct image_store *s)
{
	LIST_EACH(&s->pulls, it)
	{
		struct pull *p = LIST_ITEM(it, struct pull, link);
		pthread_t thread;
		if (p->started || s->running >= PULLS_MAX)
			continue;
		if (start_thread(&thread, pull_thread, p, true) != 0)
			return; /* tried again when another one ends */
		p->started = true;
		s->running++;
	}
}

static char *copy(const char *text)
{
	return text && *text ? str_dup(str_from(text)) : NULL;
}

static struct pull *find_pull(struct image_store *s, const char *name, const struct image_auth *a)
{
	LIST_EACH(&s->pulls, it)
	{
		struct pull *p = LIST_ITEM(it, struct pull, link);
		if (strcmp(p->name, name) == 0 && same_text(p->username, a->username) &&
		    same_text(p->password, a->password) && same_text(p->token, a->token))
			return p;
	}
	return NULL;
}

static struct pull *new_pull(struct image_store *s, const struct image_ref *ref, const char *name,
			     const struct image_auth *a)
{
	struct pull *p = NEW(struct pull);
	p->store = s;
	p->ref = *ref;
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->username = copy(a->username);
	p->password = copy(a->password);
	p->token = copy(a->token);
	pthread_mutex_init(&p->mutex, NULL);
	list_init(&p->waiters);
	list_add_tail(&s->pulls, &p->link);
	return p;
}

void image_pull(struct image_store *s, struct loop *l, const char *reference,
		const struct image_auth *auth, image_progress progress, image_pulled done,
		void *ctx)
{
	static const struct image_auth anonymous = { NULL, NULL, NULL };
	struct waiter *w = NEW(struct waiter);
	struct image_ref ref;
	char name[REFERENCE_TEXT];
	w->loop = l;
	w->progress = progress;
	w->done = done;
	w->ctx = ctx;
	if (image_ref_parse(reference, &ref, &w->err) < 0) {
		loop_call(l, deliver, w);
		return;
	}
	image_ref_text(&ref, name);
	auth = auth ? auth : &anonymous;
	pthread_mutex_lock(&s->mutex);
	struct pull *p = find_pull(s, name, auth);
	if (!p)
		p = new_pull(s, &ref, name, auth);
	list_add_tail(&p->waiters, &w->link);
	start_waiting(s);
	pthread_mutex_unlock(&s->mutex);
}
