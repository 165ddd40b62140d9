/* SPDX-License-Identifier: Apache-2.0 */
/* Images on this node: a content store of verified blobs, unpacked layers (each once), names. The directory is the truth: an
 * import by another process (allinone image import) is seen at the next look-up. Functions without callback block: any thread. */
#ifndef AGENT_RUNTIME_IMAGE_H
#define AGENT_RUNTIME_IMAGE_H

#include "base/err.h"
#include "net/loop.h"

struct image_store;
int image_store_open(const char *dir, struct image_store **out, struct err *err);
void image_store_free(struct image_store *s);
/* Where images are pulled from: registries.yaml (it need not be there), and whether registries that have mirrors are left alone.
 * Before the first pull. */
void image_store_registries(struct image_store *s, const char *file, bool mirrors_only);

struct image {        /* heap; image_free() */
	char id[65];  /* SHA-256 of the config, hex */
	char *name;   /* normalised: docker.io/library/busybox:1 */
	char *digest; /* "sha256:…" of the manifest */
	int64_t size_bytes;
	int64_t stored_s;                /* when its manifest came here, wall clock; 0: unknown */
	char **layer_dirs;               /* unpacked, lowest first; NULL-terminated */
	char **entrypoint, **cmd, **env; /* NULL-terminated or NULL */
	char *working_dir, *user, *stop_signal;
	char **names; /* all tags and name@digest */
};
void image_free(struct image *i);
/* Full name of a reference as Docker means it: "busybox" → "docker.io/library/busybox:latest". ERR_BAD_REQUEST: InvalidImageName. */
int image_normalize(const char *reference, char **out, struct err *err);
int image_find(struct image_store *s, const char *reference_or_id, struct image **out,
	       struct err *err); /* ERR_NOT_FOUND */
int image_list(struct image_store *s, struct image ***out, size_t *n, struct err *err);
int image_remove(struct image_store *s, const char *reference_or_id, struct err *err);

/* progress: bytes done and total (0: unknown) of the whole; may be NULL. Any thread (the one that works). */
typedef void (*image_progress)(void *ctx, const char *what, int64_t done, int64_t total);
/* docker-archive, OCI archive or layout directory; plain, gzip or zstd; picks our platform. Nothing half-imported stays.
 * names: NULL-terminated list of the names that are now there; free each and the list. */
int image_import(struct image_store *s, const char *path, image_progress progress, void *ctx,
		 char ***out_names, struct err *err);

struct image_auth {
	const char *username, *password,
		*token; /* token: to be exchanged for one (OAuth 2.0); any may be NULL */
};
/* Pulls on the worker pool, done on the loop: image is NULL on error; err's text holds the registry's own words. Pulls of the same
 * reference at the same time are one. */
typedef void (*image_pulled)(void *ctx, struct image *image, const struct err *err);
void image_pull(struct image_store *s, struct loop *l, const char *reference,
		const struct image_auth *auth, image_progress progress, image_pulled done,
		void *ctx);

#endif
