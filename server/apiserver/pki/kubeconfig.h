/* SPDX-License-Identifier: Apache-2.0 */
/* Kubeconfig files with everything inside (CA, certificate, key). */
#ifndef SERVER_APISERVER_PKI_KUBECONFIG_H
#define SERVER_APISERVER_PKI_KUBECONFIG_H

#include <sys/types.h>

#include "server/apiserver/pki/layout.h"

void kubeconfig_text(const char *server_url, struct str ca_pem, const struct pki_pair *pair,
		     struct buf *out);
int kubeconfig_write(const char *path, mode_t mode, const char *server_url, struct str ca_pem,
		     const struct pki_pair *pair, struct err *err);

#endif
