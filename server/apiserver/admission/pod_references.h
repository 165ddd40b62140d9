/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a pod refers to other objects of the API, and who a certificate request is for. Pure. */
#ifndef SERVER_APISERVER_ADMISSION_POD_REFERENCES_H
#define SERVER_APISERVER_ADMISSION_POD_REFERENCES_H

#include <jansson.h>

#include "base/str.h"

/* What the first reference is to, in upstream's words ("secrets (via secret volumes)"); NULL: none. */
const char *pod_reference(const json_t *pod);
/* Whether the subject of this PKCS#10 request has that common name. */
bool csr_names(struct str pem, const char *common_name);

#endif
