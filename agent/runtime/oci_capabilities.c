/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>
#include <sys/prctl.h>

#include "agent/runtime/oci_config.h"
#include "base/mem.h"

/* By number, as linux/capability.h has them. */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

static const char *const defaults[] = {
	"CHOWN",   "DAC_OVERRIDE", "FSETID",           "FOWNER",
	"MKNOD",   "NET_RAW",      "SETGID",           "SETUID",
	"SETFCAP", "SETPCAP",      "NET_BIND_SERVICE", "SYS_CHROOT",
	"KILL",    "AUDIT_WRITE",
};

static bool find(const char *name, uint64_t *out)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (strcasecmp(names[i], name) == 0) {
			*out = (uint64_t)1 << i;
			return true;
		}
	}
	return false;
}

static uint64_t held(void)
{
	uint64_t mask = 0;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			mask |= (uint64_t)1 << i;
	return mask;
}

static int change(uint64_t *mask, const char *const *list, bool add, struct err *err)
{
	for (; list && *list; list++) {
		uint64_t bits;
		if (strcasecmp(*list, "ALL") == 0)
			bits = ~(uint64_t)0;
		else if (!find(*list, &bits))
			return err_set(err, ERR_INVALID, "unknown capability \"%s\"", *list);
		*mask = add ? *mask | bits : *mask & ~bits;
	}
	return 0;
}

static bool lists_all(const char *const *list)
{
	for (; list && *list; list++)
		if (strcasecmp(*list, "ALL") == 0)
			return true;
	return false;
}

/* ALL is a start and not an end: adding ALL and dropping CHOWN, or dropping ALL and adding CHOWN, mean what they say. */
int oci_capabilities(const struct container_spec *s, struct oci_capabilities *out, struct err *err)
{
	uint64_t mask = 0;
	for (size_t i = 0; i < COUNT_OF(defaults); i++) {
		uint64_t bit = 0;
		find(defaults[i], &bit);
		mask |= bit;
	}
	if (lists_all(s->drop_capabilities))
		mask = 0;
	if (lists_all(s->add_capabilities) || s->privileged)
		mask = ~(uint64_t)0;
	int r = s->privileged ? 0 : change(&mask, s->add_capabilities, true, err);
	if (r == 0 && !s->privileged && !lists_all(s->drop_capabilities))
		r = change(&mask, s->drop_capabilities, false, err);
	if (r < 0)
		return r;
	out->mask = mask & held();
	return 0;
}

bool oci_capabilities_has(const struct oci_capabilities *c, const char *name)
{
	uint64_t bit;
	return find(name, &bit) && (c->mask & bit);
}

void oci_capabilities_json(struct buf *out, const struct oci_capabilities *c)
{
	const char *comma = "";
	buf_putc(out, '[');
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (!(c->mask & (uint64_t)1 << i))
			continue;
		buf_printf(out, "%s\"CAP_%s\"", comma, names[i]);
		comma = ",";
	}
	buf_putc(out, ']');
}
