/* SPDX-License-Identifier: Apache-2.0 */
/* What a controller is made of. A row of the table in controllers.c names it and tells how it starts; the context gives it its client,
 * the shared informers and the configuration. Hooks are added in start(), before any informer runs.
 *
 * The habit: hooks put keys into a work queue; the queue's work function reads the informers, decides with a pure plan function (tested
 * as a table), and carries the plan out with calls whose ends call controller_done(). Control loop only. */
#ifndef SERVER_CONTROLLERS_CONTROLLER_H
#define SERVER_CONTROLLERS_CONTROLLER_H

#include "api/decode.h"
#include "base/clock.h"
#include "client/informer.h"
#include "client/work_queue.h"
#include "generated/api_tables.h"
#include "server/controllers/controllers.h"
#include "server/controllers/customs.h"

struct controller {
	const char *name, *component; /* of its row */
	const char *queue_name;       /* in metrics */
	struct controllers *all;
	const struct controllers_config *config;
	struct client *client;
	struct work_queue *queue;
	void *state;      /* the controller's own, freed by its stop() */
	int64_t round_us; /* what the last round cost that was added by controller_add_soon() */
};
struct controller_row {
	const char *name; /* service account and metrics label, as upstream */
	int (*start)(struct controller *c, struct err *err);
	void (*stop)(struct controller *c); /* may be NULL */
	const char *account;   /* service account, where it isn't called as the controller */
	const char *component; /* source of its events; NULL: the name */
};

/* The informer of a resource over all namespaces, made when first asked for. */
struct informer *controller_informer(struct controller *c, const struct api_resource *r);
/* Hears of custom resources; for start(). */
void controller_customs(struct controller *c, const struct customs_user *user);
/* c->queue, under its name in the metrics and with client-go's back-off; work(c, key) ends with controller_done(). */
void controller_queue_start(struct controller *c, void (*work)(void *controller, struct str key));
void controller_done(struct controller *c, struct str key, bool retry);

/* For rounds over many objects that mostly change in numbers: waits 20 ms, or ten times as long as the last round took, so that
 * such rounds never take more than a tenth of the loop. The round tells its cost: controller_round_cost(c, started_us). */
void controller_add_soon(struct controller *c, struct str key);
int64_t controller_round_start(void);
void controller_round_cost(struct controller *c, int64_t started_us);

/* Was it refused because its namespace is being deleted? So will all others be, until the owner goes, too. */
bool controller_namespace_goes(const struct err *err);
/* Is there something to try again? No error, `harmless` and a namespace that is being deleted are not. */
bool controller_has_failed(const struct err *err, enum err_reason harmless);

/* A call on behalf of one key: when it ends, the key is done; conflicts and other failures are tried again after back-off,
 * except those that `harmless` names (ERR_ALREADY_EXISTS of a create, ERR_NOT_FOUND of a delete), which are as good as success. */
struct controller_write {
	enum api_verb verb;
	const struct api_resource *resource;
	struct str ns, name, subresource, query, content_type, body;
	enum err_reason harmless;
};
void controller_write(struct controller *c, struct str key, const struct controller_write *w);
/* The deletion of this very object and no other of its name; `more` are further options (",\"gracePeriodSeconds\":0"). `body` holds
 * its text. */
struct controller_write controller_removal(const struct object *o, const char *more,
					   struct buf *body);

/* "ns/name" taken apart; cluster-scoped keys have no ns. */
void controller_key_split(struct str key, struct str *ns, struct str *name);
void controller_key(const struct object *o, struct buf *out);
/* Puts the object's key into the queue; always true, so that informer_each() takes it as it is. */
bool controller_wake(void *controller, const struct object *o);

extern const struct controller_row controller_service_account, controller_root_ca,
	controller_namespace, controller_pod_gc, controller_node_ipam, controller_node_lifecycle,
	controller_garbage_collector, controller_endpoint_slice, controller_endpoint_mirror,
	controller_endpoints, controller_replica_set, controller_replication, controller_disruption,
	controller_resource_quota, controller_deployment, controller_taint_eviction,
	controller_volume_binder, controller_claim_protection, controller_volume_protection,
	controller_class_protection, controller_ephemeral_volume, controller_volume_expand,
	controller_daemon_set, controller_stateful_set, controller_job, controller_cron_job,
	controller_ttl_after_finished, controller_manifests, controller_load_balancer,
	controller_ttl, controller_stale_disruption, controller_autoscaler;

/* Ranges of service addresses. */
extern const struct controller_row controller_service_cidr;

/* Access: roles, certificates, tokens. */
extern const struct controller_row controller_cluster_role_aggregation, controller_csr_approving,
	controller_csr_signing, controller_csr_cleaner, controller_pod_certificate_cleaner,
	controller_token_cleaner, controller_bootstrap_signer, controller_account_token,
	controller_legacy_token_cleaner;

#endif
