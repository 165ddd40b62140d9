/* SPDX-License-Identifier: Apache-2.0 */
/* From a name in the store to what it stands for. Private to agent/runtime. Blocking; any thread. */
#ifndef AGENT_RUNTIME_IMAGE_LOAD_H
#define AGENT_RUNTIME_IMAGE_LOAD_H

#include "agent/runtime/image_store.h"

struct name_target {
	char manifest[DIGEST_TEXT]; /* what runs here */
	char target[DIGEST_TEXT];   /* what others call it: perhaps an index */
};
bool name_text_parse(const char *text, struct name_target *out);
/* By name, id, or digest. The name found is heap. ERR_NOT_FOUND. */
int image_locate(const struct image_store *s, const char *text, char **out_name,
		 struct name_target *out, struct err *err);
int image_load(const struct image_store *s, const char *name, const struct name_target *t,
	       struct image **out, struct err *err);

#endif
