/* SPDX-License-Identifier: Apache-2.0 */
/* Archives made in memory, also such as no tool would make. */
#ifndef TESTS_TAR_BUILDER_H
#define TESTS_TAR_BUILDER_H

#include <stdint.h>

#include "base/buf.h"

struct tar_item {
	char type; /* '0' file, '1' hard link, '2' symlink, '3' char, '5' directory, 'x' pax, 'L' long name */
	const char *name, *link;
	const char *content; /* text; NULL: empty */
	int mode;            /* 0: 0644 */
	int uid, major, minor;
};
void tar_add(struct buf *out, const struct tar_item *item);
void tar_end(struct buf *out);
void tar_pax(struct buf *out, const char *key,
	     const char *value); /* a pax header with one record, for the next item */

#endif
