/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and annotations of decoded objects, and other small values that several controllers read the same way. Pure. */
#ifndef SERVER_CONTROLLERS_PAIRS_H
#define SERVER_CONTROLLERS_PAIRS_H

#include "base/arena.h"
#include "generated/api_structs.h"

/* Adds or replaces a pair in a copy (in the arena) of what the map points to; keys stay sorted. `key` stays valid. */
void pairs_set(struct api_str_map *m, struct arena *a, const char *key, struct str value);
int64_t pairs_number(const struct api_str_map *m, const char *key); /* 0: absent or no number */
/* An IntOrString of `of`: percentages are rounded up or down; 0 when it is neither. */
int32_t scaled_value(const struct api_int_or_string *v, int32_t of, bool up);

#endif
