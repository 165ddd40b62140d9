/* SPDX-License-Identifier: Apache-2.0 */
/* A bitmap per range with a cursor that only moves forward. Index 0 (the range itself), 1 (the gateway) and the last one of an
 * IPv4 range (broadcast) are never given out. */
#include "agent/network/ipam.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#define RANGE_MAX (1u << 16) /* addresses of a range that are made use of */
#define FIRST     2
#define FILE_MAX  65536

struct range {
	struct cidr cidr;
	uint32_t count, next;
	unsigned char *used;
};
struct ipam {
	char *dir;
	struct range ranges[2];
	size_t nranges;
	struct map pods;
};

static bool is_used(const struct range *r, uint64_t index)
{
	return r->used[index / 8] & 1u << index % 8;
}

static void mark(struct range *r, uint64_t index, bool used)
{
	unsigned char bit = (unsigned char)(1u << index % 8);
	r->used[index / 8] =
		(unsigned char)(used ? r->used[index / 8] | bit : r->used[index / 8] & ~bit);
}

static void range_init(struct range *r, const struct cidr *c)
{
	uint64_t size = cidr_size(c);
	r->cidr = *c;
	r->count = (uint32_t)(size > RANGE_MAX ? RANGE_MAX
					       : size - (c->base.family == AF_INET && size > 2));
	r->next = FIRST;
	r->used = mem_zalloc(r->count / 8 + 1);
}

static int range_take(struct range *r, struct ip *out, struct err *err)
{
	for (uint32_t tried = FIRST; tried < r->count; tried++) {
		uint32_t index = r->next;
		r->next = index + 1 < r->count ? index + 1 : FIRST;
		if (is_used(r, index))
			continue;
		mark(r, index, true);
		*out = cidr_at(&r->cidr, index);
		return 0;
	}
	char base[IP_TEXT_MAX];
	ip_format(&r->cidr.base, base);
	return err_set(err, ERR_UNAVAILABLE, "no IP addresses available in range set: %s/%u", base,
		       r->cidr.prefix);
}

static void range_mark(struct ipam *i, const struct ip *ip, bool used)
{
	for (size_t k = 0; k < i->nranges; k++) {
		struct range *r = &i->ranges[k];
		if (!cidr_contains(&r->cidr, ip))
			continue;
		uint64_t index = cidr_index(&r->cidr, ip);
		if (index >= r->count)
			continue;
		mark(r, index, used);
		if (used && index >= r->next)
			r->next = index + 1 < r->count ? (uint32_t)index + 1 : FIRST;
	}
}

static void pod_free(void *p)
{
	struct ipam_pod *pod = p;
	free(pod->ports);
	free(pod);
}

static char *path_of(const struct ipam *i, const char *uid)
{
	return str_printf("%s/%s", i->dir, uid);
}

static bool uid_valid(const char *uid)
{
	size_t n = strlen(uid);
	return n > 0 && n < sizeof(((struct ipam_pod *)0)->uid) && uid[0] != '.' &&
	       !strchr(uid, '/');
}

/* --- the file --- */

static void format_pod(const struct ipam_pod *pod, struct buf *out)
{
	char text[IP_TEXT_MAX];
	for (size_t k = 0; k < pod->nips; k++) {
		ip_format(&pod->ips[k], text);
		buf_printf(out, "ip %s\n", text);
	}
	for (size_t k = 0; k < pod->nports; k++) {
		const struct ipam_port *p = &pod->ports[k];
		ip_format(&p->host_ip, text);
		buf_printf(out, "port %d %d %d %s\n", p->protocol, p->host_port, p->container_port,
			   *text ? text : "any");
	}
}

static int write_pod(const struct ipam *i, const struct ipam_pod *pod, struct err *err)
{
	auto_buf text = { 0 };
	auto_free char *path = path_of(i, pod->uid);
	auto_free char *draft = str_printf("%s/.%s", i->dir, pod->uid);
	format_pod(pod, &text);
	auto_fd int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create %s", draft);
	int r = fd_write_all(fd, text.p, text.n, err);
	if (r < 0)
		return err_wrap(err, r, "write %s", draft);
	return rename(draft, path) < 0 ? err_sys(err, "rename to %s", path) : 0;
}

static bool parse_port(struct str rest, struct ipam_port *out)
{
	struct str words[4];
	int64_t n[3];
	for (int k = 0; k < 4; k++)
		if (!str_next(&rest, ' ', &words[k]) ||
		    (k < 3 && (!str_to_i64(words[k], &n[k]) || n[k] < 0 || n[k] > 65535)))
			return false;
	*out = (struct ipam_port){ .protocol = (uint8_t)n[0],
				   .host_port = (uint16_t)n[1],
				   .container_port = (uint16_t)n[2] };
	char text[IP_TEXT_MAX];
	snprintf(text, sizeof(text), "%.*s", STR_ARG(words[3]));
	return str_eqz(words[3], "any") || ip_parse(text, &out->host_ip);
}

static void add_port(struct ipam_pod *pod, const struct ipam_port *p)
{
	pod->ports = mem_realloc(pod->ports, (pod->nports + 1) * sizeof(*p));
	pod->ports[pod->nports++] = *p;
}

static bool parse_pod(struct str text, struct ipam_pod *pod)
{
	struct str line;
	while (str_next(&text, '\n', &line)) {
		struct ipam_port port;
		char ip[IP_TEXT_MAX];
		if (str_cut_prefix(&line, STR("ip "))) {
			snprintf(ip, sizeof(ip), "%.*s", STR_ARG(line));
			if (pod->nips == COUNT_OF(pod->ips) ||
			    !ip_parse(ip, &pod->ips[pod->nips++]))
				return false;
		} else if (str_cut_prefix(&line, STR("port "))) {
			if (!parse_port(line, &port))
				return false;
			add_port(pod, &port);
		}
	}
	return pod->nips > 0;
}

