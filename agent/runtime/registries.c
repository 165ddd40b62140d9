/* SPDX-License-Identifier: Apache-2.0 */
/* Follows k3s (pkg/agent/containerd/config.go) in what an endpoint means: scheme, default path, order, wild cards. */
#include "agent/runtime/registries.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "agent/runtime/registry_host.h"
#include "api/codec.h"
#include "api/values/pattern.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"

#define FILE_MAX (1024 * 1024)

/* --- the file --- */

enum shape { TEXT, FLAG, TEXTS, TEXT_MAP };
struct field {
	const char *name;
	enum shape shape;
};
static const struct field mirror_fields[] = { { "endpoint", TEXTS }, { "rewrite", TEXT_MAP } };
static const struct field auth_fields[] = {
	{ "username", TEXT }, { "password", TEXT }, { "auth", TEXT }, { "identity_token", TEXT }
};
static const struct field tls_fields[] = { { "ca_file", TEXT },
					   { "cert_file", TEXT },
					   { "key_file", TEXT },
					   { "insecure_skip_verify", FLAG } };

static bool fits(enum shape shape, const json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;
	if (json_is_null(value))
		return true;
	if (shape == TEXT)
		return json_is_string(value);
	if (shape == FLAG)
		return json_is_boolean(value);
	if (!(shape == TEXTS ? json_is_array(value) : json_is_object(value)))
		return false;
	json_array_foreach (value, i, item)
		if (!json_is_string(item))
			return false;
	json_object_foreach ((json_t *)(uintptr_t)value, key, item)
		if (!json_is_string(item))
			return false;
	return true;
}

static int fields_check(const char *where, json_t *object, const struct field *fields, size_t n,
			struct err *err)
{
	static const char *const wanted[] = { [TEXT] = "a text",
					      [FLAG] = "true or false",
					      [TEXTS] = "a list of texts",
					      [TEXT_MAP] = "a map of texts" };
	const char *key;
	json_t *value;
	if (object && !json_is_object(object) && !json_is_null(object))
		return err_set(err, ERR_INVALID, "%s: has to be a map", where);
	json_object_foreach (object, key, value) {
		size_t i = 0;
		while (i < n && strcmp(fields[i].name, key) != 0)
			i++;
		if (i == n)
			return err_set(err, ERR_INVALID, "%s: unknown field %s", where, key);
		if (!fits(fields[i].shape, value))
			return err_set(err, ERR_INVALID, "%s.%s: has to be %s", where, key,
				       wanted[fields[i].shape]);
	}
	return 0;
}

static int rewrites_check(const char *where, json_t *mirror, struct err *err)
{
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(mirror, "rewrite"), key, value) {
		struct pattern *p = NULL;
		int r = pattern_new(str_from(key), &p, err);
		if (r < 0)
			return err_wrap(err, r, "%s.rewrite", where);
		pattern_free(p);
	}
	return 0;
}

static int mirror_check(const char *name, json_t *mirror, struct err *err)
{
	auto_free char *where = str_printf("mirrors.\"%s\"", name);
	int r = fields_check(where, mirror, mirror_fields, COUNT_OF(mirror_fields), err);
	return r == 0 ? rewrites_check(where, mirror, err) : r;
}

static int config_check(const char *name, json_t *config, struct err *err)
{
	auto_free char *where = str_printf("configs.\"%s\"", name);
	const char *key;
	json_t *value;
	int r = 0;
	if (!json_is_object(config) && !json_is_null(config))
		return err_set(err, ERR_INVALID, "%s: has to be a map", where);
	json_object_foreach (config, key, value) {
		auto_free char *part = str_printf("%s.%s", where, key);
		if (!strcmp(key, "auth"))
			r = fields_check(part, value, auth_fields, COUNT_OF(auth_fields), err);
		else if (!strcmp(key, "tls"))
			r = fields_check(part, value, tls_fields, COUNT_OF(tls_fields), err);
		else
			r = err_set(err, ERR_INVALID, "%s: unknown field %s", where, key);
		if (r < 0)
			break;
	}
	return r;
}

