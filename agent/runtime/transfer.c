/* SPDX-License-Identifier: Apache-2.0 */
/* The authorization header is ours, so libcurl drops it when a redirect leads to another host. */
#include "agent/runtime/transfer.h"

#include <errno.h>
#include <jansson.h>
#include <strings.h>
#include <unistd.h>

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

long transfer_status(struct transfer *t)
{
	long status = 0;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

bool transfer_is_good(long status)
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
	bool good = transfer_is_good(transfer_status(t));
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

void transfer_setup(struct transfer *t, const char *url, int64_t resume)
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

CURLcode transfer_perform(struct transfer *t, struct curl_slist *headers)
{
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	CURLcode rc = curl_easy_perform(t->curl);
	curl_slist_free_all(headers);
	return rc;
}

int transfer_failed(struct transfer *t, const char *url, CURLcode rc, struct err *err)
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

int transfer_refused(struct transfer *t, const char *url, long status, struct err *err)
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

static struct curl_slist *request_headers(struct transfer *t, bool manifest)
{
	struct curl_slist *headers = manifest ? curl_slist_append(NULL, ACCEPT) : NULL;
	pthread_mutex_lock(&t->registry->mutex);
	if (t->at->authorization)
		headers = curl_slist_append(headers, t->at->authorization);
	pthread_mutex_unlock(&t->registry->mutex);
	return headers;
}

int transfer_get(struct transfer *t, const char *url, bool manifest, int64_t resume,
		 CURLcode *out_rc, struct err *err)
{
	for (int attempt = 0;; attempt++) {
		transfer_setup(t, url, resume);
		*out_rc = transfer_perform(t, request_headers(t, manifest));
		if (*out_rc != CURLE_OK)
			return transfer_failed(t, url, *out_rc, err);
		long status = transfer_status(t);
		if (transfer_is_good(status))
			return 0;
		if (status != 401 || attempt == 1)
			return transfer_refused(t, url, status, err);
		int r = registry_authenticate(t, url, err);
		if (r < 0)
			return r;
	}
}
