/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/blob_reader.h"

#include <errno.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/encode.h"
#include "base/mem.h"

#define IN_BYTES        (128 * 1024)
#define ZSTD_WINDOW_LOG 27 /* 128 MiB: what the format's tools use at most by default */

enum codec { CODEC_UNKNOWN, CODEC_PLAIN, CODEC_GZIP, CODEC_ZSTD };

struct blob_reader {
	struct blob_range range;
	int64_t left_out; /* plain bytes still allowed */
	enum codec codec;
	z_stream z;
	ZSTD_DStream *zstd;
	bool stored_end, plain_end, member_done;
	struct sha256 stored, plain;
	void (*taken)(void *ctx, int64_t bytes);
	void *ctx;
	size_t at, n; /* unread part of in */
	unsigned char in[IN_BYTES];
};

int blob_reader_new(struct blob_range range, int64_t max_bytes, struct blob_reader **out,
		    struct err *err)
{
	struct blob_reader *r = mem_try_alloc(sizeof(*r));
	if (!r)
		return err_set(err, ERR_INTERNAL, "out of memory");
	memset(r, 0, offsetof(struct blob_reader, in));
	r->range = range;
	r->left_out = max_bytes;
	sha256_init(&r->stored);
	sha256_init(&r->plain);
	*out = r;
	return 0;
}

void blob_reader_free(struct blob_reader *r)
{
	if (!r)
		return;
	if (r->codec == CODEC_GZIP)
		inflateEnd(&r->z);
	ZSTD_freeDStream(r->zstd);
	free(r);
}

void blob_reader_watch(struct blob_reader *r, void (*taken)(void *ctx, int64_t bytes), void *ctx)
{
	r->taken = taken;
	r->ctx = ctx;
}

/* Appends to in; sets stored_end when nothing more comes. */
static int fill(struct blob_reader *r, struct err *err)
{
	size_t want = sizeof(r->in) - r->n;
	if (r->at == r->n)
		r->at = r->n = 0;
	want = sizeof(r->in) - r->n;
	if (r->range.size >= 0 && (int64_t)want > r->range.size)
		want = (size_t)r->range.size;
	ssize_t n = want ? pread(r->range.fd, r->in + r->n, want, r->range.offset) : 0;
	if (n < 0)
		return errno == EINTR ? 0 : err_sys(err, "read blob");
	if (n == 0) {
		if (r->range.size > 0)
			return err_set(err, ERR_INVALID, "blob ends early: %lld bytes are missing",
				       (long long)r->range.size);
		r->stored_end = true;
		return 0;
	}
	sha256_update(&r->stored, r->in + r->n, (size_t)n);
	r->range.offset += n;
	if (r->range.size >= 0)
		r->range.size -= n;
	r->n += (size_t)n;
	if (r->taken)
		r->taken(r->ctx, n);
	return 0;
}

static int detect(struct blob_reader *r, struct err *err)
{
	while (r->n < 4 && !r->stored_end) {
		int rc = fill(r, err);
		if (rc < 0)
			return rc;
	}
	r->codec = CODEC_PLAIN;
	if (r->n >= 2 && r->in[0] == 0x1f && r->in[1] == 0x8b) {
		r->codec = CODEC_GZIP;
		if (inflateInit2(&r->z, 16 + MAX_WBITS) != Z_OK)
			return err_set(err, ERR_INTERNAL, "out of memory");
	} else if (r->n >= 4 && memcmp(r->in, "\x28\xb5\x2f\xfd", 4) == 0) {
		r->codec = CODEC_ZSTD;
		r->zstd = ZSTD_createDStream();
		if (!r->zstd)
			return err_set(err, ERR_INTERNAL, "out of memory");
		ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	}
	return 0;
}

