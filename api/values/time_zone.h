/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones by name ("Europe/Berlin"), read from the host's zoneinfo (TZif, RFC 9636): $ZONEINFO or the usual places. Nothing is
 * embedded: where there is no zoneinfo, only UTC is known. Any thread. */
#ifndef API_VALUES_TIME_ZONE_H
#define API_VALUES_TIME_ZONE_H

#include "base/err.h"
#include "base/str.h"

struct time_zone;
/* "" and "UTC" give NULL, which is UTC; unknown ones an error in Go's words: "unknown time zone Mars/Olympus". */
int time_zone_load(struct str name, struct time_zone **out, struct err *err);
/* Whether there is such a zone; where the host has no zoneinfo nobody knows: true. */
bool time_zone_exists(struct str name);
int time_zone_parse(struct str file, struct time_zone **out); /* the bytes of a TZif file */
void time_zone_free(struct time_zone *z);
int32_t time_zone_offset(const struct time_zone *z, int64_t utc_s); /* seconds east of UTC */

#endif
