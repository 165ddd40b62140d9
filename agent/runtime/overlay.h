/* SPDX-License-Identifier: Apache-2.0 */
/* A container's root: the image's layers below, its own directory above. Blocking; any thread. */
#ifndef AGENT_RUNTIME_OVERLAY_H
#define AGENT_RUNTIME_OVERLAY_H

#include "base/err.h"

struct overlay {
	const char *const *lower; /* lowest first, NULL-terminated */
	const char *upper,
		*work; /* NULL: nothing is written, nothing is executed; two layers at least */
	const char *target;
};
int overlay_mount(const struct overlay *o, struct err *err);
void overlay_unmount(const char *target); /* detaches; not mounted is fine */
/* Can `dir` hold upper directories? ERR_UNAVAILABLE says why not (it is on an overlay itself, …). */
int overlay_check(const char *dir, struct err *err);

#endif
