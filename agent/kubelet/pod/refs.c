/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/refs.h"

#include "base/buf.h"

struct walk {
	void (*fn)(void *ctx, enum source_kind kind, struct str name);
	void *ctx;
};

static void tell(const struct walk *w, enum source_kind kind, struct str name)
{
	if (name.n)
		w->fn(w->ctx, kind, name);
}

static void walk_env(const struct walk *w, const struct core_v1_container *c)
{
	for (size_t i = 0; i < c->env_from.n; i++) {
		const struct core_v1_env_from_source *f = &c->env_from.items[i];
		if (f->config_map_ref)
			tell(w, SOURCE_CONFIG_MAP, f->config_map_ref->name);
		if (f->secret_ref)
			tell(w, SOURCE_SECRET, f->secret_ref->name);
	}
	for (size_t i = 0; i < c->env.n; i++) {
		const struct core_v1_env_var_source *f = c->env.items[i].value_from;
		if (f && f->config_map_key_ref)
			tell(w, SOURCE_CONFIG_MAP, f->config_map_key_ref->name);
		if (f && f->secret_key_ref)
			tell(w, SOURCE_SECRET, f->secret_key_ref->name);
	}
}

static void walk_projected(const struct walk *w, const struct core_v1_projected_volume_source *v)
{
	for (size_t i = 0; i < v->sources.n; i++) {
		if (v->sources.items[i].config_map)
			tell(w, SOURCE_CONFIG_MAP, v->sources.items[i].config_map->name);
		if (v->sources.items[i].secret)
			tell(w, SOURCE_SECRET, v->sources.items[i].secret->name);
	}
}

static void walk_claim(const struct walk *w, const struct core_v1_pod *pod,
		       const struct core_v1_volume *v)
{
	auto_buf name = { 0 };
	if (v->persistent_volume_claim)
		tell(w, SOURCE_CLAIM, v->persistent_volume_claim->claim_name);
	if (!v->ephemeral)
		return;
	buf_printf(&name, "%.*s-%.*s", STR_ARG(pod->metadata.name), STR_ARG(v->name));
	tell(w, SOURCE_CLAIM, buf_view(&name));
}

void refs_each(const struct core_v1_pod *pod,
	       void (*fn)(void *ctx, enum source_kind kind, struct str name), void *ctx)
{
	const struct core_v1_pod_spec *spec = &pod->spec;
	struct walk w = { fn, ctx };
	for (size_t i = 0; i < spec->volumes.n; i++) {
		const struct core_v1_volume *v = &spec->volumes.items[i];
		if (v->config_map)
			tell(&w, SOURCE_CONFIG_MAP, v->config_map->name);
		if (v->secret)
			tell(&w, SOURCE_SECRET, v->secret->secret_name);
		if (v->projected)
			walk_projected(&w, v->projected);
		walk_claim(&w, pod, v);
	}
	for (size_t i = 0; i < spec->init_containers.n; i++)
		walk_env(&w, &spec->init_containers.items[i]);
	for (size_t i = 0; i < spec->containers.n; i++)
		walk_env(&w, &spec->containers.items[i]);
	for (size_t i = 0; i < spec->ephemeral_containers.n; i++)
		walk_env(&w, (const struct core_v1_container *)(const void *)&spec
				     ->ephemeral_containers.items[i]);
	for (size_t i = 0; i < spec->image_pull_secrets.n; i++)
		tell(&w, SOURCE_SECRET, spec->image_pull_secrets.items[i].name);
}

bool refs_trust_bundles(const struct core_v1_pod *pod)
{
	for (size_t i = 0; i < pod->spec.volumes.n; i++) {
		const struct core_v1_projected_volume_source *v =
			pod->spec.volumes.items[i].projected;
		for (size_t k = 0; v && k < v->sources.n; k++)
			if (v->sources.items[k].cluster_trust_bundle)
				return true;
	}
	return false;
}
