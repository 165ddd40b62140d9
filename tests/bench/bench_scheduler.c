/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the scheduler decides, without an API: upstream's scheduler_perf workloads on a cluster in memory.
 *
 *	bench_scheduler [WORKLOAD…] [NODES…]        all of them, at 100, 1000 and 5000 nodes, if none is named
 *
 * Each workload has pods that are there before (not measured) and pods that come through the queue: popped, decided, noted as placed or
 * parked, and told to those that wait, as the scheduler does it; evicted ones are gone at once. Objects are decoded beforehand. Prints pods/s
 * and the time of one pod, both of one core's time. */
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/scheduler/decide.h"
#include "server/scheduler/preempt.h"
#include "server/scheduler/queue.h"

#define CONTAINER(cpu, memory)                                                          \
	"\"containers\":[{\"name\":\"pause\",\"image\":\"registry.k8s.io/pause:3.10\"," \
	"\"resources\":{\"requests\":{\"cpu\":\"" cpu "\",\"memory\":\"" memory "\"}}}]"
#define SMALL CONTAINER("100m", "500Mi")
#define TERM(key) \
	"{\"labelSelector\":{\"matchLabels\":{\"color\":\"c\"}},\"topologyKey\":\"" key "\"}"
#define MUST(term) "\"requiredDuringSchedulingIgnoredDuringExecution\":[" term "]"
#define MAY(term)                                                             \
	"\"preferredDuringSchedulingIgnoredDuringExecution\":[{\"weight\":1," \
	"\"podAffinityTerm\":" term "}]"
#define AFFINITY(kind, terms) "\"affinity\":{\"" kind "\":{" terms "}},"
#define ZONE                  "topology.kubernetes.io/zone"
#define HOSTNAME              "kubernetes.io/hostname"
#define SPREAD(when)                                                            \
	"\"topologySpreadConstraints\":[{\"maxSkew\":5,\"topologyKey\":\"" ZONE \
	"\",\"whenUnsatisfiable\":\"" when                                      \
	"\",\"labelSelector\":{\"matchLabels\":{\"color\":\"c\"}}}],"

static const struct workload {
	const char *name;
	const char *before, *measured; /* specs; before: NULL: the same */
	double before_per_node, measured_per_node;
	bool churns; /* those before come in between: they never fit */
} workloads[] = {
	{ "SchedulingBasic", NULL, SMALL, 1, 1, false },
	{ "SchedulingPodAntiAffinity", NULL,
	  AFFINITY("podAntiAffinity", MUST(TERM(HOSTNAME))) SMALL, 0.2, 0.4, false },
	{ "SchedulingPodAffinity", NULL, AFFINITY("podAffinity", MUST(TERM(ZONE))) SMALL, 1, 1,
	  false },
	{ "PreferredPodAffinity", NULL, AFFINITY("podAffinity", MAY(TERM(HOSTNAME))) SMALL, 1, 1,
	  false },
	{ "PreferredPodAntiAffinity", NULL, AFFINITY("podAntiAffinity", MAY(TERM(HOSTNAME))) SMALL,
	  1, 1, false },
	{ "TopologySpreading", SMALL, SPREAD("DoNotSchedule") SMALL, 1, 1, false },
	{ "PreferredTopologySpreading", SMALL, SPREAD("ScheduleAnyway") SMALL, 1, 1, false },
	{ "PreemptionBasic", CONTAINER("900m", "500Mi"), "\"priority\":10," CONTAINER("3", "500Mi"),
	  4, 0.2, false },
	{ "Unschedulable", "\"priority\":10," CONTAINER("9", "500Mi"), SMALL, 0.04, 1, true },
	{ "SchedulingWhileGated", "\"schedulingGates\":[{\"name\":\"g\"}]," SMALL, SMALL, 2, 1,
	  false },
};

struct bench {
	struct cluster cluster;
	struct budgets budgets;
	struct sched_queue queue;
	size_t placed, refused, victims;
	int64_t now_ms; /* as of this turn */
};
struct item {
	struct object *object;
	struct arena arena;
	struct core_v1_pod pod;
	char key[64];
};

static struct object *object_of(const struct api_resource *r, const char *ns, const char *name,
				const char *json)
{
	auto_buf key = { 0 };
	struct object *o;

	object_key(r, str_from(ns), str_from(name), &key);
	if (object_new(r, buf_view(&key), str_from(json), &o, NULL) < 0)
		abort();
	object_seal(o, 1);
	return o;
}

static void add_node(struct bench *b, size_t i)
{
	auto_free char *name = str_printf("node-%zu", i);
	auto_free char *json =
		str_printf("{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
			   "\"uid\":\"u%zu\","
			   "\"labels\":{\"" HOSTNAME "\":\"%s\",\"" ZONE
			   "\":\"zone%zu\"}},\"spec\":{},\"status\":{"
			   "\"allocatable\":{\"cpu\":\"4\",\"memory\":\"32Gi\",\"pods\":\"110\"}}}",
			   name, i, name, i % 3);
	struct object *o = object_of(API_CORE_V1_NODES, "", name, json);

	cluster_node_set(&b->cluster, o, NULL, NULL);
	object_unref(o);
}

static struct item *make_pods(const char *spec, const char *prefix, size_t n)
{
	struct item *items = mem_zalloc((n + 1) * sizeof(*items));

	for (size_t i = 0; i < n; i++) {
		auto_free char *name = str_printf("%s-%zu", prefix, i);
		auto_free char *json = str_printf(
			"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
			"\"namespace\":"
			"\"sched\",\"uid\":\"%s\",\"labels\":{\"color\":\"c\"}},\"spec\":{%s}}",
			name, name, spec);

		items[i].object = object_of(API_CORE_V1_PODS, "sched", name, json);
		if (object_decode(items[i].object, &items[i].arena, api_struct_core_v1_pod,
				  &items[i].pod, NULL) < 0)
			abort();
		snprintf(items[i].key, sizeof(items[i].key), "sched/%s", name);
	}
	return items;
}

