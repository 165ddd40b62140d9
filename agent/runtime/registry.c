/* SPDX-License-Identifier: Apache-2.0 */
/* Requests with libcurl's easy interface. A request is tried again once with credentials when the registry says 401; downloads are
 * resumed a few times. The authorization header is ours, so libcurl drops it when a redirect leads to another host. What one endpoint
 * does not have is asked of the next; the one that had the manifest is asked first from then on. */
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
#define CA_MAX          (4 * 1024 * 1024)

struct endpoint {
	struct registry_endpoint at;
	char *scope;
	char *ca;            /* PEM: the host's authorities and its own; NULL: the host's */
	char *authorization; /* header line; under the mutex */
};

struct registry {
	const char *ca_file;
	struct registry_endpoint *list;
	struct endpoint *endpoints;
	size_t n;
	atomic_size_t good; /* the one that had what was asked for last */
	pthread_mutex_t mutex;
};

struct transfer {
	struct registry *registry;
	struct endpoint *at; /* the one that is asked now */
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

static void set_bearer(struct endpoint *e, const char *token)
{
	free(e->authorization);
	e->authorization = str_printf("Authorization: Bearer %s", token);
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

static void setup_tls(struct transfer *t)
{
	const struct endpoint *e = t->at;
	CURL *c = t->curl;
	if (e->ca) {
		struct curl_blob blob = { e->ca, strlen(e->ca), CURL_BLOB_NOCOPY };
		curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob);
	} else if (t->registry->ca_file) {
		curl_easy_setopt(c, CURLOPT_CAINFO, t->registry->ca_file);
	}
	if (e->at.cert_file)
		curl_easy_setopt(c, CURLOPT_SSLCERT, e->at.cert_file);
	if (e->at.key_file)
		curl_easy_setopt(c, CURLOPT_SSLKEY, e->at.key_file);
	if (e->at.insecure) {
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	}
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
	setup_tls(t);
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

static void basic_header(const struct endpoint *e, struct buf *out)
{
	auto_buf pair = { 0 };
	buf_printf(&pair, "%s:%s", e->at.username ? e->at.username : "",
		   e->at.password ? e->at.password : "");
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

/* The form with which an identity token is exchanged for one that the registry takes (OAuth 2.0, RFC 6749 section 6). */
static void exchange_form(struct transfer *t, const struct challenge *c, struct buf *form)
{
	const char *const fields[][2] = { { "grant_type", "refresh_token" },
					  { "client_id", "allinone" },
					  { "service", c->service },
					  { "scope", c->scope[0] ? c->scope : t->at->scope },
					  { "refresh_token", t->at->at.identity_token } };
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		char *value = curl_easy_escape(t->curl, fields[i][1], 0);
		buf_printf(form, "%s%s=%s", i ? "&" : "", fields[i][0], value ? value : "");
		curl_free(value);
	}
}

static int take_token(struct transfer *t, struct err *err)
{
	json_t *tree = json_loadb(t->body.p ? t->body.p : "", t->body.n, 0, NULL);
	const char *token = json_string_value(json_object_get(tree, "token"));
	if (!token)
		token = json_string_value(json_object_get(tree, "access_token"));
	int result = valid_token(token) ? 0
					: err_set(err, ERR_UNAUTHORIZED,
						  "the token server's answer has no token");
	if (result == 0) {
		pthread_mutex_lock(&t->registry->mutex);
		set_bearer(t->at, token);
		pthread_mutex_unlock(&t->registry->mutex);
	}
	json_decref(tree);
	return result;
}

/* A token for the challenge, anonymous when we have no credentials. */
static int fetch_token(struct transfer *t, const struct challenge *c, struct err *err)
{
	struct endpoint *e = t->at;
	auto_buf url = { 0 };
	auto_buf basic = { 0 };
	auto_buf form = { 0 };
	struct curl_slist *headers = NULL;
	int saved_fd = t->fd;
	if (e->at.identity_token)
		buf_puts(&url, c->realm);
	else
		challenge_url(c, e->scope, &url);
	if (e->at.username) {
		basic_header(e, &basic);
		headers = curl_slist_append(headers, basic.p);
	}
	setup(t, url.p, 0);
	if (e->at.identity_token) {
		exchange_form(t, c, &form);
		curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, form.p);
	}
	t->fd = -1;
	t->body_max = TOKEN_MAX;
	CURLcode rc = perform(t, headers);
	t->fd = saved_fd;
	if (rc != CURLE_OK)
		return transport_failed(t, url.p, rc, err);
	if (!is_good(status_of(t)))
		return err_wrap(err, status_failed(t, url.p, status_of(t), err),
				"failed to fetch a token");
	return take_token(t, err);
}

/* After a 401. */
static int authenticate(struct transfer *t, const char *url, struct err *err)
{
	struct endpoint *e = t->at;
	struct challenge c;
	if (!t->challenge || !challenge_parse(t->challenge, &c))
		return status_failed(t, url, 401, err);
	if (c.bearer) {
		int rc = fetch_token(t, &c, err);
		return rc < 0 ? err_wrap(err, rc, "failed to authorize") : 0;
	}
	if (!e->at.username)
		return status_failed(t, url, 401, err);
	auto_buf header = { 0 };
	basic_header(e, &header);
	pthread_mutex_lock(&t->registry->mutex);
	free(e->authorization);
	e->authorization = buf_take(&header);
	pthread_mutex_unlock(&t->registry->mutex);
	return 0;
}

static struct curl_slist *request_headers(struct transfer *t, bool manifest)
{
	struct curl_slist *headers = manifest ? curl_slist_append(NULL, ACCEPT) : NULL;
	pthread_mutex_lock(&t->registry->mutex);
	if (t->at->authorization)
		headers = curl_slist_append(headers, t->at->authorization);
	pthread_mutex_unlock(&t->registry->mutex);
	return headers;
}

/* One GET; a second one with credentials if the first is refused. *out_rc tells transport errors that may be tried again. */
static int get(struct transfer *t, const char *url, bool manifest, int64_t resume, CURLcode *out_rc,
	       struct err *err)
{
	for (int attempt = 0;; attempt++) {
		setup(t, url, resume);
		*out_rc = perform(t, request_headers(t, manifest));
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
	int result = get(t, url, true, 0, &rc, err);
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
	int r = get(t, url, false, 0, &rc, err);
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
