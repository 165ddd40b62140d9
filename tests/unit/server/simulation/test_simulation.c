/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <unistd.h>

#include "tests/unit/server/simulation/sim_time.h"
#include "tests/unit/server/simulation/sim_user.h"
#include "tests/unit/unit.h"

int clock_gettime(clockid_t id, struct timespec *out)
{
	return sim_clock(id, out);
}

time_t time(time_t *out)
{
	time_t t = (time_t)(SIM_EPOCH_S + sim_now_us() / 1000000);
	if (out)
		*out = t;
	return t;
}

ssize_t getrandom(void *to, size_t n, unsigned flags)
{
	(void)flags;
	sim_random_bytes(to, n);
	return (ssize_t)n;
}

#define REST_S   90  /* longer than a retry is put off */
#define JOB_S    660 /* longer than the pod of a Job is */
#define SETTLE_S 14400
#define CLEAR_S  60

struct sim {
	uint64_t seed;
	struct sim_world world;
	struct sim_model model;
	struct sim_nodes nodes;
	struct sim_user user;
};
struct sim_size {
	size_t nodes;
	unsigned workloads;
	int64_t seconds; /* of trouble */
};

static void begin(struct sim *s, uint64_t seed, const struct sim_size *size)
{
	*s = (struct sim){ .seed = seed };
	sim_time_begin(seed);
	sim_world_begin(&s->world, sim_model_event, &s->model);
	sim_nodes_begin(&s->nodes, &s->world, size->nodes);
	s->user = (struct sim_user){ .world = &s->world,
				     .nodes = &s->nodes,
				     .model = &s->model,
				     .workloads_max = size->workloads };
	sim_world_start(&s->world);
	sim_nodes_attach(&s->nodes);
	sim_user_repairs(&s->user);
}

static void end(struct sim *s)
{
	sim_nodes_detach(&s->nodes);
	sim_world_crash(&s->world);
	sim_nodes_end(&s->nodes);
	sim_model_free(&s->model);
	sim_world_end(&s->world);
}

/* KEEP=FILE: what there is when a rule is broken, an object a line. */
static void keep(const struct sim *s)
{
	size_t at = 0;
	FILE *f = getenv("KEEP") ? fopen(getenv("KEEP"), "w") : NULL;
	for (struct map_entry *e; f && (e = map_next(&s->model.objects, &at));) {
		fprintf(f, "%.*s ", STR_ARG(e->key));
		json_dumpf(((struct sim_object *)e->value)->tree, f, JSON_COMPACT);
		fputc('\n', f);
	}
	if (f)
		fclose(f);
}

static void check(struct sim *s)
{
	if (s->user.failed)
		sim_broken(&s->model, "the server answered %d", s->user.failed);
	if (!s->model.broken[0])
		return;
	keep(s);
	fail_msg("SEED=%llu %s", (unsigned long long)s->seed, s->model.broken);
}

static void step(struct sim *s, int64_t ms)
{
	sim_world_run(&s->world, ms);
	sim_nodes_step(&s->nodes);
	sim_store_expire(s->world.store);
	check(s);
}

static void restart(struct sim *s)
{
	sim_nodes_detach(&s->nodes);
	sim_world_crash(&s->world);
	sim_world_start(&s->world);
	sim_nodes_attach(&s->nodes);
}

static void trouble(struct sim *s, int64_t seconds)
{
	s->nodes.trouble = true;
	for (int64_t i = 0; i < seconds; i++) {
		for (unsigned k = sim_draw(3); k > 0; k--)
			sim_user_acts(&s->user);
		if (sim_draw(100) == 0)
			restart(s);
		step(s, 500 + sim_draw(1000));
	}
	s->nodes.trouble = false;
}

