/* SPDX-License-Identifier: Apache-2.0 */
/* Listening TCP and Unix sockets on one loop. An accepted descriptor belongs to the callback, which may hand it to another loop.
 * When the process is out of descriptors, accepting rests for a moment instead of spinning. Private to net/. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <sys/socket.h>

#include "net/loop.h"

struct listener;
typedef void (*listener_accept)(void *ctx, int fd, const struct sockaddr_storage *peer);

/* ERR_CONFLICT: the port is taken; ERR_UNAVAILABLE: this host has no such address (or no IPv6). port 0 takes a free one; `out_port` (may be NULL) tells which. "::" does not take IPv4 as well. */
int listener_tcp(struct loop *l, const char *address, int port, listener_accept on_accept,
		 void *ctx, struct listener **out, int *out_port, struct err *err);
/* A listening socket made elsewhere; owned from now on. */
struct listener *listener_from_fd(struct loop *l, int fd, listener_accept on_accept, void *ctx);
void listener_close(struct listener *k);

#endif
