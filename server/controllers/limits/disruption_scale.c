/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/limits/disruption_scale.h"

#include "api/crd/crd.h"
#include "api/registry.h"
#include "base/mem.h"
#include "server/controllers/kinds.h"
#include "server/controllers/owners.h"

struct answer {
	int64_t replicas; /* < 0: it isn't there */
	char *uid, *failure;
	const struct api_resource *resource; /* that was asked; a reference, or NULL */
};

static void answer_free(void *answer)
{
	struct answer *a = answer;
	free(a->uid);
	free(a->failure);
	if (a->resource)
		api_resource_unref(a->resource);
	free(a);
}

static void answers_of_key_free(void *by_uid)
{
	map_free(by_uid, answer_free);
	free(by_uid);
}

void scale_answers_forget(struct scale_answers *answers, struct str key)
{
	struct map *m = map_del(&answers->of, key);
	if (m)
		answers_of_key_free(m);
}

void scale_answers_free(struct scale_answers *answers)
{
	map_free(&answers->of, answers_of_key_free);
}

/* --- the built-in kinds --- */

static const struct api_resource *known_resource(const struct owner *ref)
{
	const struct {
		const char *group, *kind;
		const struct api_resource *resource;
	} known[] = {
		{ "", "ReplicationController", API_CORE_V1_REPLICATIONCONTROLLERS },
		{ "apps", "ReplicaSet", API_APPS_V1_REPLICASETS },
		{ "apps", "StatefulSet", API_APPS_V1_STATEFULSETS },
		{ "apps", "Deployment", API_APPS_V1_DEPLOYMENTS },
	};
	struct str group, version;
	kind_group(ref->api_version, &group, &version);
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_eqz(group, known[i].group) && str_eqz(ref->kind, known[i].kind))
			return known[i].resource;
	return NULL;
}

static int64_t replicas_of(const struct object *o)
{
	json_t *tree = object_tree(o, NULL);
	int64_t n = json_integer_value(json_object_get(json_object_get(tree, "spec"), "replicas"));
	json_decref(tree);
	return n;
}

/* The object that speaks for the size of the reference's: a ReplicaSet's Deployment, or itself. NULL: not among those known. */
static const struct object *speaker(struct controller *c, struct str ns, const struct owner *ref)
{
	const struct api_resource *r = known_resource(ref);
	const struct object *o = r ? informer_get(controller_informer(c, r), ns, ref->name) : NULL;
	struct owner up;
	if (!o || !str_eq(o->uid, ref->uid))
		return NULL;
	if (r == API_APPS_V1_REPLICASETS && owner_controller(o, &up) &&
	    known_resource(&up) == API_APPS_V1_DEPLOYMENTS)
		return speaker(c, ns, &up);
	return o;
}

/* --- any other --- */

static void on_scale(void *ctx, const struct client_result *r)
{
	struct answer *a = ctx;
	json_t *scale = r->err ? NULL : json_loadb(r->body.p, r->body.n, 0, NULL);
	if (r->err && r->err->reason != ERR_NOT_FOUND) {
		a->failure = str_dup(str_from(err_text(r->err)));
	} else if (scale) {
		const json_t *meta = json_object_get(scale, "metadata");
		a->uid = str_dup(str_from(json_string_value(json_object_get(meta, "uid"))));
		a->replicas = json_integer_value(
			json_object_get(json_object_get(scale, "spec"), "replicas"));
	}
	json_decref(scale);
}

static void ask(struct round *round, struct controller *c, struct str ns, const struct owner *ref,
		struct answer *a)
{
	const struct api_resource *r =
		kind_resource(c->config->client, ref->api_version, ref->kind);
	a->replicas = -1;
	a->resource = r;
	if (!r) {
		a->failure = str_printf("no matches for kind \"%.*s\" in version \"%.*s\"",
					STR_ARG(ref->kind), STR_ARG(ref->api_version));
	} else if (!kind_has_scale(r)) {
		a->failure = str_printf("%s%s%s does not implement the scale subresource",
					r->plural, r->group[0] ? "." : "", r->group);
	} else {
		const struct controller_write w = { .verb = API_GET,
						    .resource = r,
						    .ns = ns,
						    .name = ref->name,
						    .subresource = STR("scale"),
						    .harmless = ERR_NOT_FOUND };
		round_call(round, &w, on_scale, a);
	}
}

/* --- the sum --- */

struct sum {
	struct scale_sum *out;
	struct str *uids; /* of the controllers counted */
	size_t nuids;
};

static bool counted(const struct sum *s, struct str uid)
{
	for (size_t i = 0; i < s->nuids; i++)
		if (str_eq(s->uids[i], uid))
			return true;
	return false;
}

static void count(struct sum *s, struct str uid, int64_t n)
{
	if (counted(s, uid))
		return;
	s->uids[s->nuids++] = uid;
	s->out->wanted += (int32_t)n;
}

static bool count_answer(struct sum *s, const struct answer *a, const struct owner *ref,
			 const struct object *pod)
{
	if (a->failure) {
		buf_puts(&s->out->failure, a->failure);
		return false;
	}
	if (a->replicas < 0 || !str_eqz(ref->uid, a->uid)) {
		buf_printf(&s->out->failure, "found no controllers for pod \"%.*s\"",
			   STR_ARG(pod->name));
		return false;
	}
	count(s, ref->uid, a->replicas);
	return true;
}

static struct map *answers_of_key(struct scale_answers *answers, struct str key)
{
	struct map *m = map_get(&answers->of, key);
	if (!m) {
		m = NEW(struct map);
		map_put(&answers->of, key, m);
	}
	return m;
}

enum scale_verdict disruption_scale(struct scale_answers *answers, struct round *round,
				    struct controller *c, struct str key,
				    const struct pod_views *pods, struct scale_sum *out)
{
	struct map *given = answers_of_key(answers, key);
	struct sum s = { out, ARENA_ARRAY(pods->arena, struct str, pods->n + 1), 0 };
	bool asks = false, fails = false;
	for (size_t i = 0; i < pods->n && !fails; i++) {
		const struct object *pod = pods->items[i].object, *o;
		struct owner ref;
		struct answer *a;
		if (!owner_controller(pod, &ref)) {
			out->unmanaged++;
		} else if ((o = speaker(c, pod->ns, &ref))) {
			if (!counted(&s, o->uid))
				count(&s, o->uid, replicas_of(o));
		} else if ((a = map_get(given, ref.uid))) {
			fails = !asks && !count_answer(&s, a, &ref, pod);
		} else {
			a = NEW(struct answer);
			map_put(given, ref.uid, a);
			ask(round, c, pod->ns, &ref, a);
			asks = true;
		}
	}
	if (asks)
		return SCALE_ASKS;
	scale_answers_forget(answers, key);
	return fails ? SCALE_FAILS : SCALE_SUM;
}
