/* SPDX-License-Identifier: Apache-2.0 */
/* The table itself is assembled by cmake/embed.cmake. */
#include "embed/blob.h"

#include <string.h>

const struct blob *blob_find(const char *name)
{
	for (const struct blob *b = embed_blobs; b < embed_blobs_end; b++)
		if (strcmp(b->name, name) == 0)
			return b;
	return NULL;
}
