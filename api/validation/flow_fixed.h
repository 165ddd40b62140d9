/* SPDX-License-Identifier: Apache-2.0 */
/* The specs that flow control's mandatory objects always have. */
#ifndef API_VALIDATION_FLOW_FIXED_H
#define API_VALIDATION_FLOW_FIXED_H

#include "base/str.h"

const char *flow_fixed(const char *plural, struct str name); /* JSON, or NULL */

#endif
