/* SPDX-License-Identifier: Apache-2.0 */
/* Compression of big answers. It pays when the wire is slower than the CPU: never towards this very machine. */
#ifndef SERVER_APISERVER_GZIP_H
#define SERVER_APISERVER_GZIP_H

#include "server/apiserver/request.h"

#define GZIP_MIN_BYTES (128u << 10) /* as upstream */
#define GZIP_MAX_BYTES (16u << 20)  /* beyond, the loop would stand still for too long */

/* Who asks would take it, and is elsewhere. */
bool gzip_wanted(const struct api_request *r);
bool gzip_pays(const struct api_request *r, size_t bytes);
/* Compresses the chunks, which stay the caller's. */
bool gzip_chunks(const struct chunk *body, size_t n, struct chunk *out);

#endif
