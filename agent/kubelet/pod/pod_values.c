/* SPDX-License-Identifier: Apache-2.0 */
/* Where a pod's values come from: objects that are watched by name, its tokens, the services of its namespace. */
#include "agent/kubelet/pod/pod.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/runtime/root_path.h"
#include "api/decode.h"
#include "base/file.h"
#include "base/mem.h"

#define ENV_FILE_MAX (64u << 10)

struct source_ctx {
	struct pod *p;
	struct arena *a;
};

static const void *fetch(struct source_ctx *s, enum source_kind kind, struct str name,
			 const struct api_struct *desc, void *out)
{
	const struct object *o;
	if (sources_get(s->p->k->sources, kind, str_from(s->p->ns), name, &o) != SOURCE_PRESENT)
		return NULL;
	return object_decode(o, s->a, desc, out, NULL) == 0 ? out : NULL;
}

static const struct core_v1_config_map *source_config_map(void *ctx, struct str name)
{
	struct source_ctx *s = ctx;
	return fetch(s, SOURCE_CONFIG_MAP, name, api_struct_core_v1_config_map,
		     ARENA_NEW(s->a, struct core_v1_config_map));
}

static const struct core_v1_secret *source_secret(void *ctx, struct str name)
{
	struct source_ctx *s = ctx;
	return fetch(s, SOURCE_SECRET, name, api_struct_core_v1_secret,
		     ARENA_NEW(s->a, struct core_v1_secret));
}

static const struct core_v1_persistent_volume *source_volume(void *ctx, struct str claim)
{
	struct source_ctx *s = ctx;
	return fetch(s, SOURCE_CLAIM, claim, api_struct_core_v1_persistent_volume,
		     ARENA_NEW(s->a, struct core_v1_persistent_volume));
}

static struct str source_token(void *ctx, const struct core_v1_service_account_token_projection *t)
{
	struct source_ctx *s = ctx;
	struct str token = tokens_get(s->p->tokens, t);
	return token.p ? arena_str(s->a, token) : token;
}

static int source_trust(void *ctx, const struct core_v1_cluster_trust_bundle_projection *p,
			struct str *out, struct err *err)
{
	struct source_ctx *s = ctx;
	return trust_bundles_get(s->p->k->trust, p, s->a, out, err);
}

static int source_certificate(void *ctx, const struct certificate_want *w, struct credentials *out,
			      struct err *err)
{
	struct source_ctx *s = ctx;
	return certificates_get(s->p->k->certificates, w, out, err);
}

static const struct core_v1_volume *volume_of(const struct pod *p, struct str name)
{
	for (size_t i = 0; i < p->api.spec.volumes.n; i++)
		if (str_eq(p->api.spec.volumes.items[i].name, name))
			return &p->api.spec.volumes.items[i];
	return NULL;
}

/* Containers wrote it: links stay in the volume, and what is no plain file is not waited for. */
static int source_file(void *ctx, struct str volume, struct str path, struct buf *out,
		       struct err *err)
{
	const struct pod *p = ((struct source_ctx *)ctx)->p;
	const struct core_v1_volume *v = volume_of(p, volume);
	if (!v || !v->empty_dir)
		return err_set(err, ERR_INVALID,
			       "cannot find the volume \"%.*s\" referenced by FileKeyRef",
			       STR_ARG(volume));
	auto_free char *root = str_printf("%s/volumes/kubernetes.io~empty-dir/%.*s", p->dirs.data,
					  STR_ARG(volume));
	auto_free char *below = str_dup(path);
	struct stat st;
	auto_fd int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd =
		dir < 0 ? -1 : root_open(dir, below, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "couldn't parse env file");
	return fd_read_all(fd, ENV_FILE_MAX, out, err);
}

struct service_list {
	struct arena *a;
	const struct core_v1_service **items;
	size_t n, cap;
};

static bool add_service(void *ctx, const struct object *o)
{
	struct service_list *l = ctx;
	struct core_v1_service *s = ARENA_NEW(l->a, struct core_v1_service);
	if (l->n + 1 < l->cap && object_decode(o, l->a, api_struct_core_v1_service, s, NULL) == 0)
		l->items[l->n++] = s;
	return true;
}

static const struct core_v1_service *const *services_of(struct pod *p, struct arena *a)
{
	size_t cap = informer_count(p->k->services) + 2;
	struct service_list l = { a, ARENA_ARRAY(a, const struct core_v1_service *, cap), 0, cap };
	const struct object *master =
		informer_get(p->k->services, STR("default"), STR("kubernetes"));
	bool links = !p->api.spec.enable_service_links || *p->api.spec.enable_service_links;
	if (links)
		informer_each(p->k->services, str_from(p->ns), add_service, &l);
	if (master && (!links || strcmp(p->ns, "default") != 0))
		add_service(&l, master);
	return l.items;
}

void pod_source(struct pod *p, struct arena *a, struct pod_source *out)
{
	struct source_ctx *ctx = ARENA_NEW(a, struct source_ctx);
	struct core_v1_pod *copy = ARENA_NEW(a, struct core_v1_pod);
	*ctx = (struct source_ctx){ p, a };
	object_decode(p->object, a, api_struct_core_v1_pod, copy,
		      NULL); /* was decoded before: p->api */
	if (p->resize.allocated)
		resources_overlay(&copy->spec, p->resize.allocated, a);
	*out = (struct pod_source){
		.config_map = source_config_map,
		.secret = source_secret,
		.volume = source_volume,
		.token = source_token,
		.trust = source_trust,
		.certificate = source_certificate,
		.file = source_file,
		.ctx = ctx,
		.services = services_of(p, a),
		.fields = {
			.pod = copy,
			.pod_ips = pod_ips(p, a),
			.host_ips = p->k->host_ips,
			.node_cpu_milli = p->k->machine.cpu_milli,
			.node_memory_bytes = p->k->machine.allocatable_bytes,
		},
	};
}
