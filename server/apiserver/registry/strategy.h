/* SPDX-License-Identifier: Apache-2.0 */
/* What a kind does beyond its schema when it is written: a row in strategy.c, and a file of its own when it is more than flags.
 * Steps get the write under way (server/apiserver/write/write.h) and change w->tree. */
#ifndef SERVER_APISERVER_REGISTRY_STRATEGY_H
#define SERVER_APISERVER_REGISTRY_STRATEGY_H

#include <jansson.h>

#include "api/type.h"
#include "base/err.h"

struct write;
struct apiserver;
struct object;

enum strategy_flag {
	STRATEGY_GENERATION = 1 << 0,          /* metadata.generation counts changes of the spec */
	STRATEGY_CREATE_ON_UPDATE = 1 << 1,    /* PUT creates what is not there */
	STRATEGY_NEEDS_VERSION = 1 << 2,       /* an update must say which version it is about */
	STRATEGY_RETURNS_DELETED = 1 << 3,     /* DELETE answers with the object, not a Status */
	STRATEGY_KEEPS_STATUS = 1 << 4,        /* status may be set at creation */
	STRATEGY_ALL_IS_SPEC = 1 << 5,         /* generation: anything but metadata counts */
	STRATEGY_STATUS_KEEPS_LABELS = 1 << 6, /* a status update does not change labels */
	STRATEGY_STATUS_ONLY = 1 << 7, /* a status update changes nothing else, not even metadata */
	STRATEGY_GENERATION_ONE = 1 << 8,     /* generation is 1 and stays so */
	STRATEGY_GENERATION_LATER = 1 << 9,   /* it counts changes, from none on */
	STRATEGY_ANNOTATIONS_COUNT = 1 << 10, /* generation: changes of annotations, too */
	STRATEGY_LABELS_COUNT = 1 << 11,      /* generation: changes of labels, too */
	STRATEGY_ORPHANS = 1 << 12, /* a deletion that doesn't say leaves the dependents */
};

struct strategy {
	const char *group, *plural;
	unsigned flags;
	int (*create)(struct write *w, struct err *err);
	int (*update)(struct write *w, struct err *err); /* of the object itself */
	int (*update_sub)(struct write *w,
			  struct err *err); /* of a subresource other than status */
	/* Reserve what validation found fine to ask for (addresses, ports); write_hold() gives it back if the write fails. */
	int (*allocate)(struct write *w, struct err *err);
	void (*committed)(struct write *w);
	void (*deleted)(struct apiserver *s, const struct object *o); /* after it is gone */
	void (*marked)(struct apiserver *s, const struct object *o);  /* it is to go, and waits */
	/* A deletion begins: what is written down with it. */
	void (*deleting)(json_t *tree, int64_t now_s);
	bool expires; /* it goes by itself after --event-ttl without a write */
};
const struct strategy *strategy_of(const struct api_resource *res);
/* The common part of a creation: status is the server's; then the kind's own step. */
int strategy_create(struct write *w, struct err *err);
/* The common part of an update: status and spec are kept apart, generation counts, then the kind's own step. */
int strategy_update(struct write *w, struct err *err);

/* Whether spec.template says something else than before, however it is spelled. */
bool strategy_spec_changed(const struct write *w);
bool strategy_template_changed(const struct write *w);

/* Kinds that are more than flags, each in its file. */
int pod_strategy_create(struct write *w, struct err *err);
int pod_strategy_update(struct write *w, struct err *err);
int pod_strategy_update_sub(struct write *w, struct err *err);
int namespace_strategy_create(struct write *w, struct err *err);
int namespace_strategy_update(struct write *w, struct err *err);
int namespace_strategy_update_sub(struct write *w, struct err *err);
int node_strategy_create(struct write *w, struct err *err);
int node_strategy_update(struct write *w, struct err *err);
int device_claim_strategy_create(struct write *w, struct err *err);
int device_claim_strategy_update_sub(struct write *w, struct err *err);
int device_template_strategy_create(struct write *w, struct err *err);
int service_strategy_create(struct write *w, struct err *err);
int service_strategy_update(struct write *w, struct err *err);
int service_strategy_allocate(struct write *w, struct err *err);
void service_strategy_committed(struct write *w);
void service_strategy_deleted(struct apiserver *s, const struct object *o);
void ip_address_strategy_committed(struct write *w);
void ip_address_strategy_deleted(struct apiserver *s, const struct object *o);
void service_range_strategy_committed(struct write *w);
void service_range_strategy_deleted(struct apiserver *s, const struct object *o);
int volume_claim_strategy_create(struct write *w, struct err *err);
int volume_claim_strategy_update(struct write *w, struct err *err);
int limit_range_strategy_create(struct write *w, struct err *err); /* without a name: its UID */
int volume_strategy_create(struct write *w, struct err *err);
int volume_strategy_update_sub(struct write *w, struct err *err);
int service_account_strategy(struct write *w, struct err *err);
int endpoint_slice_strategy(struct write *w, struct err *err);
int daemon_set_strategy_create(struct write *w, struct err *err);
int daemon_set_strategy_update(struct write *w, struct err *err);
int daemon_set_strategy_update_sub(struct write *w, struct err *err);
int job_strategy_create(struct write *w, struct err *err);
int role_strategy(struct write *w, struct err *err); /* of creations and updates */
int role_binding_strategy(struct write *w, struct err *err);
int certificate_request_strategy_create(struct write *w, struct err *err);
int certificate_request_strategy_update(struct write *w, struct err *err);
int certificate_request_strategy_update_sub(struct write *w, struct err *err);
int definition_strategy_create(struct write *w, struct err *err);
int definition_strategy_update(struct write *w, struct err *err);
int custom_resource_strategy_create(struct write *w, struct err *err);
int custom_resource_strategy_update(struct write *w, struct err *err);

#endif
