/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/controllers.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/controllers/controller.h"

/* In the order in which they start. Adding a controller is a file and a line. */
static const struct controller_row *const rows[] = {
	&controller_service_account,   &controller_root_ca,
	&controller_namespace,         &controller_pod_gc,
	&controller_node_ipam,         &controller_node_lifecycle,
	&controller_endpoint_slice,    &controller_endpoint_mirror,
	&controller_endpoints,         &controller_replica_set,
	&controller_replication,       &controller_deployment,
	&controller_taint_eviction,    &controller_daemon_set,
	&controller_stateful_set,      &controller_job,
	&controller_cron_job,          &controller_ttl_after_finished,
	&controller_disruption,        &controller_volume_binder,
	&controller_claim_protection,  &controller_volume_protection,
	&controller_class_protection,  &controller_ephemeral_volume,
	&controller_volume_expand,     &controller_resource_quota,
	&controller_garbage_collector, &controller_cluster_role_aggregation,
	&controller_csr_approving,     &controller_csr_signing,
	&controller_csr_cleaner,       &controller_token_cleaner,
	&controller_bootstrap_signer,  &controller_account_token,
};

struct controllers {
	struct controllers_config config;
	struct map informers; /* storage prefix of the resource → struct informer */
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
		*c = (struct controller){ .name = rows[i]->name,
					  .component = rows[i]->component ? rows[i]->component
									  : rows[i]->name,
					  .all = all,
					  .config = &all->config };
		c->client = config->client_for(config->ctx,
					       rows[i]->account ? rows[i]->account : rows[i]->name);
		int r = rows[i]->start(c, err);
		if (r < 0) {
			controllers_stop(all);
			return err_wrap(err, r, "%s", rows[i]->name);
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
		if (rows[i]->stop)
			rows[i]->stop(&all->each[i]);
		work_queue_free(all->each[i].queue);
	}
	map_free(&all->informers, free_informer);
	free(all);
}
