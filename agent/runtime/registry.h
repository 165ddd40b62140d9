/* SPDX-License-Identifier: Apache-2.0 */
/* One repository, at its registry or at mirrors of it (registries.h), over the HTTP API v2 (distribution-spec 1.1, Docker's token authentication). Errors carry the
 * registry's own words. Blocking; a registry may be used by several threads, each with its own transfer. */
#ifndef AGENT_RUNTIME_REGISTRY_H
#define AGENT_RUNTIME_REGISTRY_H

#include <stdatomic.h>

#include "agent/runtime/registries.h"
#include "base/buf.h"

struct registry;
struct transfer;

/* auth: of the one who asks; may be NULL. The file's credentials are for where it has none, and win at mirrors. */
int registry_new(const struct registries_config *config, const struct image_ref *ref,
		 const struct image_auth *auth, struct registry **out, struct err *err);
void registry_free(struct registry *r);

/* cancel: set by anybody to end what runs. taken: bytes that came in (may be NULL). */
struct transfer *transfer_new(struct registry *r, atomic_bool *cancel,
			      void (*taken)(void *ctx, int64_t bytes), void *ctx);
void transfer_free(struct transfer *t);

/* reference: a tag or digest. out_digest is of the bytes, checked against what was asked for. ERR_NOT_FOUND, ERR_UNAUTHORIZED … */
int registry_manifest(struct transfer *t, const char *reference, struct buf *out,
		      char **out_media_type, char out_digest[DIGEST_TEXT], struct err *err);
int registry_blob(struct transfer *t, const struct descriptor *d, size_t max, struct buf *out,
		  struct err *err); /* verified */
/* Into `path`, going on where an earlier try stopped. Verified; on a wrong digest the file is gone. fd is open for reading. */
int registry_download(struct transfer *t, const struct descriptor *d, const char *path, int *out_fd,
		      struct err *err);

#endif
