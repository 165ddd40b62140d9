/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authn/bootstrap_token.h"

#include "api/object/meta.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define ID_BYTES     6
#define SECRET_BYTES 16
#define GROUPS_MAX   32
#define GROUP        "system:bootstrappers"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool bootstrap_token_is(struct str t)
{
	if (t.n != ID_BYTES + 1 + SECRET_BYTES || t.p[ID_BYTES] != '.')
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (i != ID_BYTES && !is_plain(t.p[i]))
			return false;
	return true;
}

/* A field of the Secret, decoded; empty when absent. */
static struct str field(const json_t *secret, const char *name, struct arena *a)
{
	auto_buf b = { 0 };
	struct str text = tree_get_str(secret, "data", name, NULL);
	if (text.n == 0 || !base64_decode(&b, text))
		return STR("");
	return arena_str(a, buf_view(&b));
}

/* In a time that says nothing about where they differ. */
static bool secrets_equal(struct str a, struct str b)
{
	unsigned char differ = a.n != b.n;
	for (size_t i = 0; i < a.n && i < b.n; i++)
		differ |= (unsigned char)(a.p[i] ^ b.p[i]);
	return !differ;
}

static bool is_expired(struct str when, int64_t now_s)
{
	int64_t us;
	return when.n && (!time_parse(when, &us) || us / 1000000 < now_s);
}

/* system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9] */
static bool group_is_fine(struct str g)
{
	if (!str_cut_prefix(&g, STR(GROUP ":")) || g.n == 0 || g.n > 256)
		return false;
	for (size_t i = 0; i < g.n; i++)
		if (!is_plain(g.p[i]) && g.p[i] != ':' && g.p[i] != '-')
			return false;
	return is_plain(g.p[g.n - 1]);
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* In order, each once. */
static int groups_read(struct str text, struct arena *a, struct api_user *out)
{
	struct str *groups = ARENA_ARRAY(a, struct str, GROUPS_MAX + 1), one;
	size_t n = 0, kept = 1;
	groups[n++] = STR(GROUP);
	while (text.n && str_next(&text, ',', &one)) {
		if (!group_is_fine(one) || n > GROUPS_MAX)
			return -1;
		groups[n++] = one;
	}
	qsort(groups, n, sizeof(*groups), by_text);
	for (size_t i = 1; i < n; i++)
		if (!str_eq(groups[i], groups[kept - 1]))
			groups[kept++] = groups[i];
	n = kept;
	out->groups = groups;
	out->ngroups = n;
	return 0;
}

static bool accepts(const json_t *secret, struct str id, struct str key, int64_t now_s,
		    struct arena *a)
{
	return str_eqz(tree_get_str(secret, "type", NULL), "bootstrap.kubernetes.io/token") &&
	       secrets_equal(field(secret, "token-secret", a), key) &&
	       str_eq(field(secret, "token-id", a), id) &&
	       !is_expired(field(secret, "expiration", a), now_s) &&
	       str_eqz(field(secret, "usage-bootstrap-authentication", a), "true");
}

int bootstrap_token_authenticate(struct cache_set *objects, struct str token, int64_t now_s,
				 struct arena *a, struct api_user *out, struct err *err)
{
	struct str id = str_of(token.p, ID_BYTES),
		   key = str_of(token.p + ID_BYTES + 1, SECRET_BYTES);
	auto_buf name = { 0 }, path = { 0 };
	buf_printf(&name, "bootstrap-token-%.*s", STR_ARG(id));
	object_key(API_CORE_V1_SECRETS, STR("kube-system"), buf_view(&name), &path);
	const struct object *o = cache_get(cache_of(objects, API_CORE_V1_SECRETS), buf_view(&path));
	json_t *secret = o && !o->deleting ? object_tree(o, NULL) : NULL;
	bool fine = secret && accepts(secret, id, key, now_s, a) &&
		    groups_read(field(secret, "auth-extra-groups", a), a, out) == 0;
	if (fine)
		out->name = str_from(arena_printf(a, "system:bootstrap:%.*s", STR_ARG(id)));
	json_decref(secret);
	object_unref(o);
	return fine ? 0 : err_set(err, ERR_UNAUTHORIZED, "invalid bearer token");
}
