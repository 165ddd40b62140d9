/* SPDX-License-Identifier: Apache-2.0 */
/* What a host must offer before the server touches it: one line that says what is wrong and what to do. */
#ifndef CMD_HOST_CHECK_H
#define CMD_HOST_CHECK_H

#include "cmd/server_options.h"

int host_check(const struct server_options *o, struct err *err);

#endif