static int inflate_some(struct blob_reader *r, void *p, size_t n, size_t *made, struct err *err)
{
	if (r->member_done) { /* gzip members may follow each other */
		inflateReset(&r->z);
		r->member_done = false;
	}
	r->z.next_in = r->in + r->at;
	r->z.avail_in = (uInt)(r->n - r->at);
	r->z.next_out = p;
	r->z.avail_out = (uInt)n;
	int rc = inflate(&r->z, Z_NO_FLUSH);
	*made = n - r->z.avail_out;
	r->at = r->n - r->z.avail_in;
	if (rc == Z_STREAM_END)
		r->member_done = true;
	else if (rc != Z_OK && rc != Z_BUF_ERROR)
		return err_set(err, ERR_INVALID, "blob is not valid gzip: %s",
			       r->z.msg ? r->z.msg : "broken data");
	return 0;
}

static int unzstd_some(struct blob_reader *r, void *p, size_t n, size_t *made, struct err *err)
{
	ZSTD_inBuffer in = { r->in + r->at, r->n - r->at, 0 };
	ZSTD_outBuffer out = { p, n, 0 };
	size_t rc = ZSTD_decompressStream(r->zstd, &out, &in);
	r->at += in.pos;
	*made = out.pos;
	if (ZSTD_isError(rc))
		return err_set(err, ERR_INVALID, "blob is not valid zstd: %s",
			       ZSTD_getErrorName(rc));
	r->member_done = rc == 0;
	return 0;
}

static int plain_some(struct blob_reader *r, void *p, size_t n, size_t *made)
{
	size_t have = r->n - r->at;
	*made = n < have ? n : have;
	memcpy(p, r->in + r->at, *made);
	r->at += *made;
	r->member_done = true;
	return 0;
}

static int unpack_some(struct blob_reader *r, void *p, size_t n, size_t *made, struct err *err)
{
	if (r->codec == CODEC_GZIP)
		return inflate_some(r, p, n, made, err);
	if (r->codec == CODEC_ZSTD)
		return unzstd_some(r, p, n, made, err);
	return plain_some(r, p, n, made);
}

ssize_t blob_read(struct blob_reader *r, void *p, size_t n, struct err *err)
{
	size_t made = 0;
	int rc = r->codec == CODEC_UNKNOWN ? detect(r, err) : 0;
	if (n > IN_BYTES * 16)
		n = IN_BYTES * 16;
	while (rc == 0 && made == 0 && !r->plain_end && n) {
		if (r->at == r->n && !r->stored_end) {
			rc = fill(r, err);
			continue;
		}
		bool empty = r->at == r->n;
		if (empty && r->member_done) {
			r->plain_end = true;
			break;
		}
		rc = unpack_some(r, p, n, &made, err);
		if (rc == 0 && empty && made == 0) {
			if (r->codec == CODEC_PLAIN)
				r->plain_end = true;
			else
				rc = err_set(err, ERR_INVALID,
					     "blob ends in the middle of compressed data");
		}
	}
	if (rc < 0)
		return rc;
	r->left_out -= (int64_t)made;
	if (r->left_out < 0)
		return err_set(err, ERR_TOO_LARGE, "blob unpacks to more than is allowed");
	sha256_update(&r->plain, p, made);
	return (ssize_t)made;
}

int blob_reader_finish(struct blob_reader *r, char out_stored[DIGEST_TEXT],
		       char out_plain[DIGEST_TEXT], struct err *err)
{
	unsigned char hash[SHA256_SIZE], rest[16384];
	ssize_t n;
	while ((n = blob_read(r, rest, sizeof(rest), err)) > 0)
		;
	if (n < 0)
		return (int)n;
	memcpy(out_stored, "sha256:", 7);
	memcpy(out_plain, "sha256:", 7);
	sha256_final(&r->stored, hash);
	hex_encode(out_stored + 7, hash, sizeof(hash));
	sha256_final(&r->plain, hash);
	hex_encode(out_plain + 7, hash, sizeof(hash));
	return 0;
}
