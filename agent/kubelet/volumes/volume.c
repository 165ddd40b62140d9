/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions. One function per kind of volume, found through a table; kinds that are not in it are refused by name. */
#include "agent/kubelet/volumes/volume.h"

#include <stdio.h>

#include "agent/kubelet/volumes/local_volumes.h"
#include "api/values/quantity.h"
#include "base/mem.h"

#define MODE_DEFAULT 0644

struct files { /* a list of files that grows in the arena */
	struct arena *a;
	struct atomic_file *items;
	size_t n, cap;
	int64_t fs_group;
};

static int add_file(struct files *f, struct str path, struct str data, int32_t mode, int64_t uid,
		    struct err *err)
{
	if (!atomic_path_valid(path))
		return err_set(err, ERR_INVALID,
			       "invalid path %.*s: must stay inside of the volume", STR_ARG(path));
	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 8;
		struct atomic_file *more = ARENA_ARRAY(f->a, struct atomic_file, cap);
		if (f->n)
			memcpy(more, f->items, f->n * sizeof(*more));
		f->items = more;
		f->cap = cap;
	}
	if (f->fs_group >= 0)
		mode |= 0440;
	f->items[f->n++] = (struct atomic_file){
		.path = arena_strdup(f->a, path),
		.data = data.p ? data : STR(""),
		.mode = (mode_t)mode,
		.uid = uid,
		.gid = f->fs_group,
	};
	return 0;
}

static int32_t mode_of(const int32_t *mode, int32_t fallback)
{
	return mode ? *mode : fallback;
}

static struct str lookup(const struct api_str_map *m, struct str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->items[i].key, key))
			return m->items[i].value.p ? m->items[i].value : STR("");
	return (struct str){ 0 };
}

/* items select keys and give paths; without them every key is a file. */
struct keys {
	const struct core_v1_key_to_path *items;
	size_t n;
	int32_t mode;
	bool optional;
};