static void rest(struct sim *s)
{
	int64_t begun_us = sim_now_us(), cleared_us = begun_us;
	s->model.busy_us = begun_us;
	while (sim_now_us() - s->model.busy_us <
	       (sim_rules_job_waits(&s->model) ? JOB_S : REST_S) * 1000000ll) {
		step(s, 1000);
		if (sim_now_us() - cleared_us > CLEAR_S * 1000000ll) {
			sim_user_clears(&s->user);
			cleared_us = sim_now_us();
		}
		if (sim_now_us() - begun_us > SETTLE_S * 1000000ll)
			sim_broken(&s->model, "it does not come to rest");
	}
	sim_rules_rest(&s->model);
	check(s);
}

/* Nothing fails by itself: each pod that goes has been evicted, and no budget may suffer. */
static void drain(struct sim *s, int seconds)
{
	s->model.steady = true;
	while (seconds-- > 0) {
		for (unsigned k = sim_draw(8); k > 0; k--)
			sim_user_evicts(&s->user);
		if (sim_draw(3) == 0)
			sim_user_evicts_all_of_one(&s->user);
		step(s, 1000);
	}
	s->model.steady = false;
}

static void run(uint64_t seed, const struct sim_size *size)
{
	struct sim s;
	print_message("# SEED=%llu: %zu nodes, %lld s of trouble\n", (unsigned long long)seed,
		      size->nodes, (long long)size->seconds);
	begin(&s, seed, size);
	trouble(&s, size->seconds);
	sim_user_repairs(&s.user);
	sim_user_suspends(&s.user);
	rest(&s);
	drain(&s, 60);
	rest(&s);
	sim_user_deletes_all(&s.user);
	rest(&s);
	sim_rules_nothing_left(&s.model);
	check(&s);
	print_message("# %lld commits, %u workloads, %lld s\n", (long long)s.model.commits,
		      s.user.made, (long long)(sim_now_us() / 1000000));
	end(&s);
}

static void a_small_cluster_survives_its_troubles(void **state)
{
	(void)state;
	run(1, &(struct sim_size){ 10, 8, 120 });
}

/* Under sanitizers and emulation the small one has to do: the others take many times as long and meet the same code. */
static void skip_when_slow(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	bool slow = true;
#else
	bool slow = getenv("ALLINONE_EMULATED") != NULL;
#endif
	if (!slow)
		return;
	print_message("# the small cluster is simulated only\n");
	skip();
}

static void a_full_cluster_survives_its_troubles(void **state)
{
	(void)state;
	skip_when_slow();
	run(2, &(struct sim_size){ 6, 20, 50 });
}

static void hundreds_of_nodes_survive_their_troubles(void **state)
{
	(void)state;
	skip_when_slow();
	run(3, &(struct sim_size){ 200, 20, 20 });
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* SEED=N [RUNS=N] [NODES=N] [WORKLOADS=N] [TROUBLE=SECONDS]: from that seed on. */
static void clusters_of_choice_survive_their_troubles(void **state)
{
	uint64_t nodes = number("NODES", 20), runs = number("RUNS", 1);
	const struct sim_size size = { nodes, (unsigned)number("WORKLOADS", nodes),
				       (int64_t)number("TROUBLE", 300) };
	(void)state;
	for (uint64_t i = 0; i < runs; i++)
		run(number("SEED", 1) + i, &size);
}

/* Hash tables are seeded by where the program was loaded: a seed tells the whole story only when that is always the same place. */
static void load_at_one_place(char **argv)
{
	int now = personality(0xffffffff);
	if (now < 0 || (now & ADDR_NO_RANDOMIZE) || getenv("ALLINONE_EMULATED") ||
	    personality((unsigned long)(now | ADDR_NO_RANDOMIZE)) < 0 ||
	    !(personality(0xffffffff) & ADDR_NO_RANDOMIZE))
		return;
	execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	(void)argc;
	load_at_one_place(argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_cluster_survives_its_troubles),
		cmocka_unit_test(a_full_cluster_survives_its_troubles),
		cmocka_unit_test(hundreds_of_nodes_survive_their_troubles),
	};
	const struct CMUnitTest choice[] = { cmocka_unit_test(
		clusters_of_choice_survive_their_troubles) };
	return getenv("SEED") ? cmocka_run_group_tests(choice, NULL, NULL)
			      : cmocka_run_group_tests(tests, NULL, NULL);
}
