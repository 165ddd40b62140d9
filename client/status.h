/* SPDX-License-Identifier: Apache-2.0 */
/* A metav1.Status that came back from an API server, as the err that it was made of. Pure. */
#ifndef CLIENT_STATUS_H
#define CLIENT_STATUS_H

#include "base/err.h"
#include "base/str.h"

/* `code`: of the HTTP answer. A body that is no Status makes an err of the code alone. */
void client_status_read(struct str body, int code, struct err *err);

#endif
