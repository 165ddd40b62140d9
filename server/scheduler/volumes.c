/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/volumes.h"

#include "base/mem.h"
#include "generated/api_tables.h"

static void known_free(void *v)
{
	struct volume_known *k = v;

	arena_free(&k->arena);
	free(k->promised);
	free(k);
}

void volumes_set(struct volumes *all, const struct object *o)
{
	struct volume_known *k = NEW(struct volume_known), *old;

	if (object_decode(o, &k->arena, api_struct_core_v1_persistent_volume, &k->volume, NULL) <
	    0) {
		known_free(k);
		volumes_del(all, o->name);
		return;
	}
	old = map_put(&all->known, o->name, k);
	if (!old)
		return;
	if (!k->volume.spec.claim_ref) /* else the promise is kept */
		k->promised = TAKE(old->promised);
	known_free(old);
}

void volumes_del(struct volumes *all, struct str name)
{
	struct volume_known *k = map_del(&all->known, name);

	if (k)
		known_free(k);
}

const struct volume_known *volumes_get(const struct volumes *all, struct str name)
{
	return map_get(&all->known, name);
}

void volumes_promise(struct volumes *all, struct str volume, const char *claim)
{
	struct volume_known *k = map_get(&all->known, volume);

	if (!k)
		return;
	free(k->promised);
	k->promised = claim ? str_dup(str_from(claim)) : NULL;
}

void volumes_select(struct volumes *all, struct str claim, struct str node)
{
	free(node.n ? map_put(&all->selected, claim, str_dup(node))
		    : map_del(&all->selected, claim));
}

struct str volumes_selected(const struct volumes *all, struct str claim)
{
	return str_from(map_get(&all->selected, claim));
}

const claim_struct *volumes_claim(const struct volumes *all, struct arena *a, struct str ns,
				  struct str name)
{
	const struct object *o = all->find(all->ctx, API_CORE_V1_PERSISTENTVOLUMECLAIMS, ns, name);
	claim_struct *c = o ? ARENA_NEW(a, claim_struct) : NULL;

	if (!o || object_decode(o, a, api_struct_core_v1_persistent_volume_claim, c, NULL) < 0)
		return NULL;
	return c;
}

const struct storage_v1_storage_class *volumes_class(const struct volumes *all, struct arena *a,
						     struct str name)
{
	const struct object *o =
		name.n ? all->find(all->ctx, API_STORAGE_V1_STORAGECLASSES, STR(""), name) : NULL;
	struct storage_v1_storage_class *c =
		o ? ARENA_NEW(a, struct storage_v1_storage_class) : NULL;

	if (!o || object_decode(o, a, api_struct_storage_v1_storage_class, c, NULL) < 0)
		return NULL;
	return c;
}

bool class_waits(const struct storage_v1_storage_class *c)
{
	return c && str_eqz(c->volume_binding_mode, "WaitForFirstConsumer");
}

void volumes_free(struct volumes *all)
{
	map_free(&all->known, known_free);
	map_free(&all->selected, free);
}
