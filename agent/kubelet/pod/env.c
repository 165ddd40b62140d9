/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/env.h"

#include <ctype.h>
#include <stdio.h>

#include "agent/kubelet/pod/env_file.h"
#include "base/buf.h"
#include "base/mem.h"

static void set(struct env_list *l, struct arena *a, struct str name, struct str value)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].key, name)) {
			l->items[i].value = value;
			return;
		}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 32;
		struct api_str_pair *more = ARENA_ARRAY(a, struct api_str_pair, cap);
		if (l->n)
			memcpy(more, l->items, l->n * sizeof(*more));
		l->items = more;
		l->cap = cap;
	}
	l->items[l->n++] = (struct api_str_pair){ name, value };
}

struct str env_get(const struct env_list *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].key, name))
			return l->items[i].value.p ? l->items[i].value : STR("");
	return (struct str){ 0 };
}

struct str env_expand(const struct env_list *l, struct str text, struct arena *a)
{
	if (str_find(text, '$') == text.n)
		return text;
	auto_buf b = { 0 };
	for (size_t i = 0; i < text.n; i++) {
		struct str rest = str_of(text.p + i, text.n - i);
		if (rest.p[0] != '$' || rest.n == 1) {
			buf_putc(&b, rest.p[0]);
		} else if (rest.p[1] == '$') {
			buf_putc(&b, '$');
			i++;
		} else if (rest.p[1] == '(' && str_find(rest, ')') < rest.n) {
			size_t end = str_find(rest, ')');
			struct str value = env_get(l, str_of(rest.p + 2, end - 2));
			buf_str(&b, value.p ? value : str_of(rest.p, end + 1));
			i += end;
		} else {
			buf_putc(&b, '$');
		}
	}
	buf_puts(&b, "");
	return b.n ? arena_str(a, buf_view(&b)) : STR("");
}

const char **env_argv(const struct env_list *l, struct arena *a)
{
	const char **out = ARENA_ARRAY(a, const char *, l->n + 1);
	for (size_t i = 0; i < l->n; i++)
		out[i] = arena_printf(a, "%.*s=%.*s", STR_ARG(l->items[i].key),
				      STR_ARG(l->items[i].value));
	return out;
}

/* --- services --- */

static struct str service_prefix(struct str name, struct arena *a)
{
	char *p = arena_strdup(a, name);
	for (char *c = p; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return str_from(p);
}

static void set_text(struct env_list *l, struct arena *a, struct str prefix, const char *suffix,
		     struct str value)
{
	set(l, a, str_from(arena_printf(a, "%.*s%s", STR_ARG(prefix), suffix)), value);
}

static void add_links(struct env_list *l, struct arena *a, struct str prefix, struct str ip,
		      const struct core_v1_service_port *ports, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char protocol[8] = "TCP", lower[8];
		if (ports[i].protocol.n)
			snprintf(protocol, sizeof(protocol), "%.*s", STR_ARG(ports[i].protocol));
		for (size_t k = 0; k < sizeof(lower); k++)
			lower[k] = (char)tolower((unsigned char)protocol[k]);
		bool v6 = str_find(ip, ':') < ip.n;
		struct str url = str_from(arena_printf(a, "%s://%s%.*s%s:%d", lower, v6 ? "[" : "",
						       STR_ARG(ip), v6 ? "]" : "", ports[i].port));
		struct str each = str_from(arena_printf(a, "%.*s_PORT_%d_%s", STR_ARG(prefix),
							ports[i].port, protocol));
		if (i == 0)
			set_text(l, a, prefix, "_PORT", url);
		set_text(l, a, each, "", url);
		set_text(l, a, each, "_PROTO", str_from(arena_strdup(a, str_from(lower))));
		set_text(l, a, each, "_PORT", str_from(arena_printf(a, "%d", ports[i].port)));
		set_text(l, a, each, "_ADDR", ip);
	}
}

