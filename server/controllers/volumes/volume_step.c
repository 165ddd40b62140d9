/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/volumes/volume_step.h"

#include "base/clock.h"
#include "base/mem.h"

static void set_annotation(json_t *tree, const char *name, struct str value)
{
	json_t *meta = json_object_get(tree, "metadata"),
	       *all = json_object_get(meta, "annotations");

	if (!json_is_object(all)) {
		all = json_object();
		json_object_set_new(meta, "annotations", all);
	}
	json_object_set_new(all, name, json_stringn(value.p, value.n));
}

static json_t *text(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

static void reserve(json_t *volume, const struct volume_step *step)
{
	const struct meta_v1_object_meta *c = &step->claim->metadata;

	json_object_set_new(json_object_get(volume, "spec"), "claimRef",
			    json_pack("{s:s,s:o,s:o,s:o,s:s,s:o}", "kind", "PersistentVolumeClaim",
				      "namespace", text(c->namespace), "name", text(c->name), "uid",
				      text(c->uid), "apiVersion", "v1", "resourceVersion",
				      text(c->resource_version)));
	if (!volume_is_for(step->volume, step->claim))
		set_annotation(volume, ANN_BOUND_BY_CONTROLLER, STR("yes"));
}

static void bind_claim(json_t *claim, const struct volume_step *step)
{
	struct str name = step->volume->metadata.name;

	if (!str_eq(step->claim->spec.volume_name, name)) {
		json_object_set_new(json_object_get(claim, "spec"), "volumeName", text(name));
		set_annotation(claim, ANN_BOUND_BY_CONTROLLER, STR("yes"));
	}
	set_annotation(claim, ANN_BIND_COMPLETED, STR("yes"));
}

static json_t *status_of(json_t *tree)
{
	json_t *status = json_object_get(tree, "status");

	if (json_is_object(status))
		return status;
	status = json_object();
	json_object_set_new(tree, "status", status);
	return status;
}

static json_t *list_of(const struct api_str_list *l)
{
	json_t *out = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(out, text(l->items[i]));
	return out;
}

static json_t *amounts_of(const struct api_quantity_map *m)
{
	json_t *out = json_object();

	for (size_t i = 0; i < m->n; i++) {
		auto_free char *key = str_dup(m->items[i].key);

		json_object_set_new(out, key, text(m->items[i].value.text));
	}
	return out;
}

static void claim_status(json_t *claim, const struct volume_step *step)
{
	json_t *status = status_of(claim);

	json_object_set_new(status, "phase", json_string(step->phase));
	if (step->volume) {
		json_object_set_new(status, "accessModes",
				    list_of(&step->volume->spec.access_modes));
		json_object_set_new(status, "capacity", amounts_of(&step->volume->spec.capacity));
		return;
	}
	json_object_del(status, "accessModes");
	json_object_del(status, "capacity");
}

static void volume_status(json_t *volume, const struct volume_step *step)
{
	json_t *status = status_of(volume);
	char now[TIME_TEXT_MAX];

	time_format(clock_wall_s(clock_real()), now);
	json_object_set_new(status, "phase", json_string(step->phase));
	json_object_set_new(status, "lastPhaseTransitionTime", json_string(now));
	if (step->volume_message)
		json_object_set_new(status, "message", json_string(step->volume_message));
	else
		json_object_del(status, "message");
}

static void release_claim(json_t *volume, const struct volume_step *step)
{
	json_t *spec = json_object_get(volume, "spec"), *meta = json_object_get(volume, "metadata");

	if (annotation_get(&step->volume->metadata, ANN_BOUND_BY_CONTROLLER)) {
		json_object_del(spec, "claimRef");
		json_object_del(json_object_get(meta, "annotations"), ANN_BOUND_BY_CONTROLLER);
	} else {
		json_object_del(json_object_get(spec, "claimRef"), "uid");
	}
}

void volume_step_write(const struct volume_step *step, json_t *tree)
{
	switch (step->act) {
	case VOLUME_RESERVE: reserve(tree, step); break;
	case VOLUME_BIND_CLAIM: bind_claim(tree, step); break;
	case VOLUME_CLAIM_PHASE: claim_status(tree, step); break;
	case VOLUME_PHASE: volume_status(tree, step); break;
	case VOLUME_PROVISIONER:
		set_annotation(tree, ANN_STORAGE_PROVISIONER_OLD, step->value);
		set_annotation(tree, ANN_STORAGE_PROVISIONER, step->value);
		break;
	case VOLUME_CLASS:
		json_object_set_new(json_object_get(tree, "spec"), "storageClassName",
				    text(step->value));
		break;
	case VOLUME_RELEASE_CLAIM: release_claim(tree, step); break;
	case VOLUME_NOTHING: break;
	}
}
