/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of one LimitRange, held against what is asked for: each that is broken is a message. */
#ifndef SERVER_APISERVER_ADMISSION_LIMIT_RANGES_H
#define SERVER_APISERVER_ADMISSION_LIMIT_RANGES_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

struct write;
struct limit_check {
	struct buf text; /* messages, each once, with ", " between them */
	struct map seen;
	size_t n;
};
/* min, max and maxLimitRequestRatio of `limit` (an item of spec.limits). */
void limit_check(struct limit_check *c, const json_t *limit, const json_t *requests,
		 const json_t *limits);
/* Claims have requests alone. */
void limit_check_claim(struct limit_check *c, const json_t *limit, const json_t *requests);
int limit_check_result(const struct limit_check *c, struct write *w, struct err *err);
void limit_check_free(struct limit_check *c);

#endif
