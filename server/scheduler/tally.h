/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of placed pods per topology domain, kept up to date pod by pod, so that affinity and spreading look numbers up and never
 * walk over pods. Two kinds:
 *
 *	selecting   counts the pods that some terms (of a pod that is to be placed) mean; made when first asked for
 *	carried     sums the weights of the pods that bring a term along (their own affinity); there while they are
 *
 * Terms that are equal share a tally: all pods of a Deployment ask for the same ones. Control loop only. */
#ifndef SERVER_SCHEDULER_TALLY_H
#define SERVER_SCHEDULER_TALLY_H

#include "api/decode.h"
#include "base/buf.h"
#include "base/map.h"
#include "server/scheduler/topology.h"

#define TALLIES_MAX 256 /* selecting ones that are kept */

typedef const struct object *(*namespace_lookup)(void *ctx, struct str name);

/* Which pods: those that all terms mean. A term's own topology key doesn't matter here. */
struct pod_terms {
	const struct core_v1_pod_affinity_term *const *items;
	size_t n;
	struct str own_ns;       /* of the pod that has the terms */
	bool without_leaving;    /* terminating pods don't count */
	bool empty_selects_none; /* as spreading has it */
};
struct tally {
	char *key;
	int slot; /* selecting: its number in sets; -1: there was none left */
	struct topology *topology;
	int64_t *count; /* per domain */
	size_t cap;
	int64_t total;      /* over all domains */
	uint64_t version;   /* changes with the counts */
	uint64_t used;      /* when it was asked for: the least recent goes first */
	size_t carriers;    /* carried: pods that have it */
	struct arena arena; /* the terms */
	struct pod_terms terms;
	bool by_namespace_labels; /* a change of namespaces makes it void */
};
/* The selecting ones that mean a pod. It holds until one of them comes or goes. Start with {0}. */
struct tally_set {
	uint64_t bits[TALLIES_MAX / 64];
	uint64_t of; /* tallies.changes when it was made */
};
struct tallies {
	struct map selecting, carried; /* key → tally */
	struct tally *slots[TALLIES_MAX];
	uint64_t changes; /* of what is selecting */
	size_t nslotless;
	uint64_t clock, turn; /* tallies used since `turn` stay */
	struct buf scratch;
	namespace_lookup find_namespace; /* NULL: none is known */
	void *namespace_ctx;
};
enum carried_kind { CARRIED_FORBIDS, CARRIED_SCORES };
/* What a placed pod brings along. */
struct carried {
	struct tally *tally;
	int64_t weight;
	enum carried_kind kind;
};

/* Do the terms mean this pod? Only ns, labels and `deleting` of it are looked at. */
bool pod_terms_match(const struct tallies *all, const struct pod_terms *t,
		     const struct object *pod);
/* `made`: it is new and empty; the caller counts. */
struct tally *tally_selecting(struct tallies *all, const struct pod_terms *t,
			      struct topology *topology, bool *made);
struct tally *tally_carried(struct tallies *all, enum carried_kind kind,
			    const struct core_v1_pod_affinity_term *term, struct str own_ns,
			    struct topology *topology);
/* Adds to all selecting ones that mean the pod. `set` is the pod's own: who they are is asked once. */
void tallies_add(struct tallies *all, const struct object *pod, struct tally_set *set, size_t place,
		 int64_t sign);
void tally_drop(struct tallies *all, struct tally *t); /* one carrier less */
void tally_add(struct tally *t, size_t place, int64_t weight);
static inline int64_t tally_at(const struct tally *t, size_t place)
{
	int32_t d = topology_domain(t->topology, place);

	return d != DOMAIN_NONE && (size_t)d < t->cap ? t->count[d] : 0;
}
static inline int64_t tally_in(const struct tally *t, size_t domain)
{
	return domain < t->cap ? t->count[domain] : 0;
}
/* The carried ones of a kind that mean the pod; into the arena. */
size_t tallies_meaning(struct tallies *all, enum carried_kind kind, const struct object *pod,
		       struct arena *a, struct tally ***out);
void tallies_turn(struct tallies *all); /* what was asked for before may go when room is needed */
void tallies_namespaces_changed(struct tallies *all);
void tallies_free(struct tallies *all);

#endif
