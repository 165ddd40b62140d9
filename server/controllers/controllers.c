/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/controllers.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/controllers/controller.h"

/* In the order in which they start, with the names that their queues have in upstream's metrics. Adding a controller is a file and a
 * line. */
static const struct {
	const struct controller_row *row;
	const char *queue;
} rows[] = {
	{ &controller_service_account, "serviceaccount" },
	{ &controller_root_ca, "root_ca_cert_publisher" },
	{ &controller_namespace, "namespace" },
	{ &controller_pod_gc, "pod_gc" },
	{ &controller_node_ipam, "node_ipam" },
	{ &controller_node_lifecycle, "node_lifecycle_controller" },
	{ &controller_endpoint_slice, "endpoint_slice" },
	{ &controller_endpoint_mirror, "endpoint_slice_mirroring" },
	{ &controller_endpoints, "endpoint" },
	{ &controller_replica_set, "replicaset" },
	{ &controller_replication, "replicationmanager" },
	{ &controller_deployment, "deployment" },
	{ &controller_taint_eviction, "noexec_taint_pod" },
	{ &controller_daemon_set, "daemonset" },
	{ &controller_stateful_set, "statefulset" },
	{ &controller_job, "job" },
	{ &controller_cron_job, "cronjob" },
	{ &controller_ttl_after_finished, "ttl_jobs_to_delete" },
	{ &controller_service_cidr, "ipaddresses" },
	{ &controller_disruption, "disruption" },
	{ &controller_stale_disruption, "stale_pod_disruption" },
	{ &controller_volume_binder, "claims" },
	{ &controller_claim_protection, "pvcprotection" },
	{ &controller_volume_protection, "pvprotection" },
	{ &controller_class_protection, "vacprotection" },
	{ &controller_ephemeral_volume, "ephemeral_volume" },
	{ &controller_volume_expand, "volume_expand" },
	{ &controller_resource_quota, "resourcequota_primary" },
	{ &controller_autoscaler, "horizontalpodautoscaler" },
	{ &controller_garbage_collector, "garbage_collector_attempt_to_delete" },
	{ &controller_cluster_role_aggregation, "ClusterRoleAggregator" },
	{ &controller_csr_approving, "certificate" },
	{ &controller_csr_signing, "certificate" },
	{ &controller_csr_cleaner, "certificate_cleaner" },
	{ &controller_pod_certificate_cleaner, "podcertificaterequest_cleaner" },
	{ &controller_token_cleaner, "token_cleaner" },
	{ &controller_bootstrap_signer, "bootstrap_signer_queue" },
	{ &controller_account_token, "serviceaccount_tokens_secret" },
	{ &controller_legacy_token_cleaner, "legacy_token_cleaner" },
	{ &controller_manifests, "manifests" },
	{ &controller_load_balancer, "service" },
	{ &controller_ttl, "ttlcontroller" },
};

struct controllers {
	struct controllers_config config;
	struct map informers;    /* storage prefix of the resource → struct informer */
	struct customs *customs; /* once somebody asks for them */
	struct controller each[COUNT_OF(rows)];
	size_t started;
};

struct informer *controller_informer(struct controller *c, const struct api_resource *r)
{
	struct str prefix = str_from(r->storage_prefix);
	struct informer *i = map_get(&c->all->informers, prefix);
	if (!i) {
		i = informer_new(c->config->client, r, STR(""), STR(""), STR(""));
		map_put(&c->all->informers, prefix, i);
	}
	return i;
}

void controller_customs(struct controller *c, const struct customs_user *user)
{
	struct controllers *all = c->all;
	if (!all->customs)
		all->customs = customs_new(
			c->config->client,
			controller_informer(c, API_APIEXTENSIONS_V1_CUSTOMRESOURCEDEFINITIONS));
	customs_use(all->customs, user);
}

static void start_informers(struct controllers *all)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&all->informers, &at));)
		informer_start(e->value);
}

int controllers_start(const struct controllers_config *config, struct controllers **out,
		      struct err *err)
{
	struct controllers *all = NEW(struct controllers);
	all->config = *config;
	for (size_t i = 0; i < COUNT_OF(rows); i++, all->started++) {
		struct controller *c = &all->each[i];
		*c = (struct controller){ .name = rows[i].row->name,
					  .component = rows[i].row->component
							       ? rows[i].row->component
							       : rows[i].row->name,
					  .queue_name = rows[i].queue,
					  .all = all,
					  .config = &all->config };
		c->client =
			config->client_for(config->ctx, rows[i].row->account ? rows[i].row->account
									     : rows[i].row->name);
		int r = rows[i].row->start(c, err);
		if (r < 0) {
			controllers_stop(all);
			return err_wrap(err, r, "%s", rows[i].row->name);
		}
	}
	start_informers(all);
	*out = all;
	return 0;
}

static void free_informer(void *i)
{
	informer_free(i);
}

void controllers_stop(struct controllers *all)
{
	for (size_t i = 0; i < all->started; i++) {
		if (rows[i].row->stop)
			rows[i].row->stop(&all->each[i]);
		work_queue_free(all->each[i].queue);
	}
	customs_free(all->customs);
	map_free(&all->informers, free_informer);
	free(all);
}
