/* SPDX-License-Identifier: Apache-2.0 */
/* Requests with libcurl's easy interface. A request is tried again once with credentials when the registry says 401; downloads are
 * resumed a few times. The authorization header is ours, so libcurl drops it when a redirect leads to another host. */
#include "agent/runtime/registry.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/runtime/image_store.h"
#include "agent/runtime/registry_auth.h"
#include "agent/runtime/registry_host.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"

#define ACCEPT                                                        \
	"Accept: application/vnd.oci.image.index.v1+json, "           \
	"application/vnd.oci.image.manifest.v1+json, "                \
	"application/vnd.docker.distribution.manifest.list.v2+json, " \
	"application/vnd.docker.distribution.manifest.v2+json"
#define ERROR_BODY_MAX  65536
#define CONNECT_LIMIT_S 30L
#define STALL_LIMIT_S   60L
#define REDIRECTS_MAX   10L
#define TRIES_MAX       6
#define TOKEN_MAX       65536

struct registry {
	char base_url[300];
	char scope[300];
	const char *ca_file;
	char path[256];
	char *username, *password;
	pthread_mutex_t mutex;
	char *authorization; /* header line; under the mutex */
};

struct transfer {
	struct registry *registry;
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	atomic_bool *cancel;
	void (*taken)(void *ctx, int64_t bytes);
	void *ctx;
	/* the present request */
	struct buf body; /* of an answer that is kept in memory, or of an error */
	size_t body_max;
	char *media_type, *challenge;
	int fd; /* where a good answer goes, or -1 */
	int64_t offset, limit;
	struct sha256 hash;
	bool too_large, write_failed;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static void init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static char *copy(const char *text)
{
	return text && *text ? str_dup(str_from(text)) : NULL;
}

static void set_bearer(struct registry *r, const char *token)
{
	free(r->authorization);
	r->authorization = str_printf("Authorization: Bearer %s", token);
}

int registry_new(const struct image_ref *ref, const struct image_auth *auth, struct registry **out,
		 struct err *err)
{
	(void)err;
	pthread_once(&curl_once, init_curl);
	struct registry *r = NEW(struct registry);
	pthread_mutex_init(&r->mutex, NULL);
	registry_base_url(ref->domain, r->base_url, sizeof(r->base_url));
	snprintf(r->path, sizeof(r->path), "%s", ref->path);
	snprintf(r->scope, sizeof(r->scope), "repository:%s:pull", ref->path);
	r->ca_file = registry_ca_file();
	if (auth) {
		r->username = copy(auth->username);
		r->password = copy(auth->password);
		if (auth->token && *auth->token)
			set_bearer(r, auth->token);
	}
	*out = r;
	return 0;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->mutex);
	free(r->username);
	free(r->password);
	free(r->authorization);
	free(r);
}

static long status_of(struct transfer *t)
{
	long status = 0;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool is_good(long status)
{
	return status == 200 || status == 206;
}

static size_t to_file(struct transfer *t, const char *p, size_t n)
{
	if (t->offset + (int64_t)n > t->limit) {
		t->too_large = true;
		return 0;
	}
	for (size_t at = 0; at < n;) {
		ssize_t done = pwrite(t->fd, p + at, n - at, t->offset + (int64_t)at);
		if (done < 0 && errno != EINTR) {
			t->write_failed = true;
			return 0;
		}
		at += done > 0 ? (size_t)done : 0;
	}
	sha256_update(&t->hash, p, n);
	t->offset += (int64_t)n;
	if (t->taken)
		t->taken(t->ctx, (int64_t)n);
	return n;
}

static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	size_t n = size * count;
	bool good = is_good(status_of(t));
	if (good && t->fd >= 0)
		return to_file(t, p, n);
	size_t max = good ? t->body_max : ERROR_BODY_MAX;
	if (t->body.n + n > max) {
		t->too_large = good;
		return good ? 0 : n; /* the rest of an error is not worth failing for */
	}
	buf_add(&t->body, p, n);
	return n;
}

