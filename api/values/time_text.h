/* SPDX-License-Identifier: Apache-2.0 */
/* Why a text is no time: the words of Go's time.Parse for RFC 3339, with whole seconds or with exactly six digits behind them. */
#ifndef API_VALUES_TIME_TEXT_H
#define API_VALUES_TIME_TEXT_H

#include "base/buf.h"

/* True when it is a time; else what is wrong is appended to `why`. */
bool time_text_check(struct str text, bool micro, struct buf *why);

#endif
