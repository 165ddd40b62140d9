/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks one layer (a tar of changes, OCI's image-spec/layer.md) into a directory as overlayfs wants its lower ones. Nothing that an
 * archive holds can touch anything outside of it. Blocking; one thread. */
#ifndef AGENT_RUNTIME_LAYER_H
#define AGENT_RUNTIME_LAYER_H

#include "agent/runtime/blob_reader.h"

#define LAYER_ENTRIES_MAX 2000000
#define LAYER_BYTES_MAX   ((int64_t)256 << 30) /* of the plain tar */

/* `dir` is there and empty. out_bytes: what the files hold. */
int layer_unpack(struct blob_reader *from, const char *dir, int64_t *out_bytes, struct err *err);

#endif