static void add_service(struct env_list *l, struct arena *a, const struct core_v1_service *s)
{
	struct str ip = s->spec.cluster_ip;
	if (!ip.n || str_eqz(ip, "None") || s->spec.ports.n == 0)
		return;
	struct str prefix = service_prefix(s->metadata.name, a);
	const struct core_v1_service_port *ports = s->spec.ports.items;
	set_text(l, a, prefix, "_SERVICE_HOST", ip);
	set_text(l, a, prefix, "_SERVICE_PORT", str_from(arena_printf(a, "%d", ports[0].port)));
	for (size_t i = 0; i < s->spec.ports.n; i++)
		if (ports[i].name.n) {
			struct str name = service_prefix(ports[i].name, a);
			set_text(l, a, prefix, arena_printf(a, "_SERVICE_PORT_%.*s", STR_ARG(name)),
				 str_from(arena_printf(a, "%d", ports[i].port)));
		}
	add_links(l, a, prefix, ip, ports, s->spec.ports.n);
}

static bool is_master(const struct core_v1_service *s)
{
	return str_eqz(s->metadata.namespace, "default") && str_eqz(s->metadata.name, "kubernetes");
}

/* The pod's own namespace wins over default/kubernetes, which everyone sees. */
static void add_services(const struct pod_source *s, struct env_list *l, struct arena *a)
{
	const struct core_v1_pod *pod = s->fields.pod;
	bool links = !pod->spec.enable_service_links || *pod->spec.enable_service_links;
	for (int own = 0; own <= 1; own++)
		for (size_t i = 0; s->services && s->services[i]; i++) {
			const struct core_v1_service *service = s->services[i];
			bool is_own = str_eq(service->metadata.namespace, pod->metadata.namespace);
			bool wanted = own ? is_own && links : is_master(service);
			if (wanted)
				add_service(l, a, service);
		}
}

/* --- envFrom --- */

static struct str map_value(const struct api_str_map *m, struct str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->items[i].key, key))
			return m->items[i].value.p ? m->items[i].value : STR("");
	return (struct str){ 0 };
}

static void add_map(struct env_list *l, struct arena *a, struct str prefix,
		    const struct api_str_map *m)
{
	for (size_t i = 0; i < m->n; i++)
		set_text(l, a, prefix, m->items[i].key.p, m->items[i].value);
}

static bool is_optional(const bool *flag)
{
	return flag && *flag;
}

static int add_from(const struct pod_source *s, const struct core_v1_env_from_source *from,
		    struct arena *a, struct env_list *l, struct err *err)
{
	struct str prefix = from->prefix.p ? from->prefix : STR("");
	if (from->config_map_ref) {
		const struct core_v1_config_map *m =
			s->config_map(s->ctx, from->config_map_ref->name);
		if (m)
			add_map(l, a, prefix, &m->data);
		else if (!is_optional(from->config_map_ref->optional))
			return err_set(err, ERR_INVALID, "configmap \"%.*s\" not found",
				       STR_ARG(from->config_map_ref->name));
	}
	if (from->secret_ref) {
		const struct core_v1_secret *m = s->secret(s->ctx, from->secret_ref->name);
		if (m)
			add_map(l, a, prefix, &m->data);
		else if (!is_optional(from->secret_ref->optional))
			return err_set(err, ERR_INVALID, "secret \"%.*s\" not found",
				       STR_ARG(from->secret_ref->name));
	}
	return 0;
}

/* --- env --- */

static int missing(bool optional, const char *kind, struct str name, struct err *err)
{
	return optional ? 0
			: err_set(err, ERR_INVALID, "%s \"%.*s\" not found", kind, STR_ARG(name));
}

static int missing_key(bool optional, const char *kind, struct str ns, struct str name,
		       struct str key, struct err *err)
{
	return optional ? 0
			: err_set(err, ERR_INVALID, "couldn't find key %.*s in %s %.*s/%.*s",
				  STR_ARG(key), kind, STR_ARG(ns), STR_ARG(name));
}

