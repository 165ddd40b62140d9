/* SPDX-License-Identifier: Apache-2.0 */
/* ServiceCIDR objects: cluster IPs come from those that are ready, too. What counts is what the cache has; it is read again after each
 * change. Follows upstream's registry/core/service/ipallocator/cidrallocator.go. Any thread. */
#ifndef SERVER_APISERVER_REGISTRY_SERVICE_RANGE_H
#define SERVER_APISERVER_REGISTRY_SERVICE_RANGE_H

struct apiserver;
void service_ranges_read(struct apiserver *s);

#endif
