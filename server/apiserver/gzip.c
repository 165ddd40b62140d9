/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/gzip.h"

#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib: 15 bits, gzip header */

static bool is_here(const char *address)
{
	struct str a = str_from(address);
	return a.n == 0 || str_starts(a, STR("127.")) || str_eqz(a, "::1") ||
	       str_starts(a, STR("::ffff:127."));
}

bool gzip_wanted(const struct api_request *r)
{
	return r->http && !is_here(r->http->remote) && media_accepts_gzip(r->accept_encoding);
}

bool gzip_pays(const struct api_request *r, size_t bytes)
{
	return bytes >= GZIP_MIN_BYTES && bytes <= GZIP_MAX_BYTES && gzip_wanted(r);
}

static bool deflate_all(z_stream *z, const struct chunk *body, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		z->next_in = (Bytef *)body[i].p;
		z->avail_in = (uInt)body[i].n;
		if (deflate(z, i + 1 == n ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
			return false;
	}
	return true;
}

bool gzip_chunks(const struct chunk *body, size_t n, struct chunk *out)
{
	z_stream z = { 0 };
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += body[i].n;
	if (deflateInit2(&z, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	size_t room = deflateBound(&z, bytes);
	char *to = mem_try_alloc(room);
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	bool ok = to && deflate_all(&z, body, n);
	size_t used = room - z.avail_out;
	deflateEnd(&z);
	if (!ok) {
		free(to);
		return false;
	}
	*out = chunk_take(to, used);
	return true;
}