static void keep_header(char **where, struct str value)
{
	free(*where);
	*where = str_dup(str_trim(value));
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	struct str line = str_of(p, size * count);
	size_t colon = str_find(line, ':');
	struct str name = str_of(line.p, colon);
	if (colon < line.n) {
		struct str value = str_of(line.p + colon + 1, line.n - colon - 1);
		if (str_ieq(name, STR("content-type")))
			keep_header(&t->media_type, value);
		else if (str_ieq(name, STR("www-authenticate")) &&
			 !(t->challenge && strncasecmp(t->challenge, "bearer", 6) == 0))
			keep_header(&t->challenge, value);
	}
	return line.n;
}

static int on_progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
	struct transfer *t = ctx;
	(void)dt, (void)dn, (void)ut, (void)un;
	return t->cancel && atomic_load(t->cancel);
}

struct transfer *transfer_new(struct registry *r, atomic_bool *cancel,
			      void (*taken)(void *ctx, int64_t bytes), void *ctx)
{
	struct transfer *t = NEW(struct transfer);
	t->registry = r;
	t->cancel = cancel;
	t->taken = taken;
	t->ctx = ctx;
	t->fd = -1;
	t->curl = curl_easy_init();
	if (!t->curl)
		abort(); /* out of memory, as in mem_alloc() */
	return t;
}

void transfer_free(struct transfer *t)
{
	if (!t)
		return;
	curl_easy_cleanup(t->curl);
	buf_free(&t->body);
	free(t->media_type);
	free(t->challenge);
	free(t);
}

static void setup(struct transfer *t, const char *url, int64_t resume)
{
	CURL *c = t->curl;
	const char *schemes = strncmp(url, "https:", 6) == 0
				      ? "https"
				      : "http,https"; /* never from https to http */
	curl_easy_reset(c);
	buf_reset(&t->body);
	free(TAKE(t->media_type));
	free(TAKE(t->challenge));
	t->too_large = t->write_failed = false;
	t->error[0] = '\0';
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "allinone");
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_LIMIT_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, STALL_LIMIT_S);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	if (t->registry->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, t->registry->ca_file);
	if (resume > 0)
		curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)resume);
}

/* CURLE_OK whatever the status; the headers are freed. */
static CURLcode perform(struct transfer *t, struct curl_slist *headers)
{
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	CURLcode rc = curl_easy_perform(t->curl);
	curl_slist_free_all(headers);
	return rc;
}

static int transport_failed(struct transfer *t, const char *url, CURLcode rc, struct err *err)
{
	if (t->cancel && atomic_load(t->cancel))
		return err_set(err, ERR_UNAVAILABLE, "canceled");
	if (t->too_large)
		return err_set(err, ERR_TOO_LARGE,
			       "Get \"%s\": the answer is larger than it may be", url);
	if (t->write_failed)
		return err_sys(err, "write download");
	return err_set(err, ERR_UNAVAILABLE, "failed to do request: Get \"%s\": %s", url,
		       t->error[0] ? t->error : curl_easy_strerror(rc));
}

/* The registry's own words: {"errors":[{"code":…,"message":…}]}, or what a token server says. */
static void own_words(struct transfer *t, struct buf *out)
{
	json_t *tree = json_loadb(t->body.p ? t->body.p : "", t->body.n, 0, NULL), *item;
	const json_t *list = json_object_get(tree, "errors");
	size_t i;
	json_array_foreach (list, i, item) {
		const char *message = json_string_value(json_object_get(item, "message"));
		const char *code = json_string_value(json_object_get(item, "code"));
		if (message || code)
			buf_printf(out, ": %s", message && *message ? message : code);
	}
	if (!out->n) {
		const char *details = json_string_value(json_object_get(tree, "details"));
		const char *message = json_string_value(json_object_get(tree, "message"));
		if (details || message)
			buf_printf(out, ": %s", details ? details : message);
	}
	json_decref(tree);
	for (size_t k = 0; k < out->n; k++)
		if ((unsigned char)out->p[k] < ' ')
			out->p[k] = ' ';
}

