/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of manifests that is watched (inotify): tells which files are new, changed or gone, below it, too. Nothing polls: a
 * change leads to a look at the tree on a worker thread, a moment after the last one of a burst. Loop thread. */
#ifndef SERVER_CONTROLLERS_MANIFESTS_MANIFEST_DIR_H
#define SERVER_CONTROLLERS_MANIFESTS_MANIFEST_DIR_H

#include "base/str.h"
#include "net/loop.h"

struct manifest_dir;
/* on_file(ctx, path): `path` is relative to `dir`; also for files that have "NAME.skip" beside them come or go. Begins with all that are
 * there. */
struct manifest_dir *manifest_dir_new(struct loop *l, const char *dir,
				      void (*on_file)(void *ctx, struct str path), void *ctx);
void manifest_dir_free(struct manifest_dir *d); /* NULL is fine; no call after it */

#endif
