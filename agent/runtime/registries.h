/* SPDX-License-Identifier: Apache-2.0 */
/* Where images come from: registries.yaml in k3s's format (mirrors with rewrites, credentials, TLS), and the registry that an image's
 * name means. The file is read for each pull, so a change counts at once; one that is not there says nothing. Any thread. */
#ifndef AGENT_RUNTIME_REGISTRIES_H
#define AGENT_RUNTIME_REGISTRIES_H

#include "agent/runtime/reference.h"

struct registry_endpoint { /* heap */
	char *url;         /* what is before the repository: "https://mirror:5000/v2" */
	char *path;        /* the repository's name there */
	char *meant;       /* a mirror is told which registry is meant; NULL: it is the one */
	char *username, *password, *identity_token;
	char *ca_file, *cert_file, *key_file;
	bool insecure; /* its certificate is not looked at */
};

struct registries_config {
	const char *file;  /* NULL: none */
	bool mirrors_only; /* what has mirrors is not asked itself */
};
/* In the order in which they are asked. */
int registries_endpoints(const struct registries_config *c, const struct image_ref *ref,
			 struct registry_endpoint **out, size_t *n, struct err *err);
void registries_endpoints_free(struct registry_endpoint *list, size_t n);
/* Whether the file says what can be meant; err names the place. */
int registries_check(const char *file, struct err *err);

#endif
