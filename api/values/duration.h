/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths of time as text: Go's durations ("1h30m0s") and the short ones that kubectl shows ("2d3h"). Any thread. */
#ifndef API_VALUES_DURATION_H
#define API_VALUES_DURATION_H

#include "base/str.h"

#define DURATION_TEXT_MAX 40

bool duration_parse(struct str text, int64_t *out_ns);               /* time.ParseDuration */
size_t duration_text(int64_t ns, char out[DURATION_TEXT_MAX]);       /* Duration.String() */
size_t duration_human(int64_t seconds, char out[DURATION_TEXT_MAX]); /* duration.HumanDuration */

#endif
