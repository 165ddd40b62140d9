/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "base/clock.h"
#include "server/apiserver/write/write.h"

int volume_strategy_create(struct write *w, struct err *err)
{
	char now[TIME_TEXT_MAX];
	(void)err;
	time_format(clock_wall_s(w->r->server->clock), now);
	json_object_set_new(w->tree, "status",
			    json_pack("{s:s,s:s}", "phase", "Pending", "lastPhaseTransitionTime",
				      now));
	return 0;
}

static struct str phase_changed_at(const json_t *tree)
{
	return tree_get_str(tree, "status", "lastPhaseTransitionTime", NULL);
}

/* The time of the last change of phase is kept for a client that doesn't know it. */
int volume_strategy_update_sub(struct write *w, struct err *err)
{
	(void)err;
	struct str was = tree_get_str(w->old, "status", "phase", NULL),
		   is = tree_get_str(w->tree, "status", "phase", NULL),
		   old = phase_changed_at(w->old), sent = phase_changed_at(w->tree);
	json_t *status = json_object_get(w->tree, "status");
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(w->r->server->clock), now);
	struct str at = str_eq(was, is)                ? (sent.n ? sent : old)
			: sent.n && !str_eq(sent, old) ? sent
						       : str_from(now);
	if (!at.n)
		return 0;
	if (!json_is_object(status)) {
		status = json_object();
		json_object_set_new(w->tree, "status", status);
	}
	json_object_set_new(status, "lastPhaseTransitionTime", json_stringn(at.p, at.n));
	return 0;
}

/* Sources in other namespaces are a feature that is off. */
static void other_namespace_drop(json_t *spec)
{
	if (tree_get_str(spec, "dataSourceRef", "namespace", NULL).n)
		json_object_del(spec, "dataSourceRef");
}

static bool source_counts(const json_t *source)
{
	struct str kind = tree_get_str(source, "kind", NULL),
		   group = tree_get_str(source, "apiGroup", NULL);
	return (str_eqz(kind, "PersistentVolumeClaim") && group.n == 0) ||
	       (str_eqz(kind, "VolumeSnapshot") && str_eqz(group, "snapshot.storage.k8s.io"));
}

/* An old source of another kind than claims and snapshots is ignored. */
static void sources_ignore(json_t *spec)
{
	const json_t *source = json_object_get(spec, "dataSource");
	if (source && !source_counts(source) && !json_object_get(spec, "dataSourceRef"))
		json_object_del(spec, "dataSource");
}

/* The old field and the new one say the same. */
static void sources_agree(json_t *spec)
{
	json_t *source = json_object_get(spec, "dataSource"),
	       *ref = json_object_get(spec, "dataSourceRef");
	if (source && !ref)
		json_object_set_new(spec, "dataSourceRef", tree_copy(source));
	else if (ref && !source)
		json_object_set_new(spec, "dataSource", tree_copy(ref));
}

int volume_claim_strategy_create(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec");
	(void)err;
	other_namespace_drop(spec);
	sources_ignore(spec);
	sources_agree(spec);
	json_object_set_new(w->tree, "status", json_pack("{s:s}", "phase", "Pending"));
	return 0;
}

/* A client that knows only one of the fields keeps the other. */
int volume_claim_strategy_update(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec"), *old = json_object_get(w->old, "spec");
	(void)err;
	if (!tree_get(old, "dataSourceRef", "namespace", NULL))
		other_namespace_drop(spec);
	if (!json_object_get(old, "dataSource") && !json_object_get(old, "dataSourceRef"))
		sources_ignore(spec);
	sources_agree(spec);
	return 0;
}

int limit_range_strategy_create(struct write *w, struct err *err)
{
	(void)err;
	if (meta_name(w->tree).n == 0)
		meta_set_text(w->tree, "name", meta_uid(w->tree));
	return 0;
}
