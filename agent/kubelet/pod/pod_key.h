/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys of pods and the stub of a request for a certificate that proves their possession. Any thread; an RSA key takes
 * seconds. */
#ifndef AGENT_KUBELET_POD_POD_KEY_H
#define AGENT_KUBELET_POD_POD_KEY_H

#include "base/buf.h"
#include "base/err.h"

/* type: "ECDSAP256", "ECDSAP384", "ECDSAP521", "RSA3072", "RSA4096". key: PKCS #8 as PEM; request: PKCS #10 without a
 * subject, as DER. */
int pod_key_new(struct str type, struct buf *key, struct buf *request, struct err *err);

#endif
