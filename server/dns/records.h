/* SPDX-License-Identifier: Apache-2.0 */
/* What the cluster's names stand for: Services and their EndpointSlices in compact form, by "service.namespace", by
 * address, and the namespaces there are. Fed by informers, read for each question. One loop only. */
#ifndef SERVER_DNS_RECORDS_H
#define SERVER_DNS_RECORDS_H

#include "api/object/object.h"
#include "base/map.h"

struct dns_address {
	uint8_t size; /* 4, 16; 0: none */
	uint8_t bytes[16];
};
bool dns_address_parse(struct str text, struct dns_address *out);

struct dns_port {
	char *name, *protocol; /* in lower case; the name may be empty */
	uint16_t number;
};
struct dns_ports {
	struct dns_port *items;
	size_t n;
};
struct dns_endpoint {
	struct dns_address address;
	char *hostname; /* NULL: it is called after its address */
};
struct dns_slice {
	struct dns_slice *next;
	char *name;
	struct dns_endpoint *endpoints; /* those that are to be found */
	size_t nendpoints;
	struct dns_ports ports;
};
struct dns_service {
	char *key; /* "service.namespace" */
	bool exists, headless;
	char *external_name; /* NULL: it is none */
	struct dns_address addresses[2];
	size_t naddresses;
	struct dns_ports ports;
	struct dns_slice *slices; /* also of a Service that isn't there yet */
};
/* Who an address belongs to: a Service (endpoint NULL), or one of its endpoints. */
struct dns_pointer {
	struct dns_pointer *next;
	const struct dns_service *service;
	const struct dns_endpoint *endpoint;
};

struct dns_records {
	struct map services, pointers, namespaces;
};
void dns_records_free(struct dns_records *r);

/* Hooks of informers: old or new is NULL when it comes or goes. */
void dns_records_service(struct dns_records *r, const struct object *old, const struct object *new);
void dns_records_slice(struct dns_records *r, const struct object *old, const struct object *new);
void dns_records_namespace(struct dns_records *r, const struct object *old,
			   const struct object *new);

/* `key`: "service.namespace"; NULL: no such Service. */
const struct dns_service *dns_records_find(const struct dns_records *r, struct str key);
const struct dns_pointer *dns_records_reverse(const struct dns_records *r,
					      const struct dns_address *a);
bool dns_records_has_namespace(const struct dns_records *r, struct str ns);

/* The name of an endpoint below its Service: its host name, or its address with dashes. */
#define DNS_ENDPOINT_NAME_MAX 64
struct str dns_endpoint_name(const struct dns_endpoint *e, char out[DNS_ENDPOINT_NAME_MAX]);
/* "10-0-0-1", "fd00--1" */
bool dns_address_of_dashes(struct str text, struct dns_address *out);

#endif