static void load_pod(struct ipam *i, const char *uid)
{
	auto_free char *path = path_of(i, uid);
	auto_buf text = { 0 };
	auto_err err = { 0 };
	struct ipam_pod *pod = NEW(struct ipam_pod);
	snprintf(pod->uid, sizeof(pod->uid), "%s", uid);
	if (file_read(path, FILE_MAX, &text, &err) < 0 || !parse_pod(buf_view(&text), pod)) {
		log_warn("forgot a pod's addresses: its file is damaged", LOG_S("file", path));
		unlink(path);
		pod_free(pod);
		return;
	}
	for (size_t k = 0; k < pod->nips; k++)
		range_mark(i, &pod->ips[k], true);
	map_put(&i->pods, str_from(pod->uid), pod);
}

static void drop_file(const struct ipam *i, const char *name)
{
	auto_free char *path = path_of(i, name);
	unlink(path);
}

static int load(struct ipam *i, bool (*keep)(void *ctx, const char *uid), void *ctx,
		struct err *err)
{
	DIR *d = opendir(i->dir);
	if (!d)
		return err_sys(err, "open %s", i->dir);
	for (struct dirent *e; (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (uid_valid(e->d_name) && keep(ctx, e->d_name))
			load_pod(i, e->d_name);
		else
			drop_file(i, e->d_name);
	}
	closedir(d);
	return 0;
}

int ipam_open(const char *dir, const struct cidr *cidrs, size_t ncidrs,
	      bool (*keep)(void *ctx, const char *uid), void *ctx, struct ipam **out,
	      struct err *err)
{
	int r = dir_make(dir, 0700, err);
	if (r < 0)
		return r;
	struct ipam *i = NEW(struct ipam);
	i->dir = str_dup(str_from(dir));
	for (; i->nranges < ncidrs && i->nranges < COUNT_OF(i->ranges); i->nranges++)
		range_init(&i->ranges[i->nranges], &cidrs[i->nranges]);
	r = load(i, keep, ctx, err);
	if (r < 0) {
		ipam_free(i);
		return r;
	}
	*out = i;
	return 0;
}

void ipam_free(struct ipam *i)
{
	if (!i)
		return;
	map_free(&i->pods, pod_free);
	for (size_t k = 0; k < i->nranges; k++)
		free(i->ranges[k].used);
	free(i->dir);
	free(i);
}

const struct ipam_pod *ipam_get(const struct ipam *i, const char *uid)
{
	return map_get(&i->pods, str_from(uid));
}

static int copy_ports(struct ipam_pod *pod, const struct network_port *ports, size_t n,
		      struct err *err)
{
	for (size_t k = 0; k < n; k++) {
		const struct network_port *p = &ports[k];
		if (p->host_port < 1 || p->host_port > 65535 || p->container_port < 1 ||
		    p->container_port > 65535)
			return err_set(err, ERR_INVALID, "host port %d to %d is no port",
				       p->host_port, p->container_port);
		struct ipam_port port = {
			.host_port = (uint16_t)p->host_port,
			.container_port = (uint16_t)p->container_port,
			.protocol = (uint8_t)p->protocol,
		};
		bool any = !p->host_ip || !*p->host_ip || !strcmp(p->host_ip, "0.0.0.0") ||
			   !strcmp(p->host_ip, "::");
		if (!any && !ip_parse(p->host_ip, &port.host_ip))
			return err_set(err, ERR_INVALID, "host IP %s is no address", p->host_ip);
		add_port(pod, &port);
	}
	return 0;
}

static int take_addresses(struct ipam *i, struct ipam_pod *pod, struct err *err)
{
	for (size_t k = 0; k < i->nranges; k++) {
		int r = range_take(&i->ranges[k], &pod->ips[k], err);
		if (r < 0)
			return r;
		pod->nips++;
	}
	return 0;
}

static void give_back(struct ipam *i, struct ipam_pod *pod)
{
	for (size_t k = 0; k < pod->nips; k++)
		range_mark(i, &pod->ips[k], false);
	pod_free(pod);
}

int ipam_add(struct ipam *i, const char *uid, const struct network_port *ports, size_t nports,
	     const struct ipam_pod **out, struct err *err)
{
	if (!uid_valid(uid))
		return err_set(err, ERR_INVALID, "\"%s\" cannot name a pod's network", uid);
	struct ipam_pod *pod = NEW(struct ipam_pod);
	snprintf(pod->uid, sizeof(pod->uid), "%s", uid);
	int r = copy_ports(pod, ports, nports, err);
	if (r == 0)
		r = take_addresses(i, pod, err);
	if (r == 0)
		r = write_pod(i, pod, err);
	if (r < 0) {
		give_back(i, pod);
		return r;
	}
	map_put(&i->pods, str_from(pod->uid), pod);
	*out = pod;
	return 0;
}

int ipam_remove(struct ipam *i, const char *uid, struct err *err)
{
	if (!map_get(&i->pods, str_from(uid)))
		return 0;
	auto_free char *path = path_of(i, uid);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", path);
	give_back(i, map_del(&i->pods, str_from(uid)));
	return 0;
}

void ipam_each(const struct ipam *i, void (*fn)(void *ctx, const struct ipam_pod *p), void *ctx)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&i->pods, &at));)
		fn(ctx, e->value);
}
