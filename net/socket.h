/* SPDX-License-Identifier: Apache-2.0 */
/* The stream over a file descriptor. Private to net/; others use stream_from_fd(). Writes go out at once as far as the
 * kernel takes them, the rest when it can. Loop thread only. */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <sys/socket.h>

#include "net/stream.h"

/* Sets TCP_NODELAY and keep-alive on TCP sockets. Owns fd from now on. */
struct stream *socket_stream(struct loop *l, int fd, struct err *err);
/* Address without port, e.g. "10.0.0.1", "fd00::1"; "" for Unix sockets. IPv4 mapped into IPv6 reads as IPv4. */
void socket_address_text(const struct sockaddr_storage *a, char *out, size_t n);

#endif
