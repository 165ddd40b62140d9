/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/controllers/workloads/deployment_conditions.h"

struct set {
	int size, available, desired;
};

struct fixture {
	struct arena arena;
	struct apps_v1_deployment d;
	struct set_views sets;
	struct deployment_plan plan;
	struct object object;
};

static int setup(void **state)
{
	*state = NEW(struct fixture);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	free(f->sets.items);
	free(f);
	return 0;
}

static void deployment(struct fixture *f, const char *spec)
{
	auto_free char *json =
		str_printf("{\"metadata\":{\"name\":\"web\",\"generation\":3},\"spec\":{%s}}",
			   spec);

	memset(&f->d, 0, sizeof(f->d));
	f->sets.n = 0;
	f->sets.latest = NULL;
	assert_int_equal(struct_read_json(arena_str(&f->arena, str_from(json)), &f->arena,
					  api_struct_apps_v1_deployment, &f->d, NULL),
			 0);
}

static struct set_view *view(struct fixture *f, struct set s)
{
	struct set_view *v = ARENA_NEW(&f->arena, struct set_view);
	struct api_str_pair *a = ARENA_ARRAY(&f->arena, struct api_str_pair, 2);

	v->object = &f->object;
	v->size = s.size;
	v->available = s.available;
	v->rs.status.replicas = s.size;
	v->rs.status.available_replicas = s.available;
	a[0] = (struct api_str_pair){ STR(ANNOTATION_DESIRED),
				      str_from(arena_printf(&f->arena, "%d", s.desired)) };
	v->rs.metadata.annotations = (struct api_str_map){ a, s.desired ? 1 : 0 };
	return v;
}

static void old(struct fixture *f, struct set s)
{
	f->sets.items =
		mem_array_grow(f->sets.items, &f->sets.cap, f->sets.n + 1, sizeof(*f->sets.items));
	f->sets.items[f->sets.n++] = view(f, s);
}

static void plan(struct fixture *f)
{
	deployment_plan(&f->d, &f->sets, false, &f->plan);
}

#define ROLLING(replicas, surge, unavailable)                                              \
	"\"replicas\":" #replicas                                                          \
	",\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":" surge \
	",\"maxUnavailable\":" unavailable "}}"

