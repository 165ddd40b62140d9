/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry asks for in WWW-Authenticate (RFC 9110 section 11.6.1). Any thread. */
#ifndef AGENT_RUNTIME_REGISTRY_AUTH_H
#define AGENT_RUNTIME_REGISTRY_AUTH_H

#include "base/buf.h"

struct challenge {
	bool bearer; /* else basic */
	char realm[1024], service[512], scope[1024];
};
bool challenge_parse(const char *header,
		     struct challenge *out); /* false: neither basic nor bearer with a realm */
/* The token's URL with its query; scope: ours when the registry names none. */
void challenge_url(const struct challenge *c, const char *scope, struct buf *out);

#endif
