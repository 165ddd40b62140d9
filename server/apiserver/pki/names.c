/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pki/names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/apiserver/registry/service_ip.h"

void name_list_add(struct name_list *l, struct arena *a, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i], name))
			return;
	l->items = mem_array_grow(l->items, &l->cap, l->n + 2, sizeof(*l->items));
	l->items[l->n++] = arena_strdup(a, str_from(name));
	l->items[l->n] = NULL;
}

void name_list_free(struct name_list *l)
{
	free(l->items);
	*l = (struct name_list){ 0 };
}

static bool address_text(const struct sockaddr *sa, char out[INET6_ADDRSTRLEN])
{
	if (!sa)
		return false;
	if (sa->sa_family == AF_INET)
		return inet_ntop(AF_INET, &((const struct sockaddr_in *)sa)->sin_addr, out,
				 INET6_ADDRSTRLEN);
	if (sa->sa_family != AF_INET6)
		return false;
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)sa)->sin6_addr;
	return !IN6_IS_ADDR_LINKLOCAL(v6) && inet_ntop(AF_INET6, v6, out, INET6_ADDRSTRLEN);
}

void names_add_local(struct name_list *l, struct arena *a)
{
	char text[INET6_ADDRSTRLEN], host[256] = { 0 };
	struct ifaddrs *all = NULL;
	name_list_add(l, a, "127.0.0.1");
	name_list_add(l, a, "::1");
	if (getifaddrs(&all) == 0) {
		for (struct ifaddrs *i = all; i; i = i->ifa_next)
			if (i->ifa_flags & IFF_UP && address_text(i->ifa_addr, text))
				name_list_add(l, a, text);
		freeifaddrs(all);
	}
	if (gethostname(host, sizeof(host) - 1) == 0 && host[0])
		name_list_add(l, a, host);
}

void names_add_service(struct name_list *l, struct arena *a, const char *domain,
		       const char *service_cidr)
{
	static const char *const fixed[] = { "localhost", "kubernetes", "kubernetes.default",
					     "kubernetes.default.svc" };
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		name_list_add(l, a, fixed[i]);
	name_list_add(l, a, arena_printf(a, "kubernetes.default.svc.%s", domain));
	struct str rest = str_from(service_cidr), one;
	while (str_next(&rest, ',', &one)) {
		struct ip_range range;
		char text[INET6_ADDRSTRLEN];
		if (!ip_range_parse(str_trim(one), &range))
			continue;
		ip_range_text(&range, 1, text);
		name_list_add(l, a, text);
	}
}

/* Connecting a datagram socket asks the routing table and sends nothing. */
static bool route_source(int family, char out[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage to = { 0 };
	socklen_t n = sizeof(to);
	to.ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		((struct sockaddr_in *)&to)->sin_port = htons(53);
		inet_pton(AF_INET, "198.51.100.1", &((struct sockaddr_in *)&to)->sin_addr);
		n = sizeof(struct sockaddr_in);
	} else {
		((struct sockaddr_in6 *)&to)->sin6_port = htons(53);
		inet_pton(AF_INET6, "2001:db8::1", &((struct sockaddr_in6 *)&to)->sin6_addr);
		n = sizeof(struct sockaddr_in6);
	}
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);
	bool ok = connect(fd, (struct sockaddr *)&to, n) == 0 &&
		  getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
		  address_text((struct sockaddr *)&own, out);
	close(fd);
	return ok;
}

static bool first_address(int family, char out[INET6_ADDRSTRLEN])
{
	struct ifaddrs *all = NULL;
	bool found = false;
	if (getifaddrs(&all))
		return false;
	for (struct ifaddrs *i = all; i && !found; i = i->ifa_next)
		found = i->ifa_flags & IFF_UP && !(i->ifa_flags & IFF_LOOPBACK) && i->ifa_addr &&
			i->ifa_addr->sa_family == family && address_text(i->ifa_addr, out);
	freeifaddrs(all);
	return found;
}

const char *names_default_address(struct arena *a, bool v6)
{
	char text[INET6_ADDRSTRLEN];
	int family = v6 ? AF_INET6 : AF_INET;
	if (route_source(family, text) || first_address(family, text))
		return arena_strdup(a, str_from(text));
	return v6 ? "::1" : "127.0.0.1";
}