static void limits_are_rounded_up_for_surge_and_down_for_unavailable(void **state)
{
	struct fixture *f = *state;
	const struct {
		const char *spec;
		int surge, unavailable;
	} cases[] = {
		{ ROLLING(10, "\"25%\"", "\"25%\""), 3, 2 },
		{ ROLLING(3, "\"25%\"", "\"25%\""), 1, 0 },
		{ ROLLING(2, "0", "0"), 0, 1 },
		{ ROLLING(2, "0", "5"), 0, 2 },
		{ ROLLING(4, "\"100%\"", "1"), 4, 1 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct deployment_limits l;

		deployment(f, cases[i].spec);
		deployment_limits(&f->d, &l);
		assert_int_equal(l.surge, cases[i].surge);
		assert_int_equal(l.unavailable, cases[i].unavailable);
	}
}

static void the_first_set_gets_all_replicas(void **state)
{
	struct fixture *f = *state;

	deployment(f, ROLLING(3, "\"25%\"", "\"25%\""));
	plan(f);
	assert_true(f->plan.create);
	assert_int_equal(f->plan.create_size, 3);
	assert_int_equal(f->plan.revision, 1);
}

static void a_new_template_starts_with_the_surge(void **state)
{
	struct fixture *f = *state;

	deployment(f, ROLLING(4, "1", "1"));
	old(f, (struct set){ 4, 4, 4 });
	f->sets.items[0]->revision = 7;
	plan(f);
	assert_true(f->plan.create);
	assert_int_equal(f->plan.create_size, 1);
	assert_int_equal(f->plan.revision, 8);
	assert_int_equal(f->sets.items[0]->want, 4);
}

static void old_sets_shrink_only_as_far_as_availability_allows(void **state)
{
	struct fixture *f = *state;

	deployment(f, ROLLING(4, "1", "1"));
	old(f, (struct set){ 4, 4, 4 });
	f->sets.latest = view(f, (struct set){ 1, 0, 4 });
	plan(f);
	assert_int_equal(f->sets.items[0]->want, 3); /* 4 available, 3 have to stay */
	f->sets.items[0]->size = f->sets.items[0]->available = 3;
	plan(f);
	assert_int_equal(f->sets.items[0]->want, 3);
	assert_int_equal(f->sets.latest->want, 2); /* room for one more of the new */
}

static void pods_that_never_became_available_go_first(void **state)
{
	struct fixture *f = *state;

	deployment(f, ROLLING(4, "0", "2"));
	old(f, (struct set){ 2, 2, 4 });
	old(f, (struct set){ 2, 0, 4 });
	f->sets.latest = view(f, (struct set){ 0, 0, 4 });
	plan(f);
	assert_int_equal(f->sets.items[0]->want, 2);
	assert_int_equal(f->sets.items[1]->want, 0);
}

static void recreate_waits_for_the_old_pods_to_end(void **state)
{
	struct fixture *f = *state;

	deployment(f, "\"replicas\":2,\"strategy\":{\"type\":\"Recreate\"}");
	old(f, (struct set){ 2, 2, 2 });
	plan(f);
	assert_int_equal(f->sets.items[0]->want, 0);
	assert_false(f->plan.create);
	f->sets.items[0]->size = 0;
	deployment_plan(&f->d, &f->sets, true, &f->plan);
	assert_false(f->plan.create);
	deployment_plan(&f->d, &f->sets, false, &f->plan);
	assert_true(f->plan.create);
	assert_int_equal(f->plan.create_size, 2);
}

static void scaling_a_single_set_is_direct(void **state)
{
	struct fixture *f = *state;

	deployment(f, ROLLING(9, "1", "1"));
	f->sets.latest = view(f, (struct set){ 4, 4, 4 });
	plan(f);
	assert_int_equal(f->sets.latest->want, 9);
}

static void scaling_amid_a_rollout_is_in_proportion(void **state)
{
	struct fixture *f = *state;

	deployment(f, ROLLING(20, "0", "5"));
	f->d.status.replicas = 10;
	old(f, (struct set){ 6, 6, 10 });
	f->sets.latest = view(f, (struct set){ 4, 2, 10 });
	plan(f);
	assert_int_equal(f->sets.items[0]->want, 12);
	assert_int_equal(f->sets.latest->want, 8);
}

static void a_paused_deployment_only_scales(void **state)
{
	struct fixture *f = *state;

	deployment(f, "\"paused\":true," ROLLING(3, "1", "1"));
	plan(f);
	assert_false(f->plan.create);
	f->sets.latest = view(f, (struct set){ 1, 1, 1 });
	plan(f);
	assert_int_equal(f->sets.latest->want, 3);
}

static void history_beyond_the_limit_goes_oldest_first(void **state)
{
	struct fixture *f = *state;

	deployment(f, "\"revisionHistoryLimit\":1," ROLLING(2, "1", "1"));
	old(f, (struct set){ 0, 0, 2 });
	old(f, (struct set){ 0, 0, 2 });
	f->sets.latest = view(f, (struct set){ 2, 2, 2 });
	plan(f);
	assert_true(f->plan.complete);
	assert_true(f->sets.items[0]->remove);
	assert_false(f->sets.items[1]->remove);
}

static const char *reason(const struct apps_v1_deployment_status *s, const char *type)
{
	for (size_t i = 0; i < s->conditions.n; i++)
		if (str_eqz(s->conditions.items[i].type, type))
			return s->conditions.items[i].reason.p;
	return "none";
}

static int64_t conditions(struct fixture *f, const struct deployment_news *news, int64_t us)
{
	struct apps_v1_deployment_status s;
	int64_t wait_ms;

	plan(f);
	deployment_counts(&f->d, &f->sets, &f->arena, &s);
	wait_ms = deployment_conditions(&f->d, &f->sets, &f->plan, news, us, &f->arena, &s);
	f->d.status = s;
	return wait_ms;
}

static void conditions_tell_progress_and_its_end(void **state)
{
	struct fixture *f = *state;
	const struct deployment_news created = { DEPLOYMENT_CREATED, (char *)"web-1" };
	int64_t us = 1000000000;

	deployment(f, "\"progressDeadlineSeconds\":600," ROLLING(2, "1", "1"));
	f->sets.latest = view(f, (struct set){ 2, 0, 2 });
	assert_int_equal(conditions(f, &created, us), 600001);
	assert_string_equal(reason(&f->d.status, "Progressing"), "ReplicaSetUpdated");
	assert_string_equal(reason(&f->d.status, "Available"), "MinimumReplicasUnavailable");
	assert_int_equal(conditions(f, NULL, us + 601000000), 0);
	assert_string_equal(reason(&f->d.status, "Progressing"), "ProgressDeadlineExceeded");
	f->sets.latest->available = f->sets.latest->rs.status.available_replicas = 2;
	conditions(f, NULL, us + 602000000);
	assert_string_equal(reason(&f->d.status, "Progressing"), "NewReplicaSetAvailable");
	assert_string_equal(reason(&f->d.status, "Available"), "MinimumReplicasAvailable");
}

static void the_first_thing_told_is_where_the_set_comes_from(void **state)
{
	struct fixture *f = *state;
	const struct deployment_news created = { DEPLOYMENT_CREATED, (char *)"web-1" },
				     failed = { DEPLOYMENT_FAILED, (char *)"Failed to create" };

	deployment(f, "\"progressDeadlineSeconds\":600," ROLLING(2, "1", "1"));
	conditions(f, &failed, 0);
	assert_string_equal(reason(&f->d.status, "Progressing"), "ReplicaSetCreateError");
	f->sets.latest = view(f, (struct set){ 0, 0, 2 });
	conditions(f, &created, 0);
	assert_string_equal(reason(&f->d.status, "Progressing"), "NewReplicaSetCreated");
	f->d.status.conditions.n = 0;
	conditions(f, NULL, 0);
	assert_string_equal(reason(&f->d.status, "Progressing"), "FoundNewReplicaSet");
}

static void a_pause_is_told_and_its_end(void **state)
{
	struct fixture *f = *state;

	deployment(f, "\"progressDeadlineSeconds\":600,\"paused\":true," ROLLING(2, "1", "1"));
	f->sets.latest = view(f, (struct set){ 0, 0, 2 });
	conditions(f, NULL, 0);
	assert_string_equal(reason(&f->d.status, "Progressing"), "DeploymentPaused");
	f->d.spec.paused = false;
	conditions(f, NULL, 0);
	assert_string_equal(reason(&f->d.status, "Progressing"), "DeploymentResumed");
}

static void templates_are_equal_but_for_the_hash_label(void **state)
{
	struct fixture *f = *state;
	struct core_v1_pod_template_spec a = { 0 }, b = { 0 };
	char x[TEMPLATE_HASH_MAX], y[TEMPLATE_HASH_MAX];
	int32_t collisions = 1;

	assert_int_equal(struct_read_json(STR("{\"metadata\":{\"labels\":{\"app\":\"w\"}},\"spec\":"
					      "{\"nodeName\":\"n\"}}"),
					  &f->arena, api_struct_core_v1_pod_template_spec, &a,
					  NULL),
			 0);
	assert_int_equal(struct_read_json(STR("{\"metadata\":{\"labels\":{\"app\":\"w\",\"pod-"
					      "template-hash\":\"x\"}},\"spec\":{"
					      "\"nodeName\":\"n\"}}"),
					  &f->arena, api_struct_core_v1_pod_template_spec, &b,
					  NULL),
			 0);
	assert_true(deployment_template_equal(&a, &b));
	deployment_template_hash(&a, NULL, x);
	deployment_template_hash(&b, NULL, y);
	assert_string_equal(x, y);
	deployment_template_hash(&a, &collisions, y);
	assert_string_not_equal(x, y);
	b.spec.node_name = STR("m");
	assert_false(deployment_template_equal(&a, &b));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(limits_are_rounded_up_for_surge_and_down_for_unavailable),
		T(the_first_set_gets_all_replicas),
		T(a_new_template_starts_with_the_surge),
		T(old_sets_shrink_only_as_far_as_availability_allows),
		T(pods_that_never_became_available_go_first),
		T(recreate_waits_for_the_old_pods_to_end),
		T(scaling_a_single_set_is_direct),
		T(scaling_amid_a_rollout_is_in_proportion),
		T(a_paused_deployment_only_scales),
		T(history_beyond_the_limit_goes_oldest_first),
		T(conditions_tell_progress_and_its_end),
		T(the_first_thing_told_is_where_the_set_comes_from),
		T(a_pause_is_told_and_its_end),
		T(templates_are_equal_but_for_the_hash_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
