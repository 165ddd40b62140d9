/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/services/slice_name.h"

#include "base/buf.h"
#include "base/encode.h"

#define SUFFIX 5

struct str slice_name(struct arena *arena, const struct meta_v1_object_meta *owner,
		      struct str identity)
{
	auto_buf seed = { 0 };
	char suffix[SUFFIX + 1];

	buf_str(&seed, owner->uid);
	buf_str(&seed, identity);
	name_suffix(fnv1a32(seed.p, seed.n), suffix, SUFFIX);
	return str_from(arena_printf(arena, "%.*s-%s", STR_ARG(owner->name), suffix));
}
