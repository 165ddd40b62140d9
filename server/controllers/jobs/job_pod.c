/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/jobs/job_pod.h"

#include "base/mem.h"
#include "server/controllers/jobs/job_plan.h"
#include "server/controllers/pairs.h"

static struct core_v1_env_var index_variable(struct arena *a)
{
	struct core_v1_env_var v = { .name = STR("JOB_COMPLETION_INDEX") };

	v.value_from = ARENA_NEW(a, struct core_v1_env_var_source);
	v.value_from->field_ref = ARENA_NEW(a, struct core_v1_object_field_selector);
	v.value_from->field_ref->field_path = STR("metadata.labels['" JOB_INDEX "']");
	return v;
}

static void add_variable(struct core_v1_container *c, struct arena *a)
{
	struct core_v1_env_var *items = ARENA_ARRAY(a, struct core_v1_env_var, c->env.n + 1);

	for (size_t i = 0; i < c->env.n; i++) {
		if (str_eqz(c->env.items[i].name, "JOB_COMPLETION_INDEX"))
			return;
		items[i] = c->env.items[i];
	}
	items[c->env.n] = index_variable(a);
	c->env.items = (void *)items;
	c->env.n++;
}

static struct core_v1_container *copies(const struct core_v1_container *from, size_t n,
					struct arena *a)
{
	struct core_v1_container *items = ARENA_ARRAY(a, struct core_v1_container, n + 1);

	for (size_t i = 0; i < n; i++) {
		items[i] = from[i];
		add_variable(&items[i], a);
	}
	return items;
}

#define GENERATED_BASE_MAX 58 /* of names that the server completes */

static struct str base_name(const struct object *owner, int32_t index, struct arena *a)
{
	char *end = arena_printf(a, "-%d-", index);
	size_t most = GENERATED_BASE_MAX - strlen(end);

	return str_from(arena_printf(a, "%.*s%s",
				     (int)(owner->name.n < most ? owner->name.n : most),
				     owner->name.p, end));
}

static void add_counts(struct core_v1_pod *p, const struct job_create *c, struct arena *a)
{
	if (c->failures >= 0)
		pairs_set(&p->metadata.annotations, a, JOB_INDEX_FAILURE,
			  str_from(arena_printf(a, "%d", c->failures)));
	if (c->ignored > 0)
		pairs_set(&p->metadata.annotations, a, JOB_INDEX_IGNORED,
			  str_from(arena_printf(a, "%d", c->ignored)));
}

void job_pod(const struct object *owner, const struct batch_v1_job *job,
	     const struct job_create *create, struct arena *a, struct core_v1_pod *out)
{
	struct str *finalizers, number;
	size_t n = job->spec.template.metadata.finalizers.n;

	pod_from_template(owner, &job->spec.template, a, out);
	finalizers = ARENA_ARRAY(a, struct str, n + 1);
	for (size_t i = 0; i < n; i++)
		finalizers[i] = job->spec.template.metadata.finalizers.items[i];
	finalizers[n] = STR(JOB_FINALIZER);
	out->metadata.finalizers = (struct api_str_list){ finalizers, n + 1 };
	if (create->index < 0)
		return;
	number = str_from(arena_printf(a, "%d", create->index));
	out->metadata.generate_name = base_name(owner, create->index, a);
	pairs_set(&out->metadata.labels, a, JOB_INDEX, number);
	pairs_set(&out->metadata.annotations, a, JOB_INDEX, number);
	add_counts(out, create, a);
	out->spec.containers.items =
		(void *)copies(out->spec.containers.items, out->spec.containers.n, a);
	out->spec.init_containers.items =
		(void *)copies(out->spec.init_containers.items, out->spec.init_containers.n, a);
	out->spec.hostname =
		str_from(arena_printf(a, "%.*s-%d", STR_ARG(owner->name), create->index));
}
