/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/image_auth.h"

#include <jansson.h>

#include "base/encode.h"
#include "base/mem.h"

static void tree_free(json_t **t)
{
	json_decref(*t);
}

static struct str bare(struct str url)
{
	if (!str_cut_prefix(&url, STR("https://")))
		str_cut_prefix(&url, STR("http://"));
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	for (const char *version = "/v1\0/v2\0"; *version; version += strlen(version) + 1)
		if (str_ends(url, str_from(version)))
			url.n -= strlen(version);
	return url;
}

/* The registry of a full name, or a prefix of it that ends at a slash. Docker Hub has several names. */
static bool covers(struct str entry, struct str image)
{
	entry = bare(entry);
	if (str_eqz(entry, "index.docker.io") || str_eqz(entry, "docker.io"))
		entry = STR("docker.io");
	return str_starts(image, entry) && (image.n == entry.n || image.p[entry.n] == '/' ||
					    image.p[entry.n] == ':' || image.p[entry.n] == '@');
}

static const char *text(const json_t *entry, const char *key, struct arena *a)
{
	const char *value = json_string_value(json_object_get(entry, key));
	return value && *value ? arena_strdup(a, str_from(value)) : NULL;
}

static bool read_entry(const json_t *entry, struct arena *a, struct image_auth *out)
{
	auto_buf plain = { 0 };
	const char *both = text(entry, "auth", a);
	out->username = text(entry, "username", a);
	out->password = text(entry, "password", a);
	out->token = text(entry, "identitytoken", a);
	if (both && base64_decode(&plain, str_from(both))) {
		struct str rest = buf_view(&plain), user;
		str_next(&rest, ':', &user);
		out->username = arena_strdup(a, user);
		out->password = arena_strdup(a, rest);
	}
	return out->username || out->token;
}

static bool search(struct str json, bool wrapped, struct str image, struct arena *a,
		   struct image_auth *out)
{
	__attribute__((cleanup(tree_free))) json_t *tree = json_loadb(json.p, json.n, 0, NULL);
	const char *key;
	json_t *entry;
	size_t best = 0;
	json_t *found = NULL;
	json_object_foreach (wrapped ? json_object_get(tree, "auths") : tree, key, entry)
		if (covers(str_from(key), image) && strlen(key) > best) {
			best = strlen(key);
			found = entry;
		}
	return found && read_entry(found, a, out);
}

static struct str data_of(const struct core_v1_secret *s, const char *key)
{
	for (size_t i = 0; i < s->data.n; i++)
		if (str_eqz(s->data.items[i].key, key))
			return s->data.items[i].value;
	return (struct str){ 0 };
}

bool image_auth_find(const struct pod_source *s, struct str image, struct arena *a,
		     struct image_auth *out)
{
	const struct core_v1_pod_spec *spec = &s->fields.pod->spec;
	auto_free char *full = NULL;
	if (image_normalize(image.p, &full, NULL) < 0)
		return false;
	for (size_t i = 0; i < spec->image_pull_secrets.n; i++) {
		const struct core_v1_secret *secret =
			s->secret(s->ctx, spec->image_pull_secrets.items[i].name);
		if (!secret)
			continue;
		struct str json = data_of(secret, ".dockerconfigjson"),
			   old = data_of(secret, ".dockercfg");
		if ((json.p && search(json, true, str_from(full), a, out)) ||
		    (old.p && search(old, false, str_from(full), a, out)))
			return true;
	}
	return false;
}