static int from_config_map(const struct pod_source *s,
			   const struct core_v1_config_map_key_selector *k, struct str *out,
			   struct err *err)
{
	const struct core_v1_config_map *m = s->config_map(s->ctx, k->name);
	if (!m)
		return missing(is_optional(k->optional), "configmap", k->name, err);
	*out = map_value(&m->data, k->key);
	return out->p ? 0
		      : missing_key(is_optional(k->optional), "ConfigMap",
				    s->fields.pod->metadata.namespace, k->name, k->key, err);
}

static int from_secret(const struct pod_source *s, const struct core_v1_secret_key_selector *k,
		       struct str *out, struct err *err)
{
	const struct core_v1_secret *m = s->secret(s->ctx, k->name);
	if (!m)
		return missing(is_optional(k->optional), "secret", k->name, err);
	*out = map_value(&m->data, k->key);
	return out->p ? 0
		      : missing_key(is_optional(k->optional), "Secret",
				    s->fields.pod->metadata.namespace, k->name, k->key, err);
}

static int from_resource(const struct pod_source *s,
			 const struct core_v1_resource_field_selector *r,
			 const struct core_v1_container *c, struct arena *a, struct str *out,
			 struct err *err)
{
	if (r->container_name.n)
		c = field_container(s->fields.pod, r->container_name);
	if (!c)
		return err_set(err, ERR_INVALID, "container %.*s not found",
			       STR_ARG(r->container_name));
	return field_resource(&s->fields, c, r, a, out, err);
}

static int from_file(const struct pod_source *s, const struct core_v1_file_key_selector *k,
		     struct arena *a, struct str *out, struct err *err)
{
	auto_buf text = { 0 };
	auto_err why = { 0 };
	int r = s->file(s->ctx, k->volume_name, k->path, &text, err);
	if (r < 0)
		return r;
	if (env_file_value(buf_view(&text), k->key, a, out, &why) < 0)
		return err_set(err, ERR_INVALID, "couldn't parse env file");
	if (!out->p && !is_optional(k->optional))
		return err_set(err, ERR_INVALID,
			       "environment variable key \"%.*s\" not found in file \"%.*s\"",
			       STR_ARG(k->key), STR_ARG(k->path));
	return 0;
}

/* out->p stays NULL when an optional source is absent: the variable is left out. */
static int value_from(const struct pod_source *s, const struct core_v1_container *c,
		      const struct core_v1_env_var_source *from, struct arena *a, struct str *out,
		      struct err *err)
{
	if (from->field_ref)
		return field_value(&s->fields, from->field_ref->field_path, a, out, err);
	if (from->resource_field_ref)
		return from_resource(s, from->resource_field_ref, c, a, out, err);
	if (from->config_map_key_ref)
		return from_config_map(s, from->config_map_key_ref, out, err);
	if (from->secret_key_ref)
		return from_secret(s, from->secret_key_ref, out, err);
	if (from->file_key_ref)
		return from_file(s, from->file_key_ref, a, out, err);
	return err_set(err, ERR_INVALID, "an environment variable has an unknown source");
}

int env_build(const struct pod_source *s, const struct core_v1_container *c, struct arena *a,
	      struct env_list *out, struct err *err)
{
	struct env_list l = { 0 };
	add_services(s, &l, a);
	for (size_t i = 0; i < c->env_from.n; i++) {
		int r = add_from(s, &c->env_from.items[i], a, &l, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < c->env.n; i++) {
		const struct core_v1_env_var *e = &c->env.items[i];
		struct str value = { 0 };
		if (!e->value_from) {
			value = env_expand(&l, e->value.p ? e->value : STR(""), a);
		} else {
			int r = value_from(s, c, e->value_from, a, &value, err);
			if (r < 0)
				return r;
		}
		if (value.p)
			set(&l, a, e->name, value);
	}
	*out = l;
	return 0;
}
