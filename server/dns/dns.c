/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dns/dns.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "generated/api_tables.h"
#include "server/dns/server.h"

static void on_service(void *ctx, const struct object *old, const struct object *new)
{
	dns_records_service(&((struct dns *)ctx)->records, old, new);
}

static void on_slice(void *ctx, const struct object *old, const struct object *new)
{
	dns_records_slice(&((struct dns *)ctx)->records, old, new);
}

static void on_namespace(void *ctx, const struct object *old, const struct object *new)
{
	dns_records_namespace(&((struct dns *)ctx)->records, old, new);
}

static void on_synced(void *ctx)
{
	struct dns *d = ctx;
	d->zone.complete = informer_synced(d->services) && informer_synced(d->slices) &&
			   informer_synced(d->namespaces);
}

static struct informer *watch(struct dns *d, struct client *c, const struct api_resource *r,
			      informer_hook hook)
{
	struct informer *i = informer_new(c, r, STR(""), STR(""), STR(""));
	informer_hook_add(i, hook, on_synced, d);
	return i;
}

static void make_metrics(struct dns *d)
{
	static const char *const labels[] = { "rcode", NULL };
	static const char *const names[] = { "NOERROR",  "FORMERR", "SERVFAIL",
					     "NXDOMAIN", "NOTIMP",  "REFUSED" };
	struct metric_family *f =
		metric_family(METRIC_COUNTER, "coredns_dns_responses_total",
			      "Answers of the cluster's name server, by their code.", labels, NULL,
			      0);
	for (size_t i = 0; i < COUNT_OF(d->answers); i++) {
		const char *values[] = { i < COUNT_OF(names) ? names[i] : "other", NULL };
		d->answers[i] = metric_with(f, values);
	}
}

static int parse_socket_address(const char *text, int port, struct sockaddr_storage *out)
{
	int r = uv_ip4_addr(text, port, (struct sockaddr_in *)out);
	return r == 0 ? 0 : uv_ip6_addr(text, port, (struct sockaddr_in6 *)out);
}

static int listen_on(struct dns *d, const char *text, struct err *err)
{
	struct sockaddr_storage address;
	size_t i = d->naddresses;
	if (i == DNS_ADDRESSES_MAX || !dns_address_parse(str_from(text), &d->addresses[i]) ||
	    parse_socket_address(text, d->port, &address) < 0)
		return err_set(err, ERR_INVALID, "%s is not an IP address", text);
	d->naddresses++;
	int r = dns_udp_open(d, (struct sockaddr *)&address, &d->udp[i], &d->port, err);
	if (r < 0)
		return r;
	parse_socket_address(text, d->port, &address);
	return dns_tcp_open(d, (struct sockaddr *)&address, &d->tcp[i], err);
}

int dns_start(const struct dns_config *c, struct dns **out, struct err *err)
{
	struct dns *d = NEW(struct dns);
	d->loop = c->client->loop;
	d->port = c->port;
	d->domain = str_dup(str_from(c->domain));
	d->zone = (struct dns_zone){ .domain = d->domain,
				     .servers = d->addresses,
				     .records = &d->records };
	dns_cache_init(&d->cache);
	make_metrics(d);
	d->forwarder = dns_forwarder_new(d->loop, c->resolv_conf, c->forward_port, c->addresses);
	for (const char *const *a = c->addresses; *a; a++) {
		int r = listen_on(d, *a, err);
		if (r < 0) {
			err_wrap(err, r, "name server on %s port %d", *a, c->port);
			dns_stop(d);
			return r;
		}
	}
	d->zone.nservers = d->naddresses;
	d->services = watch(d, c->client, API_CORE_V1_SERVICES, on_service);
	d->slices = watch(d, c->client, API_DISCOVERY_V1_ENDPOINTSLICES, on_slice);
	d->namespaces = watch(d, c->client, API_CORE_V1_NAMESPACES, on_namespace);
	informer_start(d->services);
	informer_start(d->slices);
	informer_start(d->namespaces);
	*out = d;
	return 0;
}

int dns_port(const struct dns *d)
{
	return d->port;
}

void dns_stop(struct dns *d)
{
	struct informer *informers[] = { d->services, d->slices, d->namespaces };
	for (size_t i = 0; i < d->naddresses; i++) {
		dns_udp_close(d->udp[i]);
		dns_tcp_close(d->tcp[i]);
	}
	dns_forwarder_free(d->forwarder);
	for (size_t i = 0; i < COUNT_OF(informers); i++)
		if (informers[i])
			informer_free(informers[i]);
	dns_records_free(&d->records);
	dns_cache_free(&d->cache);
	free(d->domain);
	free(d);
}
