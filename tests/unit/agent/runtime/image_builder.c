/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/agent/runtime/image_builder.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/unit/agent/runtime/tar_builder.h"

#ifdef __aarch64__
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "amd64"
#endif

static void pack(const struct buf *in, struct buf *out)
{
	z_stream z = { 0 };
	deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	buf_reserve(out, deflateBound(&z, in->n) + 64);
	z.next_in = (unsigned char *)in->p;
	z.avail_in = (unsigned)in->n;
	z.next_out = (unsigned char *)out->p;
	z.avail_out = (unsigned)out->cap - 1;
	deflate(&z, Z_FINISH);
	out->n = z.total_out;
	deflateEnd(&z);
}

void test_image_make(struct test_image *i, const char *content)
{
	*i = (struct test_image){ 0 };
	tar_add(&i->layer,
		&(struct tar_item){
			.type = '0', .name = "f", .content = content, .uid = (int)getuid() });
	tar_end(&i->layer);
	pack(&i->layer, &i->packed);
	digest_of(i->layer.p, i->layer.n, i->layer_digest);
	digest_of(i->packed.p, i->packed.n, i->packed_digest);
	buf_printf(&i->config,
		   "{\"architecture\":\"" ARCHITECTURE
		   "\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"run\"]},"
		   "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
		   i->layer_digest);
	digest_of(i->config.p, i->config.n, i->config_digest);
	buf_printf(
		&i->manifest,
		"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
		"\"config\":{\"mediaType\":\"application/"
		"vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
		"\"layers\":[{\"mediaType\":\"application/"
		"vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"%s\",\"size\":%zu}]}",
		i->config_digest, i->config.n, i->packed_digest, i->packed.n);
	digest_of(i->manifest.p, i->manifest.n, i->manifest_digest);
}

void test_image_free(struct test_image *i)
{
	buf_free(&i->layer);
	buf_free(&i->packed);
	buf_free(&i->config);
	buf_free(&i->manifest);
}

static void add_file(struct buf *out, const char *name, const struct buf *content)
{
	char size[32];
	size_t at = out->n;
	tar_add(out, &(struct tar_item){ .type = '0', .name = name });
	/* the builder takes text only: set the size and the checksum again, then add the bytes */
	unsigned char *h = (unsigned char *)out->p + at;
	unsigned sum = 0;
	snprintf(size, sizeof(size), "%011zo", content->n);
	memcpy(h + 124, size, 11);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	buf_add(out, content->p, content->n);
	while (out->n % 512)
		buf_putc(out, '\0');
}

void test_image_docker_archive(const struct test_image *i, const char *tag, struct buf *out)
{
	auto_buf list = { 0 };
	buf_printf(
		&list,
		"[{\"Config\":\"config.json\",\"RepoTags\":[\"%s\"],\"Layers\":[\"layer.tar\"]}]",
		tag);
	add_file(out, "config.json", &i->config);
	add_file(out, "layer.tar", &i->layer);
	add_file(out, "manifest.json", &list);
	tar_end(out);
}
