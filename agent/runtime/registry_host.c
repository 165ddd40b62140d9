/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/registry_host.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const ca_files[] = {
	"/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Alpine, Arch */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", /* openSUSE */
	"/etc/ssl/cert.pem",
};

const char *registry_ca_file(void)
{
	for (size_t i = 0; i < COUNT_OF(ca_files); i++)
		if (access(ca_files[i], R_OK) == 0)
			return ca_files[i];
	return NULL;
}

static bool is_local(const char *domain)
{
	struct str host = str_from(domain);
	if (str_starts(host, STR("[::1]")))
		return true;
	host.n = str_find(host, ':');
	if (str_eqz(host, "localhost"))
		return true;
	unsigned a, b, c, d;
	char end;
	char text[32];
	if (host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return sscanf(text, "%u.%u.%u.%u%c", &a, &b, &c, &d, &end) == 4 && a == 127;
}

void registry_base_url(const char *domain, char *out, size_t size)
{
	if (strcmp(domain, "docker.io") == 0)
		domain = "registry-1.docker.io";
	snprintf(out, size, "%s://%s", is_local(domain) ? "http" : "https", domain);
}
