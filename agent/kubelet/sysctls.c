/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/sysctls.h"

#include "base/mem.h"

enum owner { OWNER_NONE, OWNER_IPC, OWNER_NET, OWNER_UTS, OWNER_USER };

static const char *const safe[] = {
	"kernel.shm_rmid_forced",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.ping_group_range",
	"net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.ip_local_reserved_ports",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl",
	"net.ipv4.tcp_keepalive_probes",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_wmem",
	"net.ipv4.tcp_slow_start_after_idle",
	"net.ipv4.tcp_notsent_lowat",
};

static const struct {
	const char *name; /* that ends with a dot: all below it */
	enum owner owner;
} owners[] = {
	{ "kernel.domainname", OWNER_UTS }, { "kernel.sem", OWNER_IPC },
	{ "kernel.shmall", OWNER_IPC },     { "kernel.shmmax", OWNER_IPC },
	{ "kernel.shmmni", OWNER_IPC },     { "kernel.shm_rmid_forced", OWNER_IPC },
	{ "kernel.shm", OWNER_IPC },        { "kernel.msgmax", OWNER_IPC },
	{ "kernel.msgmnb", OWNER_IPC },     { "kernel.msgmni", OWNER_IPC },
	{ "kernel.msg", OWNER_IPC },        { "net.", OWNER_NET },
	{ "fs.mqueue.", OWNER_IPC },        { "user.", OWNER_USER },
};

static enum owner owner_of(struct str name)
{
	for (size_t i = 0; i < COUNT_OF(owners); i++) {
		struct str one = str_from(owners[i].name);
		if (str_eq(name, one) || (one.p[one.n - 1] == '.' && str_starts(name, one)))
			return owners[i].owner;
	}
	return OWNER_NONE;
}

/* "net/ipv4/conf/eth0.1/x" is "net.ipv4.conf.eth0/1.x". */
static char *normal(struct str name)
{
	char *out = str_dup(name);
	size_t first = strcspn(out, "./");
	if (out[first] != '/')
		return out;
	for (char *c = out; *c; c++)
		*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
	return out;
}

/* A word of the list, without the star that it may end with. */
static bool next_allowed(struct str *list, struct str *out, bool *prefix)
{
	do {
		if (!str_next(list, ',', out))
			return false;
		*out = str_trim(*out);
	} while (!out->n);
	*prefix = out->p[out->n - 1] == '*';
	out->n -= *prefix;
	return true;
}

static enum owner owner_of_allowed(struct str word, bool prefix)
{
	enum owner owner = owner_of(word);
	if (owner == OWNER_NONE && prefix && word.n && word.p[word.n - 1] == '.')
		owner = owner_of(str_of(word.p, word.n - 1));
	return owner;
}

int sysctls_check_allowed(const char *list, struct err *err)
{
	struct str rest = str_from(list), word;
	bool prefix;
	while (next_allowed(&rest, &word, &prefix)) {
		auto_free char *name = normal(word);
		if (owner_of_allowed(str_from(name), prefix) == OWNER_NONE)
			return err_set(err, ERR_INVALID,
				       "the sysctls \"%.*s%s\" are not known to be namespaced",
				       STR_ARG(word), prefix ? "*" : "");
	}
	return 0;
}

static bool is_allowed(struct str name, const char *list)
{
	struct str rest = str_from(list), word;
	bool prefix;
	for (size_t i = 0; i < COUNT_OF(safe); i++)
		if (str_eqz(name, safe[i]))
			return true;
	while (next_allowed(&rest, &word, &prefix)) {
		auto_free char *one = normal(word);
		if (prefix ? str_starts(name, str_from(one)) : str_eqz(name, one))
			return true;
	}
	return false;
}

/* The host's namespace that a pod shares is not the pod's to change; "": it is its own. */
static const char *shared(const struct core_v1_pod_spec *spec, enum owner owner)
{
	if (owner == OWNER_IPC && spec->host_ipc)
		return "IPC";
	if (owner == OWNER_NET && spec->host_network)
		return "Net";
	return owner == OWNER_USER && (!spec->host_users || *spec->host_users) ? "User" : "";
}

bool sysctls_admitted(const struct core_v1_pod_spec *spec, const char *allowed, struct buf *why)
{
	const struct core_v1_pod_security_context *sc = spec->security_context;
	for (size_t i = 0; sc && i < sc->sysctls.n; i++) {
		auto_free char *name = normal(sc->sysctls.items[i].name);
		const char *host = shared(spec, owner_of(str_from(name)));
		if (!is_allowed(str_from(name), allowed)) {
			buf_printf(why, "forbidden sysctl: \"%s\" not allowlisted", name);
			return false;
		}
		if (*host) {
			buf_printf(why, "forbidden sysctl: \"%s\" not allowed with host %s enabled",
				   name, host);
			return false;
		}
	}
	return true;
}