static int add_all(struct files *f, const struct api_str_map *m, int32_t mode, struct err *err)
{
	for (size_t i = 0; m && i < m->n; i++) {
		int r = add_file(f, m->items[i].key, m->items[i].value, mode, -1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_keys(struct files *f, const struct keys *k, const struct api_str_map *data,
		    const struct api_str_map *binary, struct err *err)
{
	if (k->n == 0) {
		int r = add_all(f, data, k->mode, err);
		return r < 0 ? r : add_all(f, binary, k->mode, err);
	}
	for (size_t i = 0; i < k->n; i++) {
		struct str value = lookup(data, k->items[i].key);
		if (!value.p && binary)
			value = lookup(binary, k->items[i].key);
		if (!value.p && k->optional)
			continue;
		if (!value.p)
			return err_set(err, ERR_NOT_FOUND, "references non-existent %s key: %.*s",
				       binary ? "config" : "secret", STR_ARG(k->items[i].key));
		int r = add_file(f, k->items[i].path, value, mode_of(k->items[i].mode, k->mode), -1,
				 err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_config_map(const struct pod_source *s, struct str name, const struct keys *k,
			  struct files *f, struct err *err)
{
	const struct core_v1_config_map *m = s->config_map(s->ctx, name);
	if (m)
		return add_keys(f, k, &m->data, &m->binary_data, err);
	return k->optional
		       ? 0
		       : err_set(err, ERR_NOT_FOUND, "configmap \"%.*s\" not found", STR_ARG(name));
}

static int add_secret(const struct pod_source *s, struct str name, const struct keys *k,
		      struct files *f, struct err *err)
{
	const struct core_v1_secret *m = s->secret(s->ctx, name);
	if (m)
		return add_keys(f, k, &m->data, NULL, err);
	return k->optional
		       ? 0
		       : err_set(err, ERR_NOT_FOUND, "secret \"%.*s\" not found", STR_ARG(name));
}

static int add_fields(const struct pod_source *s,
		      const struct core_v1_downward_api_volume_file *items, size_t n, int32_t mode,
		      struct files *f, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct str value = STR("");
		int r = 0;
		if (items[i].field_ref) {
			r = field_value(&s->fields, items[i].field_ref->field_path, f->a, &value,
					err);
		} else if (items[i].resource_field_ref) {
			struct str name = items[i].resource_field_ref->container_name;
			const struct core_v1_container *c = field_container(s->fields.pod, name);
			if (!c)
				return err_set(err, ERR_INVALID, "container %.*s not found",
					       STR_ARG(name));
			r = field_resource(&s->fields, c, items[i].resource_field_ref, f->a, &value,
					   err);
		}
		if (r == 0)
			r = add_file(f, items[i].path, value, mode_of(items[i].mode, mode), -1,
				     err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The user of all containers, if they have the same: tokens belong to it alone. */
static int64_t common_user(const struct core_v1_pod_spec *spec)
{
	int64_t user = -1;
	for (size_t i = 0; i < spec->containers.n; i++) {
		const struct core_v1_security_context *c =
			spec->containers.items[i].security_context;
		const int64_t *one = c && c->run_as_user      ? c->run_as_user
				     : spec->security_context ? spec->security_context->run_as_user
							      : NULL;
		if (!one || (user >= 0 && user != *one))
			return -1;
		user = *one;
	}
	return user;
}

/* A file for the containers alone, when one can tell who they are. */
static int add_owned(const struct pod_source *s, struct str path, struct str data, int32_t mode,
		     struct files *f, struct err *err)
{
	int64_t user = common_user(&s->fields.pod->spec);
	if (user >= 0 || f->fs_group >= 0)
		mode = 0600;
	return add_file(f, path, data, mode, user, err);
}

static int add_token(const struct pod_source *s,
		     const struct core_v1_service_account_token_projection *t, int32_t mode,
		     struct files *f, struct err *err)
{
	struct str token = s->token(s->ctx, t);
	if (!token.p)
		return err_set(err, ERR_UNAVAILABLE, "failed to fetch token: not there yet");
	return add_owned(s, t->path, token, mode, f, err);
}

static int add_trust(const struct pod_source *s,
		     const struct core_v1_cluster_trust_bundle_projection *t, int32_t mode,
		     struct files *f, struct err *err)
{
	struct str anchors = STR("");
	int r = s->trust ? s->trust(s->ctx, t, &anchors, err)
			 : err_set(err, ERR_INVALID,
				   "ClusterTrustBundle projection is not supported in static "
				   "kubelet mode");
	return r < 0 ? r : add_owned(s, t->path, anchors, mode, f, err);
}

static int add_certificate(const struct pod_source *s, struct str volume, size_t index,
			   const struct core_v1_pod_certificate_projection *t, int32_t mode,
			   struct files *f, struct err *err)
{
	struct credentials got = { 0 };
	const struct certificate_want want = { s->fields.pod, volume, index, t };
	int r = s->certificate ? s->certificate(s->ctx, &want, &got, err)
			       : err_set(err, ERR_INVALID, "unimplemented");
	const struct {
		struct str path, data;
	} parts[] = {
		{ t->credential_bundle_path,
		  r < 0 ? STR("")
			: str_from(arena_printf(f->a, "%.*s%.*s", STR_ARG(got.key),
						STR_ARG(got.chain))) },
		{ t->key_path, got.key },
		{ t->certificate_chain_path, got.chain },
	};
	for (size_t i = 0; r == 0 && i < COUNT_OF(parts); i++)
		if (parts[i].path.n)
			r = add_owned(s, parts[i].path, arena_str(f->a, parts[i].data), mode, f,
				      err);
	return r;
}

static int add_projection(const struct pod_source *s, struct str volume, size_t index,
			  const struct core_v1_volume_projection *p, int32_t mode, struct files *f,
			  struct err *err)
{
	if (p->config_map) {
		struct keys k = { p->config_map->items.items, p->config_map->items.n, mode,
				  p->config_map->optional && *p->config_map->optional };
		return add_config_map(s, p->config_map->name, &k, f, err);
	}
	if (p->secret) {
		struct keys k = { p->secret->items.items, p->secret->items.n, mode,
				  p->secret->optional && *p->secret->optional };
		return add_secret(s, p->secret->name, &k, f, err);
	}
	if (p->downward_api)
		return add_fields(s, p->downward_api->items.items, p->downward_api->items.n, mode,
				  f, err);
	if (p->service_account_token)
		return add_token(s, p->service_account_token, mode, f, err);
	if (p->cluster_trust_bundle)
		return add_trust(s, p->cluster_trust_bundle, mode, f, err);
	if (p->pod_certificate)
		return add_certificate(s, volume, index, p->pod_certificate, mode, f, err);
	return err_set(err, ERR_INVALID, "a projected source is not supported");
}

/* --- kinds of volumes --- */

struct planning {
	const struct pod_source *s;
	const struct core_v1_volume *v;
	struct files files;
	struct volume *out;
};

static int plan_config_map(struct planning *p, struct err *err)
{
	const struct core_v1_config_map_volume_source *v = p->v->config_map;
	struct keys k = { v->items.items, v->items.n, mode_of(v->default_mode, MODE_DEFAULT),
			  v->optional && *v->optional };
	return add_config_map(p->s, v->name, &k, &p->files, err);
}

static int plan_secret(struct planning *p, struct err *err)
{
	const struct core_v1_secret_volume_source *v = p->v->secret;
	struct keys k = { v->items.items, v->items.n, mode_of(v->default_mode, MODE_DEFAULT),
			  v->optional && *v->optional };
	return add_secret(p->s, v->secret_name, &k, &p->files, err);
}

static int plan_downward_api(struct planning *p, struct err *err)
{
	const struct core_v1_downward_api_volume_source *v = p->v->downward_api;
	return add_fields(p->s, v->items.items, v->items.n, mode_of(v->default_mode, MODE_DEFAULT),
			  &p->files, err);
}

static int plan_projected(struct planning *p, struct err *err)
{
	const struct core_v1_projected_volume_source *v = p->v->projected;
	for (size_t i = 0; i < v->sources.n; i++) {
		int r = add_projection(p->s, p->v->name, i, &v->sources.items[i],
				       mode_of(v->default_mode, MODE_DEFAULT), &p->files, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int plan_empty_dir(struct planning *p, struct err *err)
{
	const struct core_v1_empty_dir_volume_source *v = p->v->empty_dir;
	struct quantity limit;
	if (str_eqz(v->medium, "Memory"))
		p->out->kind = VOLUME_MEMORY;
	else if (v->medium.n && !str_starts(v->medium, STR("HugePages")))
		return err_set(err, ERR_INVALID, "unknown storage medium \"%.*s\"",
			       STR_ARG(v->medium));
	if (v->size_limit.text.n && quantity_parse(v->size_limit.text, &limit, NULL) == 0)
		p->out->size_bytes = quantity_i64(limit);
	return 0;
}

static int plan_host_path(struct planning *p, struct err *err)
{
	(void)err;
	p->out->path = arena_strdup(p->files.a, p->v->host_path->path);
	p->out->host_type = p->v->host_path->type;
	p->out->fs_group = -1;
	return 0;
}

/* Only local volumes are devices, too. */
static int plan_block(struct planning *p, const struct core_v1_persistent_volume *v, bool read_only,
		      struct err *err)
{
	if (!v->spec.local)
		return err_set(err, ERR_INVALID, "no block volume plugin matched");
	p->out->kind = VOLUME_BLOCK;
	p->out->path = arena_strdup(p->files.a, v->spec.local->path);
	p->out->read_only = read_only;
	return 0;
}

/* The volume that the claim is bound to: a directory of this node. Others are nobody's here. */
static int plan_claim_named(struct planning *p, struct str claim, bool read_only, struct err *err)
{
	const struct core_v1_persistent_volume *v =
		p->s->volume ? p->s->volume(p->s->ctx, claim) : NULL;
	const struct core_v1_pod_security_context *sc = p->s->fields.pod->spec.security_context;
	const struct str *by;
	if (!v)
		return err_set(err, ERR_NOT_FOUND,
			       "error processing PVC %.*s/%.*s: PVC is not bound",
			       STR_ARG(p->s->fields.pod->metadata.namespace), STR_ARG(claim));
	if (str_eqz(v->spec.volume_mode, "Block"))
		return plan_block(p, v, read_only, err);
	if (!v->spec.host_path && !v->spec.local)
		return err_set(err, ERR_INVALID, "no volume plugin matched");
	by = annotation_get(&v->metadata, ANN_PROVISIONED_BY);
	p->out->path = arena_strdup(p->files.a, v->spec.host_path ? v->spec.host_path->path
								  : v->spec.local->path);
	p->out->host_type = v->spec.host_path ? v->spec.host_path->type : STR("Directory");
	p->out->open_to_all = by && str_eqz(*by, LOCAL_VOLUMES_PROVISIONER);
	if (p->out->open_to_all)
		p->out->host_type = STR("DirectoryOrCreate");
	if (v->spec.host_path)
		p->out->fs_group = -1;
	p->out->group_once = sc && str_eqz(sc->fs_group_change_policy, "OnRootMismatch");
	p->out->read_only = read_only;
	return 0;
}

static int plan_claim(struct planning *p, struct err *err)
{
	const struct core_v1_persistent_volume_claim_volume_source *v =
		p->v->persistent_volume_claim;
	return plan_claim_named(p, v->claim_name, v->read_only, err);
}

static int plan_ephemeral(struct planning *p, struct err *err)
{
	struct str pod = p->s->fields.pod->metadata.name;
	return plan_claim_named(p,
				str_from(arena_printf(p->files.a, "%.*s-%.*s", STR_ARG(pod),
						      STR_ARG(p->v->name))),
				false, err);
}

static int plan_image(struct planning *p, struct err *err)
{
	(void)err;
	p->out->image = str_from(arena_strdup(p->files.a, p->v->image->reference));
	p->out->pull_policy = p->v->image->pull_policy;
	p->out->read_only = true;
	p->out->fs_group = -1;
	return 0;
}

static const struct volume_type {
	size_t field; /* of struct core_v1_volume: this pointer is set */
	enum volume_kind kind;
	const char *directory;
	int (*plan)(struct planning *p, struct err *err);
} types[] = {
	{ offsetof(struct core_v1_volume, config_map), VOLUME_FILES, "kubernetes.io~configmap",
	  plan_config_map },
	{ offsetof(struct core_v1_volume, secret), VOLUME_FILES, "kubernetes.io~secret",
	  plan_secret },
	{ offsetof(struct core_v1_volume, downward_api), VOLUME_FILES, "kubernetes.io~downward-api",
	  plan_downward_api },
	{ offsetof(struct core_v1_volume, projected), VOLUME_FILES, "kubernetes.io~projected",
	  plan_projected },
	{ offsetof(struct core_v1_volume, empty_dir), VOLUME_DIR, "kubernetes.io~empty-dir",
	  plan_empty_dir },
	{ offsetof(struct core_v1_volume, host_path), VOLUME_HOST_PATH, "", plan_host_path },
	{ offsetof(struct core_v1_volume, persistent_volume_claim), VOLUME_CLAIM, "", plan_claim },
	{ offsetof(struct core_v1_volume, ephemeral), VOLUME_CLAIM, "", plan_ephemeral },
	{ offsetof(struct core_v1_volume, image), VOLUME_IMAGE, "kubernetes.io~image", plan_image },
};

static const struct volume_type *type_of(const struct core_v1_volume *v)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (*(void *const *)(const void *)((const char *)v + types[i].field))
			return &types[i];
	return NULL;
}

static int plan_one(const struct pod_source *s, const struct core_v1_volume *v,
		    const struct pod_dirs *dirs, struct arena *a, struct volume *out,
		    struct err *err)
{
	const struct volume_type *t = type_of(v);
	const struct core_v1_pod_security_context *sc = s->fields.pod->spec.security_context;
	if (!t)
		return err_set(err, ERR_INVALID, "no volume plugin matched");
	int64_t fs_group = sc && sc->fs_group ? *sc->fs_group : -1;
	*out = (struct volume){ .name = v->name,
				.kind = t->kind,
				.fs_group = fs_group,
				.read_only = t->kind == VOLUME_FILES };
	out->path = arena_printf(a, "%s/volumes/%s/%.*s",
				 t->kind == VOLUME_FILES ? dirs->run : dirs->data, t->directory,
				 STR_ARG(v->name));
	struct planning p = {
		.s = s, .v = v, .files = { .a = a, .fs_group = fs_group }, .out = out
	};
	int r = t->plan(&p, err);
	out->files = p.files.items;
	out->nfiles = p.files.n;
	return r;
}

int volumes_plan(const struct pod_source *s, const struct pod_dirs *dirs, struct arena *a,
		 struct volume_list *out, struct err *err)
{
	const struct core_v1_pod_spec *spec = &s->fields.pod->spec;
	out->items = ARENA_ARRAY(a, struct volume, spec->volumes.n + 1);
	out->n = 0;
	for (size_t i = 0; i < spec->volumes.n; i++) {
		const struct core_v1_volume *v = &spec->volumes.items[i];
		int r = plan_one(s, v, dirs, a, &out->items[out->n++], err);
		if (r < 0)
			return err_wrap(err, r, "MountVolume.SetUp failed for volume \"%.*s\" ",
					STR_ARG(v->name));
	}
	return 0;
}

const struct volume *volume_find(const struct volume_list *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}
