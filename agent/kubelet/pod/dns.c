/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/dns.h"

#include <stdio.h>

#include "base/mem.h"

#define SERVERS_MAX  3
#define SEARCHES_MAX 32
#define OPTIONS_MAX  16

struct resolv {
	struct str servers[SERVERS_MAX], searches[SEARCHES_MAX],
		options[OPTIONS_MAX]; /* options: "ndots:5" */
	size_t nservers, nsearches, noptions;
};

static void add(struct str *list, size_t *n, size_t max, struct str value)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(list[i], value))
			return;
	if (value.n && *n < max)
		list[(*n)++] = value;
}

static void add_words(struct str *list, size_t *n, size_t max, struct str words)
{
	struct str word;
	while (str_next(&words, ' ', &word))
		add(list, n, max, str_trim(word));
}

static void read_host(struct resolv *r, struct str text)
{
	struct str line, key;
	while (str_next(&text, '\n', &line)) {
		line = str_trim(line);
		for (size_t i = 0; i < line.n; i++)
			if (line.p[i] == '\t') {
				line.n =
					i; /* tabs are rare: what follows one is left out rather than misread */
				break;
			}
		if (!str_next(&line, ' ', &key) || !line.p)
			continue;
		if (str_eqz(key, "nameserver"))
			add(r->servers, &r->nservers, SERVERS_MAX, str_trim(line));
		else if (str_eqz(key, "search") || str_eqz(key, "domain"))
			add_words(r->searches, &r->nsearches, SEARCHES_MAX, line);
		else if (str_eqz(key, "options"))
			add_words(r->options, &r->noptions, OPTIONS_MAX, line);
	}
}

static struct str option_name(struct str option)
{
	return str_of(option.p, str_find(option, ':'));
}

static void set_option(struct resolv *r, struct str option)
{
	for (size_t i = 0; i < r->noptions; i++)
		if (str_eq(option_name(r->options[i]), option_name(option))) {
			r->options[i] = option;
			return;
		}
	add(r->options, &r->noptions, OPTIONS_MAX, option);
}

static void read_config(struct resolv *r, const struct core_v1_pod_dns_config *c,
			char texts[OPTIONS_MAX][128])
{
	for (size_t i = 0; i < c->nameservers.n; i++)
		add(r->servers, &r->nservers, SERVERS_MAX, c->nameservers.items[i]);
	for (size_t i = 0; i < c->searches.n; i++)
		add(r->searches, &r->nsearches, SEARCHES_MAX, c->searches.items[i]);
	for (size_t i = 0; i < c->options.n && i < OPTIONS_MAX; i++) {
		const struct core_v1_pod_dns_config_option *o = &c->options.items[i];
		snprintf(texts[i], 128, o->value.p ? "%.*s:%.*s" : "%.*s", STR_ARG(o->name),
			 STR_ARG(o->value));
		set_option(r, str_from(texts[i]));
	}
}

static void write_line(struct buf *out, const char *key, const struct str *list, size_t n)
{
	if (!n)
		return;
	buf_puts(out, key);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, " %.*s", STR_ARG(list[i]));
	buf_putc(out, '\n');
}

static void write_resolv(const struct resolv *r, struct buf *out)
{
	write_line(out, "search", r->searches, r->nsearches);
	for (size_t i = 0; i < r->nservers; i++)
		buf_printf(out, "nameserver %.*s\n", STR_ARG(r->servers[i]));
	write_line(out, "options", r->options, r->noptions);
}

static bool wants_cluster(const struct dns_node *n, const struct core_v1_pod_spec *spec)
{
	if (!n->cluster_dns || !*n->cluster_dns)
		return false;
	if (str_eqz(spec->dns_policy, "ClusterFirstWithHostNet"))
		return true;
	return !spec->host_network &&
	       (!spec->dns_policy.n || str_eqz(spec->dns_policy, "ClusterFirst"));
}

