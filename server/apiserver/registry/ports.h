/* SPDX-License-Identifier: Apache-2.0 */
/* Node ports: which of the range are taken, per protocol. Reservations as in service_ip.h. Locked inside, any thread. */
#ifndef SERVER_APISERVER_REGISTRY_PORTS_H
#define SERVER_APISERVER_REGISTRY_PORTS_H

#include <pthread.h>

#include "base/err.h"
#include "base/str.h"

enum port_protocol { PORT_TCP, PORT_UDP, PORT_SCTP, PORT_PROTOCOLS };
struct port_range {
	pthread_mutex_t lock;
	int first, last;
	unsigned char *taken; /* a bit per protocol */
};
int port_range_init(struct port_range *p, const char *text, struct err *err); /* "30000-32767" */
void port_range_free(struct port_range *p);
enum port_protocol port_protocol_of(struct str name);
int port_take_next(struct port_range *p, enum port_protocol proto,
		   struct err *err); /* the port, or negative */
int port_take(struct port_range *p, enum port_protocol proto, int port, struct err *err);
void port_give_back(struct port_range *p, enum port_protocol proto, int port);

#endif
