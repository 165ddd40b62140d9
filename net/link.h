/* SPDX-License-Identifier: Apache-2.0 */
/* Links of a server that is reached through a proxy: those that mean a path of its own get the path in front under which the proxy
 * shows it. Follows apimachinery's proxy transport. Any thread. */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "base/buf.h"

struct link_base {
	struct str prefix; /* "/api/v1/namespaces/x/pods/y/proxy" */
	struct str host;   /* host:port of the server behind */
	struct str asked;  /* the host that the client named, which may be the proxy itself */
};
/* True: out has got the rewritten link. False: it stays as it is: relative, of another host, or with the prefix already. */
bool link_rewrite(const struct link_base *base, struct str link, struct buf *out);

#endif
