/* SPDX-License-Identifier: Apache-2.0 */
/* Random clusters under random events: no node is over-committed, no port is given twice, counts are what a recount says. */
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "tests/unit/server/scheduler/sched_fixture.h"
#include "tests/unit/unit.h"

#define ROUNDS    3000
#define NODES_MAX 12

static uint64_t seed;

static unsigned draw(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

static const char *const specs[] = {
	CONTAINER("\"cpu\":\"500m\",\"memory\":\"1Gi\""),
	CONTAINER("\"cpu\":\"1\""),
	"\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":1,\"hostPort\":80}]}]",
	"\"affinity\":{\"podAntiAffinity\":{" REQUIRED(TERM("a")) "}}," CONTAINER(""),
	"\"affinity\":{\"podAffinity\":{" REQUIRED(TERM("b")) "}}," CONTAINER("\"cpu\":\"100m\""),
	"\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"zone\","
	"\"whenUnsatisfiable\":\"DoNotSchedule\",\"labelSelector\":{\"matchLabels\":{\"app\":\"a\"}"
	"}}"
	"]," CONTAINER("\"cpu\":\"200m\""),
	PRIORITY(10) CONTAINER("\"cpu\":\"2\""),
};
static const char *const metas[] = { APP("a"), APP("b"), "" };
static const char *const zones[] = { ZONE("1"), ZONE("2"), ZONE("3"), "" };

static void some_node(struct fixture *f)
{
	char name[8];

	snprintf(name, sizeof(name), "n%u", draw(NODES_MAX));
	if (draw(3) && cluster_node(&f->cluster, str_from(name))) {
		cluster_node_del(&f->cluster, str_from(name));
		return;
	}
	add_node(f, name, zones[draw(4)], draw(6) ? "" : "\"unschedulable\":true",
		 "\"cpu\":\"4\",\"memory\":\"8Gi\"");
}

static void some_pod_ends(struct fixture *f)
{
	struct map_entry *e;
	size_t at = 0, skip = f->cluster.placed.count ? draw((unsigned)f->cluster.placed.count) : 0;

	while ((e = map_next(&f->cluster.placed, &at)) && skip--)
		continue;
	if (e) {
		auto_free char *key = str_dup(e->key);

		cluster_pod_del(&f->cluster, str_from(key));
	}
}

static void some_pod_comes(struct fixture *f, int n)
{
	const char *spec = specs[draw((unsigned)COUNT_OF(specs))], *meta = metas[draw(3)];
	auto_free char *name = str_printf("p%d", n);
	struct preemption room;

	decide_with(f, meta, spec);
	if (f->decision.node) {
		place(f, name, f->decision.node->name, meta, spec);
		return;
	}
	schedule_preempt(&f->look, &f->decision, &f->budgets, STR(""), draw(100), &room);
	for (size_t i = 0; i < room.nvictims; i++)
		cluster_pod_del(&f->cluster, str_from(room.victims[i]->key));
	preemption_free(&room);
}

static void check_node(const struct node_info *n)
{
	struct amounts sum = { 0 };
	size_t ports = 0, pods = 0;

	for (size_t i = 0; i < n->npods_known; i++) {
		assert_true(n->pods[i]->counted);
		amounts_add(&sum, &n->pods[i]->usage.request, 1);
		ports += n->pods[i]->usage.nports;
		pods++;
	}
	assert_int_equal(sum.milli_cpu, n->requested.milli_cpu);
	assert_int_equal(sum.memory, n->requested.memory);
	assert_int_equal(pods, n->npods);
	assert_int_equal(ports, n->nports);
	assert_true(sum.milli_cpu <= n->allocatable.milli_cpu);
	assert_true(sum.memory <= n->allocatable.memory);
	assert_true((int64_t)pods <= n->max_pods);
	assert_true(ports <= 1); /* all ask for the same one */
	amounts_free(&sum);
}

/* Every tally against a recount over all pods. */
static void check_tallies(struct fixture *f)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&f->cluster.tallies.selecting, &i));) {
		const struct tally *t = e->value;
		int64_t total = 0;

		for (size_t k = 0; k < f->cluster.nlist; k++)
			for (size_t m = 0; m < f->cluster.list[k]->npods_known; m++)
				total += topology_domain(t->topology, k) != DOMAIN_NONE &&
					 pod_terms_match(&f->cluster.tallies, &t->terms,
							 f->cluster.list[k]->pods[m]->object);
		assert_int_equal(total, t->total);
	}
}

static void nothing_is_given_twice(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < ROUNDS; i++) {
		switch (draw(8)) {
		case 0: some_node(f); break;
		case 1:
		case 2: some_pod_ends(f); break;
		default: some_pod_comes(f, i);
		}
		for (size_t k = 0; k < f->cluster.nlist; k++)
			check_node(f->cluster.list[k]);
		if (i % 50 == 0)
			check_tallies(f);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { T(nothing_is_given_twice) };
	const char *given = getenv("SEED");

	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	printf("SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
