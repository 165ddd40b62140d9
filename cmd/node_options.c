/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/node_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <unistd.h>

#include "agent/kubelet/sysctls.h"
#include "base/log.h"
#include "base/mem.h"

int option_check_port(const char *name, int64_t port, struct err *err)
{
	if (port < 1 || port > 65535)
		return err_set(err, ERR_BAD_REQUEST, "--%s: %lld is not a port (1-65535)", name,
			       (long long)port);
	return 0;
}

bool option_is_address(const char *text)
{
	unsigned char out[16];
	return inet_pton(AF_INET, text, out) == 1 || inet_pton(AF_INET6, text, out) == 1;
}

int option_check_list(const char *name, const struct flag_list *l, bool (*valid)(const char *),
		      const char *what, struct err *err)
{
	for (size_t i = 0; i < l->n; i++)
		if (!valid(l->items[i]))
			return err_set(err, ERR_BAD_REQUEST, "--%s: \"%s\" is not %s", name,
				       l->items[i], what);
	return 0;
}

/* RFC 1123 label or subdomain: what a Node may be called. */
static bool is_node_name(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n > 253 || !isalnum((unsigned char)name[0]) ||
	    !isalnum((unsigned char)name[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) ||
		      name[i] == '-' || name[i] == '.'))
			return false;
	return true;
}

static void default_node_name(struct node_options *o)
{
	char host[256] = "";
	gethostname(host, sizeof(host) - 1);
	for (char *c = host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	o->node_name = str_dup(str_from(host));
}

int node_options_check(struct node_options *o, struct err *err)
{
	enum log_level level;
	int r;
	if (!log_level_from_text(o->log_level, &level))
		return err_set(err, ERR_BAD_REQUEST,
			       "--log-level: \"%s\" is none of debug, info, warn, error",
			       o->log_level);
	log_set_level(level);
	if ((r = option_check_port("kubelet-port", o->kubelet_port, err)) < 0 ||
	    (r = option_check_list("node-ip", &o->node_ip, option_is_address, "an IP address",
				   err)) < 0)
		return r;
	struct pressure_rules rules;
	if ((r = pressure_rules_parse(&o->eviction, &rules, err)) < 0)
		return r;
	if (sysctls_check_allowed(o->allowed_unsafe_sysctls, err) < 0)
		return err_wrap(err, -ERR_BAD_REQUEST, "--allowed-unsafe-sysctls");
	if (!o->node_name)
		default_node_name(o);
	if (!is_node_name(o->node_name))
		return err_set(err, ERR_BAD_REQUEST,
			       "--node-name: \"%s\" is no valid node name (small letters, digits, "
			       "'-' and '.')",
			       o->node_name);
	return 0;
}
