/* SPDX-License-Identifier: Apache-2.0 */
/* The names under which this server is reached: subject alternative names of its certificate. */
#ifndef SERVER_APISERVER_PKI_NAMES_H
#define SERVER_APISERVER_PKI_NAMES_H

#include "base/arena.h"

struct name_list {
	const char **items; /* NULL-terminated, no duplicates */
	size_t n, cap;
};
void name_list_add(struct name_list *l, struct arena *a, const char *name);
void name_list_free(struct name_list *l);
void names_add_local(struct name_list *l,
		     struct arena *a); /* addresses of all interfaces, the host's name */
/* localhost, kubernetes, kubernetes.default, ….svc.DOMAIN and the first address of each service range. */
void names_add_service(struct name_list *l, struct arena *a, const char *domain,
		       const char *service_cidr);
/* Of that family: the source address of the default route, or the first that is no loopback; the loopback's at last. */
const char *names_default_address(struct arena *a, bool v6);

#endif
