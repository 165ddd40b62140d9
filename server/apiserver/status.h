/* SPDX-License-Identifier: Apache-2.0 */
/* metav1.Status from an error, as JSON: what every failed request answers. Fields in upstream's order. */
#ifndef SERVER_APISERVER_STATUS_H
#define SERVER_APISERVER_STATUS_H

#include "base/buf.h"
#include "base/err.h"

struct api_request;

/* `r` (may be NULL) gives details: the name, group and resource that the request was about. */
void status_write(const struct api_request *r, const struct err *err, struct buf *out);
/* {"kind":"Status",…,"status":"Success","details":{"name":…,"kind":…,"uid":…}}, the answer to a delete. */
void status_success(const struct api_request *r, struct str name, struct str uid, struct buf *out);

#endif
