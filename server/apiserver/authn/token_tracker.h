/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of tokens that are seen: counted, and those of Secrets get the day of their last use as a label, by which a controller
 * finds the ones that nobody uses. Follows upstream's pkg/serviceaccount (legacy.go, metrics.go). */
#ifndef SERVER_APISERVER_AUTHN_TOKEN_TRACKER_H
#define SERVER_APISERVER_AUTHN_TOKEN_TRACKER_H

#include "client/client.h"
#include "server/apiserver/authn/token.h"

struct token_tracker;
struct token_tracker *token_tracker_new(struct client *client); /* writes with this one */
void token_tracker_free(struct token_tracker *t);               /* after the client's loop */
/* Any thread; NULL is fine. The label follows a moment later, once a day. */
void token_tracker_note(struct token_tracker *t, const struct token_report *report, int64_t now_s);

#endif