static int tree_check(json_t *tree, struct err *err)
{
	const char *key, *name;
	json_t *part, *item;
	if (!json_is_object(tree) && !json_is_null(tree))
		return err_set(err, ERR_INVALID, "has to be a map");
	json_object_foreach (tree, key, part) {
		bool mirrors = !strcmp(key, "mirrors");
		if (!mirrors && strcmp(key, "configs") != 0)
			return err_set(err, ERR_INVALID, "unknown field %s", key);
		if (!json_is_object(part) && !json_is_null(part))
			return err_set(err, ERR_INVALID, "%s: has to be a map", key);
		json_object_foreach (part, name, item) {
			int r = mirrors ? mirror_check(name, item, err)
					: config_check(name, item, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int read_tree(const char *file, json_t **out, struct err *err)
{
	auto_buf text = { 0 };
	*out = NULL;
	if (!file)
		return 0;
	int r = file_read(file, FILE_MAX, &text, err);
	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (r == 0 && text.n)
		r = api_yaml_parse(buf_view(&text), out, NULL, err);
	if (r == 0)
		r = tree_check(*out, err);
	return r < 0 ? err_wrap(err, r, "%s", file) : 0;
}

int registries_check(const char *file, struct err *err)
{
	json_t *tree;
	int r = read_tree(file, &tree, err);
	json_decref(tree);
	return r;
}

/* --- what it means for an image --- */

static char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && *text ? str_dup(str_from(text)) : NULL;
}

static bool is_docker_hub(struct str host)
{
	return str_eqz(host, "docker.io") || str_eqz(host, "index.docker.io") ||
	       str_eqz(host, "registry-1.docker.io");
}

static const json_t *for_host(const json_t *map, struct str host)
{
	const json_t *found = json_object_getn(map, host.p, host.n);
	if (!found && is_docker_hub(host))
		for (const char *const *name =
			     (const char *const[]){ "docker.io", "registry-1.docker.io",
						    "index.docker.io", NULL };
		     *name && !found; name++)
			found = json_object_get(map, *name);
	return found ? found : json_object_get(map, "*");
}

static void take_auth(struct registry_endpoint *e, const json_t *auth)
{
	auto_buf plain = { 0 };
	const char *both = json_string_value(json_object_get(auth, "auth"));
	e->username = text_of(auth, "username");
	e->password = text_of(auth, "password");
	e->identity_token = text_of(auth, "identity_token");
	if (!e->username && both && base64_decode(&plain, str_from(both))) {
		struct str rest = buf_view(&plain), user;
		str_next(&rest, ':', &user);
		e->username = str_dup(user);
		free(e->password);
		e->password = str_dup(rest);
	}
}

static void take_config(struct registry_endpoint *e, const json_t *tree, struct str host)
{
	const json_t *config = for_host(json_object_get(tree, "configs"), host);
	const json_t *tls = json_object_get(config, "tls");
	take_auth(e, json_object_get(config, "auth"));
	e->ca_file = text_of(tls, "ca_file");
	e->cert_file = text_of(tls, "cert_file");
	e->key_file = text_of(tls, "key_file");
	e->insecure = json_is_true(json_object_get(tls, "insecure_skip_verify"));
}

/* The first rewrite that changes the name counts. */
static char *rewritten(json_t *rewrites, const char *path)
{
	const char *pattern;
	json_t *by;
	json_object_foreach (rewrites, pattern, by) {
		struct pattern *p = NULL;
		auto_buf out = { 0 };
		if (pattern_new(str_from(pattern), &p, NULL) < 0)
			continue;
		bool changed =
			pattern_replace(p, str_from(path), str_from(json_string_value(by)), &out) &&
			!str_eqz(buf_view(&out), path);
		pattern_free(p);
		if (changed)
			return buf_take(&out);
	}
	return str_dup(str_from(path));
}

static char *endpoint_url(struct str text, struct str *host)
{
	struct str scheme = { 0 }, path;
	char base[300];
	size_t at = 0;
	while (at + 3 <= text.n && memcmp(text.p + at, "://", 3) != 0)
		at++;
	if (at + 3 <= text.n) {
		scheme = str_of(text.p, at);
		text = str_of(text.p + at + 3, text.n - at - 3);
	}
	*host = str_of(text.p, str_find(text, '/'));
	path = str_of(text.p + host->n, text.n - host->n);
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	if (!path.n)
		path = STR("/v2");
	if (is_docker_hub(*host))
		*host = STR("docker.io");
	auto_free char *domain = str_dup(*host);
	registry_base_url(domain, base, sizeof(base));
	const char *rest = strstr(base, "://") + 3;
	return scheme.n ? str_printf("%.*s://%s%.*s", STR_ARG(scheme), rest, STR_ARG(path))
			: str_printf("%s%.*s", base, STR_ARG(path));
}

static void endpoint_clear(struct registry_endpoint *e)
{
	char **const texts[] = { &e->url,      &e->path,      &e->meant,
				 &e->username, &e->password,  &e->identity_token,
				 &e->ca_file,  &e->cert_file, &e->key_file };
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		free(TAKE(*texts[i]));
}

void registries_endpoints_free(struct registry_endpoint *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		endpoint_clear(&list[i]);
	free(list);
}

/* One that is there already is not asked twice. */
static void add(struct registry_endpoint *list, size_t *n, struct registry_endpoint e)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(list[i].url, e.url)) {
			endpoint_clear(&e);
			return;
		}
	list[(*n)++] = e;
}

int registries_endpoints(const struct registries_config *c, const struct image_ref *ref,
			 struct registry_endpoint **out, size_t *n, struct err *err)
{
	json_t *tree, *text;
	struct str domain = str_from(ref->domain), host;
	size_t i;
	int r = read_tree(c->file, &tree, err);
	if (r < 0) {
		json_decref(tree);
		return r;
	}
	const json_t *mirror = for_host(json_object_get(tree, "mirrors"), domain);
	const json_t *endpoints = json_object_get(mirror, "endpoint");
	struct registry_endpoint *list =
		mem_zalloc((json_array_size(endpoints) + 1) * sizeof(*list));
	*n = 0;
	json_array_foreach (endpoints, i, text) {
		struct registry_endpoint e = {
			.url = endpoint_url(str_from(json_string_value(text)), &host),
			.path = rewritten(json_object_get(mirror, "rewrite"), ref->path),
			.meant = str_dup(domain),
		};
		take_config(&e, tree, host);
		add(list, n, e);
	}
	if (!(c->mirrors_only && *n)) {
		struct registry_endpoint e = { .url = endpoint_url(domain, &host),
					       .path = str_dup(str_from(ref->path)) };
		take_config(&e, tree, host);
		add(list, n, e);
	}
	json_decref(tree);
	*out = list;
	return 0;
}
