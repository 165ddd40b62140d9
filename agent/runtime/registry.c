/* SPDX-License-Identifier: Apache-2.0 */
/* What one endpoint does not have is asked of the next; the one that had the manifest is asked first from then on. Downloads are resumed a
 * few times. */
#include "agent/runtime/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/runtime/image_store.h"
#include "agent/runtime/registry_host.h"
#include "agent/runtime/transfer.h"
#include "base/file.h"
#include "base/mem.h"

#define TRIES_MAX 6
#define CA_MAX    (4 * 1024 * 1024)

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static void init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static char *copy(const char *text)
{
	return text && *text ? str_dup(str_from(text)) : NULL;
}

/* Who asks knows best what is for the registry itself; a mirror's own credentials are the file's. */
static void take_auth(struct endpoint *e, const struct image_auth *auth)
{
	struct registry_endpoint *at = &e->at;
	bool has_own = at->username || at->identity_token;
	if (!auth || (at->meant && has_own))
		return;
	if (!(auth->username && *auth->username) && !(auth->token && *auth->token))
		return;
	free(at->username);
	free(at->password);
	free(at->identity_token);
	at->username = copy(auth->username);
	at->password = copy(auth->password);
	at->identity_token = copy(auth->token);
}

/* Beside the host's authorities, as a registry may redirect to others. */
static int read_ca(const struct registry *r, struct endpoint *e, struct err *err)
{
	auto_buf pem = { 0 };
	if (!e->at.ca_file)
		return 0;
	if (r->ca_file && file_read(r->ca_file, CA_MAX, &pem, NULL) == 0)
		buf_putc(&pem, '\n');
	int rc = file_read(e->at.ca_file, CA_MAX, &pem, err);
	if (rc < 0)
		return err_wrap(err, rc, "ca_file of %s", e->at.url);
	e->ca = buf_take(&pem);
	return 0;
}

int registry_new(const struct registries_config *config, const struct image_ref *ref,
		 const struct image_auth *auth, struct registry **out, struct err *err)
{
	pthread_once(&curl_once, init_curl);
	struct registry *r = NEW(struct registry);
	pthread_mutex_init(&r->mutex, NULL);
	*out = r;
	r->ca_file = registry_ca_file();
	int rc = registries_endpoints(config, ref, &r->list, &r->n, err);
	if (rc < 0)
		return rc;
	r->endpoints = mem_zalloc(r->n * sizeof(*r->endpoints));
	for (size_t i = 0; i < r->n; i++) {
		struct endpoint *e = &r->endpoints[i];
		e->at = r->list[i];
		e->scope = str_printf("repository:%s:pull", e->at.path);
		take_auth(e, auth);
		r->list[i] = e->at;
		if (rc == 0)
			rc = read_ca(r, e, err);
	}
	return rc;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->mutex);
	for (size_t i = 0; r->endpoints && i < r->n; i++) {
		free(r->endpoints[i].scope);
		free(r->endpoints[i].ca);
		free(r->endpoints[i].authorization);
	}
	free(r->endpoints);
	registries_endpoints_free(r->list, r->n);
	free(r);
}

/* What is asked of one endpoint after another. */
struct question {
	const char *kind, *name; /* "manifests", "blobs"; a tag or digest */
	int (*ask)(struct transfer *t, const char *url, struct question *q, struct err *err);
	const struct descriptor *d;
	struct buf *out;
	char **media_type, *digest;
};

/* The first error that says more than "not found" is told. */
static int keep_error(int r, struct err *fresh, int kept, struct err *err)
{
	if (kept == 0 || (kept == -ERR_NOT_FOUND && r != -ERR_NOT_FOUND)) {
		err_clear(err);
		err_move(err, fresh);
		return r;
	}
	err_clear(fresh);
	return kept;
}

static int ask(struct transfer *t, struct question *q, struct err *err)
{
	struct registry *r = t->registry;
	size_t good = atomic_load(&r->good);
	int kept = 0;
	for (size_t i = 0; i < r->n; i++) {
		size_t k = i == 0 ? good : i <= good ? i - 1 : i;
		auto_err fresh = { 0 };
		t->at = &r->endpoints[k];
		const struct registry_endpoint *at = &t->at->at;
		auto_free char *url =
			str_printf("%s/%s/%s/%s%s%s", at->url, at->path, q->kind, q->name,
				   at->meant ? "?ns=" : "", at->meant ? at->meant : "");
		int rc = q->ask(t, url, q, &fresh);
		if (rc == 0) {
			err_clear(err);
			atomic_store(&r->good, k);
			return 0;
		}
		kept = keep_error(rc, &fresh, kept, err);
		if (t->write_failed || (t->cancel && atomic_load(t->cancel)))
			break;
	}
	return kept;
}