static int status_failed(struct transfer *t, const char *url, long status, struct err *err)
{
	auto_buf words = { 0 };
	own_words(t, &words);
	const char *text = words.p ? words.p : "";
	if (status == 404)
		return err_set(err, ERR_NOT_FOUND, "not found%s", text);
	if (status == 401)
		return err_set(err, ERR_UNAUTHORIZED,
			       "pull access denied, repository does not exist or may require "
			       "authorization%s",
			       text);
	if (status == 403)
		return err_set(err, ERR_FORBIDDEN,
			       "unexpected status from GET request to %s: 403 Forbidden%s", url,
			       text);
	if (status == 429)
		return err_set(err, ERR_TOO_MANY_REQUESTS,
			       "unexpected status from GET request to %s: 429 Too Many Requests%s",
			       url, text);
	return err_set(err, ERR_UNAVAILABLE, "unexpected status from GET request to %s: %ld%s", url,
		       status, text);
}

static void basic_header(const struct registry *r, struct buf *out)
{
	auto_buf pair = { 0 };
	buf_printf(&pair, "%s:%s", r->username ? r->username : "", r->password ? r->password : "");
	buf_puts(out, "Authorization: Basic ");
	base64_encode(out, pair.p, pair.n);
}

static bool valid_token(const char *token)
{
	if (!token || !*token)
		return false;
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return true;
}

/* A token for the challenge, anonymous when we have no credentials. */
static int fetch_token(struct transfer *t, const struct challenge *c, struct err *err)
{
	struct registry *r = t->registry;
	auto_buf url = { 0 };
	auto_buf basic = { 0 };
	struct curl_slist *headers = NULL;
	int saved_fd = t->fd;
	challenge_url(c, r->scope, &url);
	if (r->username) {
		basic_header(r, &basic);
		headers = curl_slist_append(headers, basic.p);
	}
	setup(t, url.p, 0);
	t->fd = -1;
	t->body_max = TOKEN_MAX;
	CURLcode rc = perform(t, headers);
	t->fd = saved_fd;
	if (rc != CURLE_OK)
		return transport_failed(t, url.p, rc, err);
	if (!is_good(status_of(t)))
		return err_wrap(err, status_failed(t, url.p, status_of(t), err),
				"failed to fetch a token");
	json_t *tree = json_loadb(t->body.p ? t->body.p : "", t->body.n, 0, NULL);
	const char *token = json_string_value(json_object_get(tree, "token"));
	if (!token)
		token = json_string_value(json_object_get(tree, "access_token"));
	int result = valid_token(token) ? 0
					: err_set(err, ERR_UNAUTHORIZED,
						  "the token server's answer has no token");
	if (result == 0) {
		pthread_mutex_lock(&r->mutex);
		set_bearer(r, token);
		pthread_mutex_unlock(&r->mutex);
	}
	json_decref(tree);
	return result;
}

/* After a 401. */
static int authenticate(struct transfer *t, const char *url, struct err *err)
{
	struct registry *r = t->registry;
	struct challenge c;
	if (!t->challenge || !challenge_parse(t->challenge, &c))
		return status_failed(t, url, 401, err);
	if (c.bearer) {
		int rc = fetch_token(t, &c, err);
		return rc < 0 ? err_wrap(err, rc, "failed to authorize") : 0;
	}
	if (!r->username)
		return status_failed(t, url, 401, err);
	auto_buf header = { 0 };
	basic_header(r, &header);
	pthread_mutex_lock(&r->mutex);
	free(r->authorization);
	r->authorization = buf_take(&header);
	pthread_mutex_unlock(&r->mutex);
	return 0;
}

static struct curl_slist *request_headers(struct registry *r, bool manifest)
{
	struct curl_slist *headers = manifest ? curl_slist_append(NULL, ACCEPT) : NULL;
	pthread_mutex_lock(&r->mutex);
	if (r->authorization)
		headers = curl_slist_append(headers, r->authorization);
	pthread_mutex_unlock(&r->mutex);
	return headers;
}

