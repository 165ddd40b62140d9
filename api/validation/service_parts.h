/* SPDX-License-Identifier: Apache-2.0 */
/* A service's addresses, for service.c. Each function takes a service's spec; checks stand there. Private to validation; any thread. */
#ifndef API_VALIDATION_SERVICE_PARTS_H
#define API_VALIDATION_SERVICE_PARTS_H

#include "api/validation/check.h"

bool service_spec_is(const json_t *spec, const char *type);
struct str service_spec_ip(const json_t *spec, size_t i); /* of clusterIPs; empty: there is none */
bool service_spec_is_headless(const json_t *spec);

void check_service_ips(struct check *c, const json_t *spec);
void check_service_external_ips(struct check *c, const json_t *spec);
/* An update may add and release the second one. */
void check_service_ips_kept(struct check *c, const json_t *new, const json_t *old);
void check_service_families_kept(struct check *c, const json_t *new, const json_t *old);

#endif
