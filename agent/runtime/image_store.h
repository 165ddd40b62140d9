/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of the content store. Private to agent/runtime. Blocking; any thread; several processes at a time.
 *
 *   blobs/HEX       manifests and configs by their SHA-256 (layers are kept unpacked only)
 *   layers/HEX/     by diff id (SHA-256 of the plain tar): fs/, what overlayfs takes as a lower directory, and size
 *   names/NAME      "MANIFEST TARGET\n", two digests; TARGET is the index that MANIFEST was picked from, or MANIFEST again.
 *                   NAME has '/' as "%2f"
 *   pins/ID         an image id that the container ID needs
 *   partial/HEX     downloads, resumed after a break
 *   tmp/            whatever is being made; renamed when complete, emptied when nobody works
 *   lock            flock: shared while something is added, exclusive to remove what nothing refers to */
#ifndef AGENT_RUNTIME_IMAGE_STORE_H
#define AGENT_RUNTIME_IMAGE_STORE_H

#include <pthread.h>

#include "agent/runtime/image.h"
#include "agent/runtime/manifest.h"
#include "base/buf.h"
#include "base/list.h"

#define BLOB_MAX (4 * 1024 * 1024) /* of a manifest or config */

struct image_store {
	char *dir;
	char *registries; /* where images come from (registries.h); NULL: from their registries */
	bool mirrors_only;
	_Atomic unsigned next_tmp;
	pthread_mutex_t mutex; /* the pulls */
	struct list pulls;
	unsigned
		running; /* pull threads; each one's last touch of the store is to leave this count */
	pthread_cond_t idle; /* running fell to 0 */
};

/* Lock for adding; released by close(). */
int store_lock(struct image_store *s, bool exclusive, int *out_fd, struct err *err);
char *store_path(const struct image_store *s, const char *kind,
		 const char *name);     /* heap: DIR/KIND/NAME */
char *store_tmp(struct image_store *s); /* heap: a fresh name below tmp/ */
bool store_has_layer(const struct image_store *s, const char *diff_hex);
/* Unpacked into tmp, verified and synced by the caller: moved into place. There already is fine. */
int store_add_layer(struct image_store *s, const char *tmp, const char *diff_hex,
		    int64_t size_bytes, struct err *err);
int64_t store_layer_bytes(const struct image_store *s, const char *diff_hex);
int store_add_blob(struct image_store *s, const char *hex, struct str bytes, struct err *err);
int store_read_blob(const struct image_store *s, const char *hex, struct buf *out, struct err *err);
/* When it came here, wall clock; 0: it is not there. */
int64_t store_blob_time_s(const struct image_store *s, const char *hex); /* verified */
int store_sync(const struct image_store *s, struct err *err); /* before names point to it */
int store_set_name(struct image_store *s, const char *name, const char *text, struct err *err);
int store_get_name(const struct image_store *s, const char *name, struct buf *out, struct err *err);
int store_drop_name(const struct image_store *s, const char *name, struct err *err);
/* fn per name; a non-zero result ends it and is returned. */
int store_each_name(const struct image_store *s,
		    int (*fn)(void *ctx, const char *name, const char *text), void *ctx);
void store_collect(struct image_store *s); /* removes what no name and no pin refers to */

int image_pin(struct image_store *s, const char *image_id, const char *container_id,
	      struct err *err);
void image_unpin(struct image_store *s, const char *container_id);

#endif
