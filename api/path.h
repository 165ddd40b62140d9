/* SPDX-License-Identifier: Apache-2.0 */
/* Where we are in a tree: a chain of stack frames from the value up to the root, made into text only for a message
 * ("spec.containers[0].image"). Any thread. */
#ifndef API_PATH_H
#define API_PATH_H

#include "base/buf.h"

struct path {
	const struct path *up; /* NULL: a member of the root */
	struct str name;
	size_t index;
	bool is_index;
	const char *
		embedded; /* Go names the embedded struct around a field in errors, and nowhere else; NULL: none */
	size_t embedded_n;
	bool is_key; /* a map's key, which Go doesn't count as a field */
};

char *path_text(const struct path *p); /* heap */
char *path_fields(
	const struct
	path *p); /* heap; without indices: "spec.containers.image", as Go's decoder names a field */

#endif
