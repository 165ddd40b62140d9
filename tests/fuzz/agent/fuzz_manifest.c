/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes, configs and challenges, whatever they are. */
#include <stdlib.h>

#include "agent/runtime/manifest.h"
#include "agent/runtime/registry_auth.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str json = str_of(data, n);
	struct manifest m;
	struct image_config c;
	struct descriptor d = { .digest = "" };
	struct challenge challenge;
	auto_free char *text = str_dup(json);
	document_is_index(json, STR(""));
	if (index_pick(json, &d, NULL) == 0 && !digest_valid(d.digest))
		abort();
	descriptor_free(&d);
	if (manifest_parse(json, &m, NULL) == 0) {
		for (size_t i = 0; i < m.nlayers; i++)
			if (!digest_valid(m.layers[i].digest) || m.layers[i].size_bytes < 0)
				abort();
		manifest_free(&m);
	}
	if (image_config_parse(json, &c, NULL) == 0)
		image_config_free(&c);
	challenge_parse(text, &challenge);
	return 0;
}