void dns_resolv_conf(const struct dns_node *n, const struct core_v1_pod *pod, struct buf *out)
{
	struct resolv r = { 0 }, host = { 0 };
	char searches[3][320], options[OPTIONS_MAX][128];
	bool none = str_eqz(pod->spec.dns_policy, "None");
	read_host(&host, n->resolv_conf);
	if (wants_cluster(n, &pod->spec)) {
		struct str servers = str_from(n->cluster_dns), one;
		while (str_next(&servers, ',', &one))
			add(r.servers, &r.nservers, SERVERS_MAX, str_trim(one));
		snprintf(searches[0], sizeof(searches[0]), "%.*s.svc.%s",
			 STR_ARG(pod->metadata.namespace), n->cluster_domain);
		snprintf(searches[1], sizeof(searches[1]), "svc.%s", n->cluster_domain);
		snprintf(searches[2], sizeof(searches[2]), "%s", n->cluster_domain);
		for (size_t i = 0; i < COUNT_OF(searches); i++)
			add(r.searches, &r.nsearches, SEARCHES_MAX, str_from(searches[i]));
		for (size_t i = 0; i < host.nsearches; i++)
			add(r.searches, &r.nsearches, SEARCHES_MAX, host.searches[i]);
		add(r.options, &r.noptions, OPTIONS_MAX, STR("ndots:5"));
	} else if (!none) {
		r = host;
	}
	if (pod->spec.dns_config)
		read_config(&r, pod->spec.dns_config, options);
	write_resolv(&r, out);
}

void dns_host_name(const struct core_v1_pod *pod, const char *node_name, char out[64])
{
	struct str name = pod->spec.hostname.n ? pod->spec.hostname : pod->metadata.name;
	if (pod->spec.host_network)
		name = str_from(node_name);
	if (pod->spec.hostname_override.n)
		name = pod->spec.hostname_override;
	if (name.n > 63)
		name.n = 63;
	while (name.n > 1 && (name.p[name.n - 1] == '-' || name.p[name.n - 1] == '.'))
		name.n--;
	snprintf(out, 64, "%.*s", STR_ARG(name));
}

/* SUBDOMAIN.NAMESPACE.svc.DOMAIN; a name that was given as it is has none. */
static void put_domain(const struct core_v1_pod *pod, const char *cluster_domain, struct buf *out)
{
	if (pod->spec.subdomain.n && !pod->spec.hostname_override.n)
		buf_printf(out, "%.*s.%.*s.svc.%s", STR_ARG(pod->spec.subdomain),
			   STR_ARG(pod->metadata.namespace), cluster_domain);
}

int dns_kernel_name(const struct core_v1_pod *pod, const char *host_name,
		    const char *cluster_domain, char out[65], struct err *err)
{
	const bool *whole = pod->spec.set_hostname_as_fqdn;
	auto_buf domain = { 0 }, name = { 0 };
	put_domain(pod, cluster_domain, &domain);
	buf_puts(&name, host_name);
	if (domain.n && whole && *whole)
		buf_printf(&name, ".%s", domain.p);
	if (name.n > 64)
		return err_set(err, ERR_INVALID,
			       "failed to construct FQDN from pod hostname and cluster domain, "
			       "FQDN %s is too long (64 characters is the max, %zu characters "
			       "requested)",
			       name.p, name.n);
	snprintf(out, 65, "%s", name.p);
	return 0;
}

static void add_aliases(const struct core_v1_pod *pod, struct buf *out)
{
	if (pod->spec.host_aliases.n)
		buf_puts(out, "\n# Entries added by HostAliases.\n");
	for (size_t i = 0; i < pod->spec.host_aliases.n; i++) {
		const struct core_v1_host_alias *h = &pod->spec.host_aliases.items[i];
		buf_printf(out, "%.*s", STR_ARG(h->ip));
		for (size_t k = 0; k < h->hostnames.n; k++)
			buf_printf(out, "\t%.*s", STR_ARG(h->hostnames.items[k]));
		buf_putc(out, '\n');
	}
}

void dns_hosts(const struct core_v1_pod *pod, const char *const *pod_ips, const char *host_name,
	       const char *cluster_domain, struct str host_hosts, struct buf *out)
{
	static const char fixed[] = "# Kubernetes-managed hosts file.\n"
				    "127.0.0.1\tlocalhost\n"
				    "::1\tlocalhost ip6-localhost ip6-loopback\n"
				    "fe00::0\tip6-localnet\n"
				    "fe00::0\tip6-mcastprefix\n"
				    "fe00::1\tip6-allnodes\n"
				    "fe00::2\tip6-allrouters\n";
	if (pod->spec.host_network) {
		buf_puts(out, "# Kubernetes-managed hosts file (host network).\n");
		buf_str(out, host_hosts);
		add_aliases(pod, out);
		return;
	}
	auto_buf domain = { 0 };
	put_domain(pod, cluster_domain, &domain);
	buf_puts(out, fixed);
	for (; pod_ips && *pod_ips; pod_ips++) {
		buf_printf(out, "%s\t", *pod_ips);
		if (domain.n)
			buf_printf(out, "%s.%s\t", host_name, domain.p);
		buf_printf(out, "%s\n", host_name);
	}
	add_aliases(pod, out);
}
