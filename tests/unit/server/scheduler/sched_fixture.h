/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster in memory, filled with one line per object, and one pod that is to be placed. */
#ifndef TESTS_UNIT_SERVER_SCHEDULER_SCHED_FIXTURE_H
#define TESTS_UNIT_SERVER_SCHEDULER_SCHED_FIXTURE_H

#include "server/scheduler/decide.h"
#include "server/scheduler/preempt.h"

struct fixture {
	struct cluster cluster;
	struct volumes volumes;
	struct owners owners;
	struct budgets budgets;
	struct map objects; /* "prefix/ns/name" → object, for volumes */
	struct arena arena;
	struct core_v1_pod pod;
	struct object *object;
	struct pod_usage usage;
	struct decision decision;
	struct sched_look look;
	bool looked;
};
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* A node: name, extra metadata, spec, allocatable beside "pods":"10". */
void add_node(struct fixture *f, const char *name, const char *meta, const char *spec,
	      const char *allocatable);
/* A pod of namespace d on a node, with metadata and spec beyond name and uid. */
void place(struct fixture *f, const char *name, const char *node, const char *meta,
	   const char *spec);
/* An object that volumes refer to: kind, namespace or "", name, metadata and other members. */
void add_object(struct fixture *f, const struct api_resource *r, const char *ns, const char *name,
		const char *meta, const char *members);
/* The pod that is to be placed: d/p. */
void read_pod(struct fixture *f, const char *meta, const char *spec);
/* The node's name, or the message. */
const char *decide_pod(struct fixture *f);
const char *decide(struct fixture *f, const char *spec);
const char *decide_with(struct fixture *f, const char *meta, const char *spec);
/* After decide(). */
void preempt(struct fixture *f, const char *spec, struct preemption *out);

#define CONTAINER(requests)                                                                      \
	"\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"resources\":{\"requests\":{" requests \
	"}}}]"
#define ZONE(z)     ",\"labels\":{\"zone\":\"" z "\"}"
#define APP(a)      ",\"labels\":{\"app\":\"" a "\"}"
#define TERM(a)     "{\"labelSelector\":{\"matchLabels\":{\"app\":\"" a "\"}},\"topologyKey\":\"zone\"}"
#define REQUIRED(t) "\"requiredDuringSchedulingIgnoredDuringExecution\":[" t "]"
#define PRIORITY(p) "\"priority\":" #p ","
#define NODES(n)    "0/" #n " nodes are available: "

#endif
