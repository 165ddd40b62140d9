/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/node_refs.h"

#include <stdio.h>

#include "api/object/meta.h"
#include "base/buf.h"
#include "base/mem.h"

struct visit {
	const struct core_v1_pod *pod;
	node_refs_visit fn;
	void *ctx;
};

static void see(struct visit *v, enum node_ref what, struct str name)
{
	if (name.n)
		v->fn(v->ctx, what, v->pod->metadata.namespace, name);
}

/* --- containers --- */

static void env_from(struct visit *v, const struct core_v1_env_from_source *e)
{
	if (e->secret_ref)
		see(v, NODE_REF_SECRET, e->secret_ref->name);
	if (e->config_map_ref)
		see(v, NODE_REF_CONFIG_MAP, e->config_map_ref->name);
}

static void env(struct visit *v, const struct core_v1_env_var *e)
{
	if (e->value_from && e->value_from->secret_key_ref)
		see(v, NODE_REF_SECRET, e->value_from->secret_key_ref->name);
	if (e->value_from && e->value_from->config_map_key_ref)
		see(v, NODE_REF_CONFIG_MAP, e->value_from->config_map_key_ref->name);
}

/* Containers, init containers and ephemeral ones have these lists alike. */
#define CONTAINERS(v, list)                                                         \
	do {                                                                        \
		for (size_t i_ = 0; i_ < (list).n; i_++) {                          \
			for (size_t k_ = 0; k_ < (list).items[i_].env_from.n; k_++) \
				env_from(v, &(list).items[i_].env_from.items[k_]);  \
			for (size_t k_ = 0; k_ < (list).items[i_].env.n; k_++)      \
				env(v, &(list).items[i_].env.items[k_]);            \
		}                                                                   \
	} while (0)

/* --- volumes --- */

static void projected(struct visit *v, const struct core_v1_projected_volume_source *p)
{
	for (size_t i = 0; i < p->sources.n; i++) {
		if (p->sources.items[i].secret)
			see(v, NODE_REF_SECRET, p->sources.items[i].secret->name);
		if (p->sources.items[i].config_map)
			see(v, NODE_REF_CONFIG_MAP, p->sources.items[i].config_map->name);
	}
}

static void secret_ref(struct visit *v, const struct core_v1_local_object_reference *ref)
{
	if (ref)
		see(v, NODE_REF_SECRET, ref->name);
}

static void volume_secrets(struct visit *v, const struct core_v1_volume *s)
{
	if (s->azure_file)
		see(v, NODE_REF_SECRET, s->azure_file->secret_name);
	if (s->secret)
		see(v, NODE_REF_SECRET, s->secret->secret_name);
	secret_ref(v, s->cephfs ? s->cephfs->secret_ref : NULL);
	secret_ref(v, s->cinder ? s->cinder->secret_ref : NULL);
	secret_ref(v, s->flex_volume ? s->flex_volume->secret_ref : NULL);
	secret_ref(v, s->rbd ? s->rbd->secret_ref : NULL);
	secret_ref(v, s->scale_io ? s->scale_io->secret_ref : NULL);
	secret_ref(v, s->iscsi ? s->iscsi->secret_ref : NULL);
	secret_ref(v, s->storageos ? s->storageos->secret_ref : NULL);
	secret_ref(v, s->csi ? s->csi->node_publish_secret_ref : NULL);
}

static void volume(struct visit *v, const struct core_v1_volume *s)
{
	volume_secrets(v, s);
	if (s->projected)
		projected(v, s->projected);
	if (s->config_map)
		see(v, NODE_REF_CONFIG_MAP, s->config_map->name);
	if (s->persistent_volume_claim)
		see(v, NODE_REF_CLAIM, s->persistent_volume_claim->claim_name);
	if (s->ephemeral) {
		auto_buf name = { 0 };
		buf_printf(&name, "%.*s-%.*s", STR_ARG(v->pod->metadata.name), STR_ARG(s->name));
		see(v, NODE_REF_CLAIM, buf_view(&name));
	}
}

/* Claims that were named, and those that were made for the pod. */
static void resource_claims(struct visit *v)
{
	const struct core_v1_pod *pod = v->pod;
	for (size_t i = 0; i < pod->spec.resource_claims.n; i++)
		see(v, NODE_REF_RESOURCE_CLAIM,
		    pod->spec.resource_claims.items[i].resource_claim_name);
	for (size_t i = 0; i < pod->status.resource_claim_statuses.n; i++)
		see(v, NODE_REF_RESOURCE_CLAIM,
		    pod->status.resource_claim_statuses.items[i].resource_claim_name);
	if (pod->status.extended_resource_claim_status)
		see(v, NODE_REF_RESOURCE_CLAIM,
		    pod->status.extended_resource_claim_status->resource_claim_name);
}

static bool is_mirror(const struct core_v1_pod *pod)
{
	for (size_t i = 0; i < pod->metadata.annotations.n; i++)
		if (str_eqz(pod->metadata.annotations.items[i].key, "kubernetes.io/config.mirror"))
			return true;
	return false;
}

void node_refs_of_pod(const struct core_v1_pod *pod, node_refs_visit fn, void *ctx)
{
	struct visit v = { pod, fn, ctx };
	if (is_mirror(pod))
		return;
	see(&v, NODE_REF_ACCOUNT, pod->spec.service_account_name);
	for (size_t i = 0; i < pod->spec.image_pull_secrets.n; i++)
		see(&v, NODE_REF_SECRET, pod->spec.image_pull_secrets.items[i].name);
	CONTAINERS(&v, pod->spec.init_containers);
	CONTAINERS(&v, pod->spec.containers);
	CONTAINERS(&v, pod->spec.ephemeral_containers);
	for (size_t i = 0; i < pod->spec.volumes.n; i++)
		volume(&v, &pod->spec.volumes.items[i]);
	resource_claims(&v);
}

/* --- PersistentVolumes --- */

void node_refs_of_volume(const json_t *pv, node_refs_visit fn, void *ctx)
{
	static const char *const refs[][2] = {
		{ "cephfs", "secretRef" },       { "cinder", "secretRef" },
		{ "flexVolume", "secretRef" },   { "rbd", "secretRef" },
		{ "scaleIO", "secretRef" },      { "iscsi", "secretRef" },
		{ "storageos", "secretRef" },    { "csi", "nodePublishSecretRef" },
		{ "csi", "nodeStageSecretRef" }, { "csi", "nodeExpandSecretRef" },
	};
	struct str claim_ns = tree_get_str(pv, "spec", "claimRef", "namespace", NULL);
	for (size_t i = 0; i < COUNT_OF(refs); i++) {
		const json_t *ref = tree_get(pv, "spec", refs[i][0], refs[i][1], NULL);
		struct str name = tree_get_str(ref, "name", NULL),
			   ns = tree_get_str(ref, "namespace", NULL);
		if (name.n)
			fn(ctx, NODE_REF_SECRET, ns.n ? ns : claim_ns, name);
	}
	const json_t *share = tree_get(pv, "spec", "azureFile", NULL);
	struct str name = tree_get_str(share, "secretName", NULL),
		   ns = tree_get_str(share, "secretNamespace", NULL);
	if (name.n)
		fn(ctx, NODE_REF_SECRET, ns.n ? ns : claim_ns, name);
}
