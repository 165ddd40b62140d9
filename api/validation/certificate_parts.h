/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the rules of certificates.k8s.io. */
#ifndef API_VALIDATION_CERTIFICATE_PARTS_H
#define API_VALIDATION_CERTIFICATE_PARTS_H

#include "api/validation/check.h"

void check_signer_name(struct check *c, const char *child, struct str name);
/* kubernetes.io/… or below that domain */
bool signer_is_kubernetes(struct str name);

#endif
