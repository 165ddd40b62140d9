/* SPDX-License-Identifier: Apache-2.0 */
/* Where a domain's registry is: the place for mirrors and plain http. Any thread. */
#ifndef AGENT_RUNTIME_REGISTRY_HOST_H
#define AGENT_RUNTIME_REGISTRY_HOST_H

#include <stddef.h>

/* "https://registry-1.docker.io" for docker.io; http for localhost, 127.0.0.0/8 and [::1] only. */
void registry_base_url(const char *domain, char *out, size_t size);
const char *registry_ca_file(void); /* the host's bundle, or NULL */

#endif
