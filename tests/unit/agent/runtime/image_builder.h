/* SPDX-License-Identifier: Apache-2.0 */
/* Small images in memory: a layer, its config, and the documents around them. */
#ifndef TESTS_IMAGE_BUILDER_H
#define TESTS_IMAGE_BUILDER_H

#include "agent/runtime/manifest.h"
#include "base/buf.h"

struct test_image {
	struct buf layer, packed;    /* the tar, and it as gzip */
	struct buf config, manifest; /* manifest: of the packed layer */
	char layer_digest[DIGEST_TEXT], packed_digest[DIGEST_TEXT], config_digest[DIGEST_TEXT],
		manifest_digest[DIGEST_TEXT];
};
/* One layer with the file /f that holds `content`; owned by this user, so that no root is needed. */
void test_image_make(struct test_image *i, const char *content);
void test_image_free(struct test_image *i);
void test_image_docker_archive(const struct test_image *i, const char *tag, struct buf *out);

#endif
