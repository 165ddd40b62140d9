/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/identity/legacy_token.h"

#include "api/object/meta.h"
#include "base/clock.h"
#include "base/mem.h"

#define DAY_S     86400
#define LAST_USED "kubernetes.io/legacy-token-last-used"
#define ACCOUNT   "kubernetes.io/service-account.name"
#define UID       "kubernetes.io/service-account.uid"

void legacy_token_day(int64_t s, char out[11])
{
	char text[TIME_TEXT_MAX];
	time_format(s, text);
	memcpy(out, text, 10);
	out[10] = '\0';
}

static bool day_read(struct str day, int64_t *s)
{
	int64_t us;
	auto_free char *text = str_printf("%.*sT00:00:00Z", STR_ARG(day));
	if (day.n != 10 || !time_parse(str_from(text), &us))
		return false;
	*s = us / 1000000;
	return true;
}

bool legacy_tokens_are_tracked(struct str since, int64_t now_s)
{
	int64_t day;
	return day_read(since, &day) && now_s >= day + DAY_S + LEGACY_TOKEN_UNUSED_S;
}

static bool names_secret(const json_t *account, struct str name)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(account, "secrets"), i, one)
		if (str_eq(tree_get_str(one, "name", NULL), name))
			return true;
	return false;
}

/* Made for the account by itself, not by somebody: the account names it. */
static bool is_automatic(const struct legacy_token *t)
{
	struct str uid = meta_annotation(t->secret, UID);
	return t->account && meta_annotation(t->secret, ACCOUNT).n &&
	       (uid.n == 0 || str_eq(uid, meta_uid(t->account))) &&
	       names_secret(t->account, meta_name(t->secret));
}

static bool is_young(const struct legacy_token *t, int64_t before_s)
{
	int64_t us;
	return !time_parse(meta_creation(t->secret), &us) || us / 1000000 >= before_s;
}

/* Days are compared as texts. One that can't be read says nothing, and keeps it. */
static bool was_used(const struct legacy_token *t, const char *since)
{
	struct str last = meta_label(t->secret, LAST_USED);
	int64_t day;
	if (!json_object_get(meta_labels(t->secret), LAST_USED))
		return false;
	return !day_read(last, &day) || str_cmp(last, str_from(since)) >= 0;
}

enum legacy_token_step legacy_token_plan(const struct legacy_token *t, int64_t now_s)
{
	struct str invalid = meta_label(t->secret, LEGACY_TOKEN_INVALID);
	int64_t before_s = now_s - LEGACY_TOKEN_UNUSED_S, day;
	char since[11];
	legacy_token_day(before_s, since);
	if (!str_eqz(tree_get_str(t->secret, "type", NULL),
		     "kubernetes.io/service-account-token") ||
	    is_young(t, before_s) || tree_get(t->secret, "metadata", "deletionTimestamp", NULL) ||
	    was_used(t, since) || !is_automatic(t) || t->mounted)
		return LEGACY_TOKEN_KEEP;
	if (!day_read(invalid, &day))
		return LEGACY_TOKEN_INVALIDATE;
	return str_cmp(invalid, str_from(since)) >= 0 ? LEGACY_TOKEN_KEEP : LEGACY_TOKEN_DELETE;
}

/* Members whose name is that of a Secret. */
static bool refers(const char *key, const json_t *value, struct str secret)
{
	static const char *const refs[] = { "secretRef", "secretKeyRef", "nodePublishSecretRef",
					    "secret" };
	if (!strcmp(key, "secretName"))
		return str_eq(tree_str(value), secret);
	for (size_t i = 0; i < COUNT_OF(refs); i++)
		if (!strcmp(key, refs[i]))
			return str_eq(tree_get_str(value, "name", NULL), secret);
	return false;
}

static bool any_refers(const json_t *tree, struct str secret)
{
	const char *key;
	json_t *value;
	size_t i;
	if (json_is_array(tree))
		json_array_foreach (tree, i, value)
			if (any_refers(value, secret))
				return true;
	json_object_foreach ((json_t *)(uintptr_t)tree, key, value)
		if (refers(key, value, secret) || any_refers(value, secret))
			return true;
	return false;
}

bool legacy_token_is_mounted(const json_t *pod, struct str secret)
{
	const json_t *spec = json_object_get(pod, "spec"), *one;
	size_t i;
	json_array_foreach (json_object_get(spec, "imagePullSecrets"), i, one)
		if (str_eq(tree_get_str(one, "name", NULL), secret))
			return true;
	return any_refers(spec, secret);
}
