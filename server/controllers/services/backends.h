/* SPDX-License-Identifier: Apache-2.0 */
/* The pods behind a Service: which ones, under which addresses, in which state, with which ports. Pure; shared by the two
 * controllers that publish it. After k8s.io/endpointslice and pkg/controller/endpoint of v1.37. */
#ifndef SERVER_CONTROLLERS_SERVICES_BACKENDS_H
#define SERVER_CONTROLLERS_SERVICES_BACKENDS_H

#include "server/controllers/pods.h"

#define SLICE_ENDPOINTS_MAX 100

struct backend_port {
	struct str name, protocol, app_protocol;
	int32_t port;
};
struct backend_ports { /* what the Service's ports are on one pod: named target ports may differ */
	struct backend_port *items;
	size_t n;
};
bool backend_is_published(const struct core_v1_pod *p, bool terminating_too);
void backend_ports(const struct core_v1_service *s, const struct core_v1_pod *p, struct arena *a,
		   struct backend_ports *out);
bool backend_ports_equal(const struct backend_ports *a, const struct backend_ports *b);
/* The pod's address of a family ("IPv4", "IPv6"), or the empty string. */
struct str backend_address(const struct core_v1_pod *p, struct str family);
struct core_v1_object_reference *backend_reference(const struct core_v1_pod *p, struct arena *a);
bool service_has_backends(const struct core_v1_service *s); /* a selector, and not ExternalName */
bool service_is_headless(const struct core_v1_service *s);
/* The Service's labels and those that mark what a controller made of it. */
void backend_labels(const struct core_v1_service *s, const struct api_str_pair *more, size_t n,
		    struct arena *a, struct api_str_map *out);

/* Decides the slices: at most `max` of `out`; returns their number. zone_of(ctx, node) may give the empty string. */
struct slices {
	struct discovery_v1_endpoint_slice *items;
	size_t n, cap;
};
void slices_plan(const struct core_v1_service *s, const struct pod_views *pods,
		 struct str (*zone_of)(void *ctx, struct str node), void *ctx, struct arena *a,
		 struct slices *out);
#define ENDPOINTS_OVER_CAPACITY "endpoints.kubernetes.io/over-capacity"
void endpoints_plan(const struct core_v1_service *s, const struct pod_views *pods, struct arena *a,
		    struct core_v1_endpoints *out);

#endif
