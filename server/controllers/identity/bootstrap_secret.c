/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/identity/bootstrap_secret.h"

#include <mbedtls/md.h>

#include "api/object/meta.h"
#include "base/clock.h"
#include "base/encode.h"

static struct str field(const json_t *secret, const char *name, struct arena *a)
{
	auto_buf b = { 0 };
	struct str text = tree_get_str(secret, "data", name, NULL);
	if (text.n == 0 || !base64_decode(&b, text))
		return STR("");
	return arena_str(a, buf_view(&b));
}

bool bootstrap_secret_read(const struct object *o, struct arena *a, struct bootstrap_secret *out)
{
	json_t *tree = object_tree(o, NULL);
	struct str end = field(tree, "expiration", a);
	bool is = str_eqz(tree_get_str(tree, "type", NULL), "bootstrap.kubernetes.io/token");
	int64_t us = 0;
	*out = (struct bootstrap_secret){ .id = field(tree, "token-id", a),
					  .secret = field(tree, "token-secret", a) };
	out->signs = str_eqz(field(tree, "usage-bootstrap-signing", a), "true");
	if (end.n)
		out->end_s = time_parse(end, &us) ? us / 1000000 : 1;
	json_decref(tree);
	return is;
}

void bootstrap_sign(struct str content, struct str id, struct str secret, struct buf *out)
{
	auto_buf head = { 0 }, text = { 0 };
	unsigned char mac[SHA256_SIZE];
	buf_printf(&head, "{\"alg\":\"HS256\",\"kid\":\"%.*s\"}", STR_ARG(id));
	base64url_encode(&text, head.p, head.n);
	buf_str(out, buf_view(&text));
	buf_putc(&text, '.');
	base64url_encode(&text, content.p, content.n);
	mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
			(const unsigned char *)secret.p, secret.n, (const unsigned char *)text.p,
			text.n, mac);
	buf_puts(out, "..");
	base64url_encode(out, mac, sizeof(mac));
}
