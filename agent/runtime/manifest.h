/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON documents of images: manifests, indexes (lists) and configs, in OCI's and Docker's shapes. They come from strangers:
 * sizes, counts and digests are checked here. Follows image-spec v1.1 and distribution's schema 2. Any thread. */
#ifndef AGENT_RUNTIME_MANIFEST_H
#define AGENT_RUNTIME_MANIFEST_H

#include "agent/runtime/image.h"
#include "base/str.h"

#define DIGEST_TEXT 72 /* "sha256:" + 64 and NUL */
#define LAYERS_MAX  512
#define INDEX_MAX   1024

struct descriptor {
	char digest[DIGEST_TEXT];
	char *media_type;
	int64_t size_bytes;
};
struct manifest {
	struct descriptor config;
	struct descriptor *layers;
	size_t nlayers;
};
struct image_config {
	struct image *image; /* name, digest, layer_dirs and names are left to the caller */
	char (*diff_ids)[DIGEST_TEXT];
	size_t ndiff_ids;
};

bool digest_valid(const char *digest);      /* sha256:HEX */
const char *digest_hex(const char *digest); /* behind the colon */
void digest_of(const void *p, size_t n, char out[DIGEST_TEXT]);

bool media_type_is_index(struct str type);
bool document_is_index(
	struct str json,
	struct str media_type); /* by its own mediaType or shape when the header says nothing */
/* The descriptor for this machine. ERR_NOT_FOUND: "no match for platform in manifest: linux/amd64". */
int index_pick(struct str json, struct descriptor *out, struct err *err);
int manifest_parse(struct str json, struct manifest *out, struct err *err);
void manifest_free(struct manifest *m);
int image_config_parse(struct str json, struct image_config *out,
		       struct err *err);        /* refuses another platform's */
void image_config_free(struct image_config *c); /* NULL image: was taken */
void descriptor_free(struct descriptor *d);

/* How well a platform fits: 0 not at all, else more is better. variant may be NULL. */
int platform_score(const char *os, const char *architecture, const char *variant);
const char *platform_text(void); /* "linux/arm64/v8" */

#endif
