/* SPDX-License-Identifier: Apache-2.0 */
/* Files baked into the executable: "crun", "licenses.gz", and everything below embed/files/ under its path there.
 * Constant data, any thread, lives as long as the program. */
#ifndef EMBED_BLOB_H
#define EMBED_BLOB_H

#include <stddef.h>

struct blob {
	const char *name;
	const unsigned char
		*data; /* a zero byte follows the last one, so that text is a C string, too */
	size_t n;      /* bytes, without that zero */
};

extern const struct blob embed_blobs[], embed_blobs_end[];

const struct blob *blob_find(const char *name); /* NULL: not baked in (a build without crun) */

#endif
