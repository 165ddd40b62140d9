/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted in a container: the kernel's file systems, the sandbox' shared files, then what the kubelet asked for, shallow
 * targets first, so that a volume never hides one mounted below it. */
#include <stdlib.h>

#include "agent/runtime/oci_config.h"
#include "base/mem.h"

struct fixed_mount {
	const char *target, *type, *source, *options; /* options: comma-separated */
};

static const struct fixed_mount kernel_mounts[] = {
	{ "/proc", "proc", "proc", "nosuid,noexec,nodev" },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k" },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev" },
};

static void add_options(struct buf *out, const char *list)
{
	struct str rest = str_from(list), option;
	while (str_next(&rest, ',', &option)) {
		if (!option.n)
			continue;
		if (out->p[out->n - 1] != '[')
			buf_putc(out, ',');
		buf_json_string(out, option);
	}
}

static void add(struct buf *out, const char *target, const char *type, const char *source,
		const char *options)
{
	if (out->p[out->n - 1] != '[')
		buf_putc(out, ',');
	buf_puts(out, "{\"destination\":");
	oci_string(out, target);
	buf_puts(out, ",\"type\":");
	oci_string(out, type);
	buf_puts(out, ",\"source\":");
	oci_string(out, source);
	buf_puts(out, ",\"options\":[");
	add_options(out, options);
	buf_puts(out, "]}");
}

static bool asked_for(const struct container_spec *s, const char *target)
{
	for (size_t i = 0; i < s->nmounts; i++)
		if (strcmp(s->mounts[i].target, target) == 0)
			return true;
	return false;
}

static void add_fixed(const struct oci_input *in, struct buf *out)
{
	const struct container_spec *s = in->spec;
	const char *writable = s->privileged ? "rw" : "ro";
	auto_buf options = { 0 };
	for (size_t i = 0; i < COUNT_OF(kernel_mounts); i++) {
		const struct fixed_mount *m = &kernel_mounts[i];
		if (!asked_for(s, m->target))
			add(out, m->target, m->type, m->source, m->options);
	}
	buf_printf(&options, "nosuid,noexec,nodev,%s", writable);
	if (!asked_for(s, "/sys"))
		add(out, "/sys", "sysfs", "sysfs", options.p);
	buf_puts(&options, ",relatime");
	if (!asked_for(s, "/sys/fs/cgroup") && !asked_for(s, "/sys"))
		add(out, "/sys/fs/cgroup", "cgroup", "cgroup", options.p);
	if (in->sandbox->shm_path && !asked_for(s, "/dev/shm"))
		add(out, "/dev/shm", "bind", in->sandbox->shm_path, "rbind,nosuid,noexec,nodev");
	if (in->sandbox->hostname_file && !asked_for(s, "/etc/hostname"))
		add(out, "/etc/hostname", "bind", in->sandbox->hostname_file,
		    s->read_only_root ? "rbind,ro" : "rbind");
}

static size_t depth(const char *path)
{
	size_t n = 0;
	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

static int by_depth(const void *a, const void *b)
{
	const struct container_mount *const *x = a, *const *y = b;
	size_t dx = depth((*x)->target), dy = depth((*y)->target);
	return dx != dy ? (dx < dy ? -1 : 1) : *x < *y ? -1 : *x > *y; /* else in the order given */
}

static void add_asked(struct buf *out, const struct container_mount *m)
{
	auto_buf options = { 0 };
	const char *propagation = m->propagation ? m->propagation : "private";
	if (m->type) {
		buf_puts(&options, m->options ? m->options : "");
		buf_puts(&options, m->read_only ? ",ro" : "");
		add(out, m->target, m->type, m->source ? m->source : m->type,
		    options.p ? options.p : "");
		return;
	}
	buf_puts(&options, "rbind,");
	if (strcmp(propagation, "private") == 0)
		buf_puts(&options, "rprivate");
	else
		buf_puts(&options, propagation);
	buf_puts(&options, m->recursive_read_only ? ",rro" : m->read_only ? ",ro" : ",rw");
	if (m->options)
		buf_printf(&options, ",%s", m->options);
	add(out, m->target, "bind", m->source, options.p);
}

void oci_mounts(const struct oci_input *in, struct buf *out)
{
	const struct container_spec *s = in->spec;
	const struct container_mount **order = mem_alloc(sizeof(*order) * (s->nmounts + 1));
	for (size_t i = 0; i < s->nmounts; i++)
		order[i] = &s->mounts[i];
	qsort(order, s->nmounts, sizeof(*order), by_depth);
	buf_puts(out, "\"mounts\":[");
	add_fixed(in, out);
	for (size_t i = 0; i < s->nmounts; i++)
		add_asked(out, order[i]);
	buf_putc(out, ']');
	free(order);
}
