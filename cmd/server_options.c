/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/server_options.h"

#include <arpa/inet.h>

#include "base/mem.h"

#define OPT(member) offsetof(struct server_options, member)

static const struct flag flags[] = {
	NODE_FLAGS(OPT(node)),
	{ "https-listen-port", "PORT", FLAG_INT, OPT(https_listen_port), "6443",
	  "port of the API" },
	{ "bind-address", "IP", FLAG_STRING, OPT(bind_address), NULL,
	  "address that the API listens on (default: all)" },
	{ "advertise-address", "IP", FLAG_STRING, OPT(advertise_address), NULL,
	  "address under which the cluster reaches the API, of the family of the first "
	  "service-cidr (default: the node's)" },
	{ "tls-san", "NAME", FLAG_LIST, OPT(tls_san), NULL,
	  "further names and addresses in the API's certificate" },
	{ "write-kubeconfig", "FILE", FLAG_STRING, OPT(write_kubeconfig), NULL,
	  "where the admin's kubeconfig goes (default DATADIR/server/cred/admin.kubeconfig only)" },
	{ "write-kubeconfig-mode", "MODE", FLAG_STRING, OPT(write_kubeconfig_mode), "0600",
	  "file mode of the kubeconfig" },
	{ "cluster-cidr", "CIDR", FLAG_LIST, OPT(cluster_cidr), "10.42.0.0/16,fd42::/56",
	  "addresses of pods, one range per family" },
	{ "service-cidr", "CIDR", FLAG_LIST, OPT(service_cidr), "10.43.0.0/16,fd43::/112",
	  "addresses of Services" },
	{ "cluster-dns", "IP", FLAG_LIST, OPT(cluster_dns), NULL,
	  "address of the cluster's DNS (default: the tenth of service-cidr)" },
	{ "cluster-domain", "NAME", FLAG_STRING, OPT(cluster_domain), "cluster.local",
	  "DNS domain of the cluster" },
	{ "service-node-port-range", "A-B", FLAG_STRING, OPT(service_node_port_range),
	  "30000-32767", "ports for NodePort Services" },
	{ "etcd-compaction-interval", "DURATION", FLAG_STRING, OPT(compaction), "5m0s",
	  "how often old revisions are forgotten" },
	{ "event-ttl", "DURATION", FLAG_STRING, OPT(event_ttl), "1h0m0s",
	  "how long events are kept" },
	{ "disable", "PART", FLAG_LIST, OPT(disable), NULL,
	  "servicelb: Services of type LoadBalancer are somebody else's" },
	{ "disable-agent", NULL, FLAG_BOOL, OPT(disable_agent), "false",
	  "control plane alone: this machine runs no pods" },
	{ "disable-scheduler", NULL, FLAG_BOOL, OPT(disable_scheduler), "false",
	  "another scheduler gives pods their nodes" },
	{ "disable-controller-manager", NULL, FLAG_BOOL, OPT(disable_controller_manager), "false",
	  "other controllers look after the objects" },
	CONTROL_FLAGS(OPT(control)),
};
const struct flag_table server_flag_table = { "server", flags, COUNT_OF(flags),
					      "/etc/allinone/config.yaml" };

static bool is_cidr(const char *text)
{
	unsigned char out[16];
	struct str s = str_from(text);
	size_t at = str_find(s, '/');
	uint64_t bits;
	if (at == s.n || !str_to_u64(str_of(s.p + at + 1, s.n - at - 1), &bits))
		return false;
	auto_free char *address = str_dup(str_of(s.p, at));
	if (inet_pton(AF_INET, address, out) == 1)
		return bits <= 32;
	return inet_pton(AF_INET6, address, out) == 1 && bits <= 128;
}

/* The tenth address of the first Service range, as kubeadm and k3s have it. */
static void default_dns(struct server_options *o)
{
	unsigned char a[16] = { 0 };
	char text[INET6_ADDRSTRLEN];
	auto_free char *address =
		str_dup(str_of(o->service_cidr.items[0], strcspn(o->service_cidr.items[0], "/")));
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	inet_pton(family, address, a);
	a[family == AF_INET ? 3 : 15] |= 10;
	inet_ntop(family, a, text, sizeof(text));
	o->cluster_dns.items = mem_zalloc(2 * sizeof(char *));
	o->cluster_dns.items[0] = str_dup(str_from(text));
	o->cluster_dns.n = 1;
}

static int check_mode(const char *text, struct err *err)
{
	if (!*text || strspn(text, "01234567") != strlen(text) || strlen(text) > 4)
		return err_set(err, ERR_BAD_REQUEST,
			       "--write-kubeconfig-mode: \"%s\" is not a file mode such as 0600",
			       text);
	return 0;
}

static int check_durations(struct server_options *o, struct err *err)
{
	int64_t ttl_ms = 0;
	int r = flag_duration("event-ttl", o->event_ttl, DURATION_SECOND, &ttl_ms, err);
	o->event_ttl_s = ttl_ms / 1000;
	return r < 0 ? r
		     : flag_duration("etcd-compaction-interval", o->compaction, DURATION_SECOND,
				     &o->compaction_ms, err);
}

static bool is_part(const char *text)
{
	return !strcmp(text, "servicelb");
}

int server_options_check(struct server_options *o, struct err *err)
{
	int r;
	if ((r = node_options_check(&o->node, err)) < 0 ||
	    (r = control_options_check(&o->control, err)) < 0 ||
	    (r = option_check_port("https-listen-port", o->https_listen_port, err)) < 0 ||
	    (r = check_mode(o->write_kubeconfig_mode, err)) < 0 ||
	    (r = check_durations(o, err)) < 0 ||
	    (r = option_check_list("cluster-cidr", &o->cluster_cidr, is_cidr,
				   "an address range such as 10.42.0.0/16", err)) < 0 ||
	    (r = option_check_list("service-cidr", &o->service_cidr, is_cidr,
				   "an address range such as 10.43.0.0/16", err)) < 0 ||
	    (r = option_check_list("disable", &o->disable, is_part,
				   "a part that can be left out (servicelb)", err)) < 0 ||
	    (r = option_check_list("cluster-dns", &o->cluster_dns, option_is_address,
				   "an IP address", err)) < 0)
		return r;
	if (o->cluster_cidr.n == 0 || o->cluster_cidr.n > 2 || o->service_cidr.n == 0 ||
	    o->service_cidr.n > 2)
		return err_set(
			err, ERR_BAD_REQUEST,
			"--cluster-cidr and --service-cidr take one range, or one of each family");
	if (o->cluster_dns.n == 0)
		default_dns(o);
	return 0;
}
