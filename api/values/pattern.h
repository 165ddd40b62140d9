/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions of users, in the syntax of Go's regexp (RE2), as CustomResourceDefinitions have them. PCRE2 does the work,
 * with limits on what a match may cost; what PCRE2 knows and RE2 does not is refused. Compiled ones: any thread. */
#ifndef API_VALUES_PATTERN_H
#define API_VALUES_PATTERN_H

#include "base/buf.h"
#include "base/err.h"

struct pattern;
/* Invalid, with the text that Go's compiler has: "error parsing regexp: missing closing ): `(a`". */
int pattern_new(struct str text, struct pattern **out, struct err *err);
void pattern_free(struct pattern *p);
/* Whether it is found anywhere in the text. A match that costs too much counts as none. */
bool pattern_match(const struct pattern *p, struct str text);
/* Go's ReplaceAllString: appends the text with each match replaced; $1, ${1} and ${name} in `by` are groups, $$ is a dollar. True when
 * there was a match. */
bool pattern_replace(const struct pattern *p, struct str text, struct str by, struct buf *out);

#endif
