/* SPDX-License-Identifier: Apache-2.0 */
/* What a client and we agree on before a connection becomes SPDY. Private to net/. */
#ifndef NET_CHANNELS_OFFER_H
#define NET_CHANNELS_OFFER_H

#include "net/channels.h"

struct spdy_protocol {
	const char *name; /* as in the headers */
	int version;
	enum channels_use use;
};
/* False: the request was answered. */
bool spdy_agree(struct http_request *req, enum channels_use use, struct spdy_protocol *out);
void spdy_refuse(struct http_request *req, enum err_reason reason, const char *why);

#endif