/* One GET; a second one with credentials if the first is refused. *out_rc tells transport errors that may be tried again. */
static int get(struct transfer *t, const char *url, bool manifest, int64_t resume, CURLcode *out_rc,
	       struct err *err)
{
	for (int attempt = 0;; attempt++) {
		setup(t, url, resume);
		*out_rc = perform(t, request_headers(t->registry, manifest));
		if (*out_rc != CURLE_OK)
			return transport_failed(t, url, *out_rc, err);
		long status = status_of(t);
		if (is_good(status))
			return 0;
		if (status != 401 || attempt == 1)
			return status_failed(t, url, status, err);
		int r = authenticate(t, url, err);
		if (r < 0)
			return r;
	}
}

int registry_manifest(struct transfer *t, const char *reference, struct buf *out,
		      char **out_media_type, char out_digest[DIGEST_TEXT], struct err *err)
{
	const struct registry *r = t->registry;
	auto_free char *url = str_printf("%s/v2/%s/manifests/%s", r->base_url, r->path, reference);
	CURLcode rc;
	t->fd = -1;
	t->body_max = BLOB_MAX;
	int result = get(t, url, true, 0, &rc, err);
	if (result < 0)
		return result;
	digest_of(t->body.p ? t->body.p : "", t->body.n, out_digest);
	if (digest_valid(reference) && strcmp(reference, out_digest) != 0)
		return err_set(err, ERR_INVALID,
			       "the registry's manifest has the digest %s, not %s", out_digest,
			       reference);
	buf_str(out, buf_view(&t->body));
	*out_media_type = t->media_type ? TAKE(t->media_type) : str_dup(STR(""));
	return 0;
}

static char *blob_url(const struct registry *r, const char *digest)
{
	return str_printf("%s/v2/%s/blobs/%s", r->base_url, r->path, digest);
}

int registry_blob(struct transfer *t, const struct descriptor *d, size_t max, struct buf *out,
		  struct err *err)
{
	auto_free char *url = blob_url(t->registry, d->digest);
	char digest[DIGEST_TEXT];
	CURLcode rc;
	t->fd = -1;
	t->body_max = max;
	int r = get(t, url, false, 0, &rc, err);
	if (r < 0)
		return r;
	digest_of(t->body.p ? t->body.p : "", t->body.n, digest);
	if (strcmp(digest, d->digest) != 0)
		return err_set(err, ERR_INVALID, "the registry's blob has the digest %s, not %s",
			       digest, d->digest);
	buf_str(out, buf_view(&t->body));
	return 0;
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
		int r = get(t, url, false, t->offset, &rc, err);
		if (r == 0)
			continue;
		bool no_range = rc == CURLE_RANGE_ERROR ||
				(before > 0 && rc == CURLE_OK && status_of(t) == 416);
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

static int verify(struct transfer *t, const struct descriptor *d, const char *path, struct err *err)
{
	unsigned char hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	sha256_final(&t->hash, hash);
	hex_encode(hex, hash, sizeof(hash));
	if (strcmp(hex, digest_hex(d->digest)) == 0)
		return 0;
	unlink(path);
	return err_set(err, ERR_INVALID, "the registry's blob has the digest sha256:%s, not %s",
		       hex, d->digest);
}

int registry_download(struct transfer *t, const struct descriptor *d, const char *path, int *out_fd,
		      struct err *err)
{
	auto_free char *url = blob_url(t->registry, d->digest);
	auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	while (flock(fd, LOCK_EX) != 0) /* another process may download the same */
		if (errno != EINTR)
			return err_sys(err, "lock %s", path);
	t->fd = fd;
	t->limit = d->size_bytes;
	int r = hash_partial(t, err);
	if (r == 0 && t->offset > t->limit)
		r = start_over(t, err);
	if (r == 0 && t->offset > 0 && t->taken)
		t->taken(t->ctx, t->offset);
	if (r == 0)
		r = fetch_rest(t, url, err);
	if (r == 0)
		r = verify(t, d, path, err);
	t->fd = -1;
	if (r == 0)
		*out_fd = TAKE_FD(fd);
	return r;
}
