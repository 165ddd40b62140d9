/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_frame.h"

#include <stdio.h>

#include "base/mem.h"

struct http_frame *http_frame_new(const struct chunk *parts, size_t n)
{
	char size[24];
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += parts[i].n;
	size_t head = (size_t)snprintf(size, sizeof(size), "%zx\r\n", bytes);
	struct http_frame *f = mem_alloc(sizeof(*f) + head + bytes + 2);
	char *p = (char *)(f + 1), *to = p + head;
	memcpy(p, size, head);
	for (size_t i = 0; i < n; i++) {
		memcpy(to, parts[i].p, parts[i].n);
		to += parts[i].n;
	}
	memcpy(to, "\r\n", 2);
	*f = (struct http_frame){ .refs = 1,
				  .body = str_of(p + head, bytes),
				  .chunked = str_of(p, head + bytes + 2) };
	return f;
}

static void release(void *owner)
{
	http_frame_unref(owner);
}

struct chunk http_frame_chunk(struct http_frame *f, bool chunked)
{
	struct str s = chunked ? f->chunked : f->body;
	f->refs++;
	return (struct chunk){ s.p, s.n, release, f };
}

void http_frame_unref(struct http_frame *f)
{
	if (f && --f->refs == 0)
		free(f);
}
