/* SPDX-License-Identifier: Apache-2.0 */
/* The flags of `allinone agent`: a node's, and which cluster it joins. */
#ifndef CMD_AGENT_OPTIONS_H
#define CMD_AGENT_OPTIONS_H

#include "cmd/node_options.h"

struct agent_options {
	struct node_options node;
	const char *join, *server; /* the same under two names */
	const char *token, *token_file;
	char *host; /* of the URL; heap */
	int port;
};
extern const struct flag_table agent_flag_table;

int agent_options_check(struct agent_options *o, struct err *err);
/* The token as it was given, or out of its file; NULL when there is none. Heap. */
int agent_options_token(const struct agent_options *o, char **out, struct err *err);
/* "https://HOST:6443", "https://[fd00::1]", "HOST" */
int server_url_parse(const char *url, char **host, int *port, struct err *err);

#endif