static void free_pods(struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		object_unref(items[i].object);
		arena_free(&items[i].arena);
	}
	free(items);
}

/* Of this process alone: others on the machine don't count. */
static int64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void happens(struct bench *b, const struct sched_event *e)
{
	sched_queue_event(&b->queue, e, b->now_ms);
}

static void evict(struct bench *b, struct placed_pod *p)
{
	const struct object *o = object_ref(p->object);
	const struct sched_event gone = { .what = SCHED_EVENT_POD_DELETE, .pod_before = o };

	cluster_pod_del(&b->cluster, str_from(p->key));
	happens(b, &gone);
	object_unref(o);
	b->victims++;
}

/* Room is made if others matter less: they are gone at once, and the pod gets its turn when it is due. */
static void does_not_fit(struct bench *b, struct pending_pod *p, struct sched_look *look,
			 const struct decision *d)
{
	struct str nominated = cluster_nominated_node(&b->cluster, p->key);
	struct preemption room;

	schedule_preempt(look, d, &b->budgets, nominated, b->cluster.next, &room);
	sched_queue_park(&b->queue, p, look->rejected_by, b->now_ms);
	if (room.node)
		cluster_nominate(&b->cluster, p->key, str_from(room.node->name), p->object,
				 &p->pod);
	else
		b->refused++;
	for (size_t i = 0; i < room.nvictims; i++)
		evict(b, room.victims[i]);
	preemption_free(&room);
}

static void assume(struct bench *b, struct pending_pod *p, struct str node)
{
	const struct sched_event there = { .what = SCHED_EVENT_POD_ADD, .pod = p->object };

	cluster_pod_set(&b->cluster, p->key, node, p->object, &p->pod, true);
	happens(b, &there);
	sched_queue_del(&b->queue, p->key);
	b->placed++;
}

static void place(struct bench *b, struct pending_pod *p)
{
	const struct sched_view view = { .cluster = &b->cluster };
	const struct sched_pod who = { &p->pod, p->object, &p->usage, p->key };
	struct sched_look look;
	struct decision d;

	sched_look_open(&look, &view, &who);
	schedule_decide(&look, cluster_nominated_node(&b->cluster, p->key), b->placed, &d);
	if (d.node)
		assume(b, p, d.node->node->metadata.name);
	else
		does_not_fit(b, p, &look, &d);
	buf_free(&d.message);
	sched_look_close(&look);
}

static void put(struct bench *b, struct item *x)
{
	sched_queue_put(&b->queue, str_from(x->key), x->object, &x->arena, &x->pod,
			x->pod.spec.scheduling_gates.n > 0, b->now_ms);
}

static void place_all(struct bench *b)
{
	struct pending_pod *p;

	b->now_ms = cpu_us() / 1000;
	while ((p = sched_queue_pop(&b->queue, b->now_ms)))
		place(b, p);
}

#define PER_TURN    64 /* pods that come together */
#define PER_REFUSED 25 /* pods that fit, for each that doesn't */

static void run(const struct workload *w, size_t nodes)
{
	struct bench b = { 0 };
	size_t nbefore = (size_t)(w->before_per_node * (double)nodes),
	       n = (size_t)(w->measured_per_node * (double)nodes);
	struct item *before = make_pods(w->before ? w->before : w->measured, "before", nbefore);
	struct item *pods = make_pods(w->measured, "measured", n);
	int64_t start;
	double took;

	sched_queue_init(&b.queue);
	for (size_t i = 0; i < nodes; i++)
		add_node(&b, i);
	for (size_t i = 0; i < nbefore && !w->churns; i++)
		put(&b, &before[i]);
	place_all(&b);
	b.placed = b.refused = 0;
	start = cpu_us();
	for (size_t i = 0; i < n; i++) {
		put(&b, &pods[i]);
		if (w->churns && i % PER_REFUSED == 0 && i / PER_REFUSED < nbefore)
			put(&b, &before[i / PER_REFUSED]);
		if (i % PER_TURN == 0)
			place_all(&b);
	}
	place_all(&b);
	took = (double)(cpu_us() - start) / 1e6;
	printf("%-26s %5zu nodes %6zu pods %9.0f pods/s %8.1f us each", w->name, nodes, n,
	       (double)n / took, took * 1e6 / (double)n);
	printf("  placed %zu refused %zu victims %zu\n", b.placed, b.refused, b.victims);
	fflush(stdout);
	sched_queue_free(&b.queue);
	cluster_free(&b.cluster);
	free_pods(before, nbefore);
	free_pods(pods, n);
}

static bool is_number(const char *arg)
{
	return *arg >= '0' && *arg <= '9';
}

static bool is_chosen(int argc, char **argv, const char *workload)
{
	bool any = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], workload))
			return true;
		any |= !is_number(argv[i]);
	}
	return !any;
}

static void run_at(int argc, char **argv, const char *nodes)
{
	for (size_t k = 0; k < COUNT_OF(workloads); k++)
		if (is_chosen(argc, argv, workloads[k].name))
			run(&workloads[k], strtoul(nodes, NULL, 10));
}

int main(int argc, char **argv)
{
	static const char *const sizes[] = { "100", "1000", "5000" };
	bool any = false;

	for (int i = 1; i < argc; i++)
		if (is_number(argv[i])) {
			run_at(argc, argv, argv[i]);
			any = true;
		}
	for (size_t i = 0; !any && i < COUNT_OF(sizes); i++)
		run_at(argc, argv, sizes[i]);
	return 0;
}
