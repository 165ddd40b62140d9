/* SPDX-License-Identifier: Apache-2.0 */
/* What a host must offer before the server touches it: one line that says what is wrong and what to do. */
#ifndef CMD_HOST_CHECK_H
#define CMD_HOST_CHECK_H

#include <stdbool.h>

#include "base/err.h"

/* `pods`: containers are to run here. */
int host_check(const char *data_dir, bool pods, struct err *err);
/* As many open files as this process may have. */
void raise_file_limit(void);

#endif
