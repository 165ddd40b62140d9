/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor profiles of a pod that is made. Request's loop. */
#ifndef SERVER_APISERVER_REGISTRY_POD_APPARMOR_H
#define SERVER_APISERVER_REGISTRY_POD_APPARMOR_H

struct write;
/* Annotations become fields; the client is told that they are of old. */
void pod_apparmor(struct write *w);

#endif