static int ask_manifest(struct transfer *t, const char *url, struct question *q, struct err *err)
{
	CURLcode rc;
	t->fd = -1;
	t->body_max = BLOB_MAX;
	int result = transfer_get(t, url, true, 0, &rc, err);
	if (result < 0)
		return result;
	digest_of(t->body.p ? t->body.p : "", t->body.n, q->digest);
	if (digest_valid(q->name) && strcmp(q->name, q->digest) != 0)
		return err_set(err, ERR_INVALID,
			       "the registry's manifest has the digest %s, not %s", q->digest,
			       q->name);
	buf_str(q->out, buf_view(&t->body));
	*q->media_type = t->media_type ? TAKE(t->media_type) : str_dup(STR(""));
	return 0;
}

int registry_manifest(struct transfer *t, const char *reference, struct buf *out,
		      char **out_media_type, char out_digest[DIGEST_TEXT], struct err *err)
{
	struct question q = { .kind = "manifests",
			      .name = reference,
			      .ask = ask_manifest,
			      .out = out,
			      .media_type = out_media_type,
			      .digest = out_digest };
	return ask(t, &q, err);
}

static int ask_blob(struct transfer *t, const char *url, struct question *q, struct err *err)
{
	char digest[DIGEST_TEXT];
	CURLcode rc;
	t->fd = -1;
	int r = transfer_get(t, url, false, 0, &rc, err);
	if (r < 0)
		return r;
	digest_of(t->body.p ? t->body.p : "", t->body.n, digest);
	if (strcmp(digest, q->name) != 0)
		return err_set(err, ERR_INVALID, "the registry's blob has the digest %s, not %s",
			       digest, q->name);
	buf_str(q->out, buf_view(&t->body));
	return 0;
}

int registry_blob(struct transfer *t, const struct descriptor *d, size_t max, struct buf *out,
		  struct err *err)
{
	struct question q = { .kind = "blobs", .name = d->digest, .ask = ask_blob, .out = out };
	t->body_max = max;
	return ask(t, &q, err);
}

/* What an earlier try left counts only as far as it may be right: it is hashed again. */
static int hash_partial(struct transfer *t, struct err *err)
{
	char *piece = mem_alloc(256 * 1024);
	ssize_t n;
	sha256_init(&t->hash);
	t->offset = 0;
	while ((n = pread(t->fd, piece, 256 * 1024, t->offset)) > 0) {
		sha256_update(&t->hash, piece, (size_t)n);
		t->offset += n;
	}
	free(piece);
	return n < 0 ? err_sys(err, "read partial download") : 0;
}

static int start_over(struct transfer *t, struct err *err)
{
	sha256_init(&t->hash);
	t->offset = 0;
	return ftruncate(t->fd, 0) == 0 ? 0 : err_sys(err, "truncate download");
}

static int fetch_rest(struct transfer *t, const char *url, struct err *err)
{
	for (int tries = 0; t->offset < t->limit; tries++) {
		CURLcode rc;
		int64_t before = t->offset;
		int r = transfer_get(t, url, false, t->offset, &rc, err);
		if (r == 0)
			continue;
		bool no_range = rc == CURLE_RANGE_ERROR ||
				(before > 0 && rc == CURLE_OK && transfer_status(t) == 416);
		if (no_range)
			r = start_over(t, err);
		else if (rc == CURLE_OK || t->too_large || t->write_failed ||
			 (t->cancel && atomic_load(t->cancel)))
			return r;
		else if (tries >= TRIES_MAX)
			return r;
		else if (t->offset == before)
			usleep((unsigned)(100000 << tries)); /* 0.1 to 3 s */
	}
	return 0;
}

/* Wrong bytes are not kept, not even as a beginning. */
static int verify(struct transfer *t, const struct descriptor *d, struct err *err)
{
	unsigned char hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	sha256_final(&t->hash, hash);
	hex_encode(hex, hash, sizeof(hash));
	if (strcmp(hex, digest_hex(d->digest)) == 0)
		return 0;
	start_over(t, NULL);
	return err_set(err, ERR_INVALID, "the registry's blob has the digest sha256:%s, not %s",
		       hex, d->digest);
}

/* What another endpoint gave already is not asked for again. */
static int ask_download(struct transfer *t, const char *url, struct question *q, struct err *err)
{
	int r = hash_partial(t, err);
	if (r == 0 && t->offset > t->limit)
		r = start_over(t, err);
	if (r == 0)
		r = fetch_rest(t, url, err);
	if (r == 0)
		r = verify(t, q->d, err);
	return r;
}

int registry_download(struct transfer *t, const struct descriptor *d, const char *path, int *out_fd,
		      struct err *err)
{
	struct question q = { .kind = "blobs", .name = d->digest, .ask = ask_download, .d = d };
	auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	while (flock(fd, LOCK_EX) != 0) /* another process may download the same */
		if (errno != EINTR)
			return err_sys(err, "lock %s", path);
	t->fd = fd;
	t->limit = d->size_bytes;
	int r = hash_partial(t, err);
	if (r == 0 && t->offset > 0 && t->offset <= t->limit && t->taken)
		t->taken(t->ctx, t->offset);
	if (r == 0)
		r = ask(t, &q, err);
	t->fd = -1;
	if (r == -ERR_INVALID)
		unlink(path);
	if (r == 0)
		*out_fd = TAKE_FD(fd);
	return r;
}
