/* SPDX-License-Identifier: Apache-2.0 */
/* Pod templates compared and hashed by the JSON that they are written as. */
#include <stdio.h>

#include "base/encode.h"
#include "server/controllers/workloads/deployment_plan.h"

static void canonical(const struct core_v1_pod_template_spec *t, struct buf *out)
{
	struct core_v1_pod_template_spec copy = *t;
	struct api_str_pair kept[64];
	size_t n = 0;

	for (size_t i = 0; i < t->metadata.labels.n && n < 64; i++)
		if (!str_eqz(t->metadata.labels.items[i].key, POD_TEMPLATE_HASH))
			kept[n++] = t->metadata.labels.items[i];
	copy.metadata.labels.items = kept;
	copy.metadata.labels.n = n;
	copy.metadata.creation_timestamp.set = false;
	struct_write_json(api_struct_core_v1_pod_template_spec, &copy, out);
}

bool deployment_template_equal(const struct core_v1_pod_template_spec *a,
			       const struct core_v1_pod_template_spec *b)
{
	auto_buf x = { 0 }, y = { 0 };

	canonical(a, &x);
	canonical(b, &y);
	return str_eq(buf_view(&x), buf_view(&y));
}

/* Ten characters at most, as upstream's: the decimal digits of a 32-bit FNV hash in an alphabet without vowels. */
void deployment_template_hash(const struct core_v1_pod_template_spec *t, const int32_t *collisions,
			      char out[TEMPLATE_HASH_MAX])
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	auto_buf text = { 0 };
	size_t i = 0;

	canonical(t, &text);
	if (collisions)
		buf_printf(&text, "%d", *collisions);
	snprintf(out, TEMPLATE_HASH_MAX, "%u", fnv1a32(text.p, text.n));
	for (; out[i]; i++)
		out[i] = alphabet[(unsigned char)out[i] % (sizeof(alphabet) - 1)];
}
