/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/container_spec.h"

#include <signal.h>
#include <stdio.h>

#include "agent/kubelet/pod/qos.h"
#include "base/mem.h"

static const char *const *texts(struct arena *a, const struct api_str_list *l)
{
	if (!l->n)
		return NULL;
	const char **out = ARENA_ARRAY(a, const char *, l->n + 1);
	for (size_t i = 0; i < l->n; i++)
		out[i] = l->items[i].p ? l->items[i].p : "";
	return out;
}

static const char *const *expanded(struct arena *a, const struct env_list *env,
				   const struct api_str_list *l)
{
	if (!l->n)
		return NULL;
	const char **out = ARENA_ARRAY(a, const char *, l->n + 1);
	for (size_t i = 0; i < l->n; i++)
		out[i] = arena_strdup(a, env_expand(env, l->items[i], a));
	return out;
}

int signal_number(struct str name)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{ "HUP", SIGHUP },       { "INT", SIGINT },     { "QUIT", SIGQUIT },
		{ "ILL", SIGILL },       { "TRAP", SIGTRAP },   { "ABRT", SIGABRT },
		{ "BUS", SIGBUS },       { "FPE", SIGFPE },     { "KILL", SIGKILL },
		{ "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },   { "USR2", SIGUSR2 },
		{ "PIPE", SIGPIPE },     { "ALRM", SIGALRM },   { "TERM", SIGTERM },
		{ "CHLD", SIGCHLD },     { "CONT", SIGCONT },   { "STOP", SIGSTOP },
		{ "TSTP", SIGTSTP },     { "TTIN", SIGTTIN },   { "TTOU", SIGTTOU },
		{ "URG", SIGURG },       { "XCPU", SIGXCPU },   { "XFSZ", SIGXFSZ },
		{ "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },   { "IO", SIGIO },
		{ "PWR", SIGPWR },       { "WINCH", SIGWINCH }, { "SYS", SIGSYS },
	};
	int64_t n;
	str_cut_prefix(&name, STR("SIG"));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_eqz(name, names[i].name))
			return names[i].number;
	if (str_cut_prefix(&name, STR("RTMIN")))
		return !name.n ? 34 : str_to_i64(name, &n) && n >= 0 && n <= 30 ? 34 + (int)n : 0;
	if (str_cut_prefix(&name, STR("RTMAX")))
		return !name.n ? 64 : str_to_i64(name, &n) && n <= 0 && n >= -30 ? 64 + (int)n : 0;
	return str_to_i64(name, &n) && n > 0 && n <= 64 ? (int)n : 0;
}

/* --- mounts --- */

static struct str sub_of(const struct container_view_spec *v, const struct core_v1_volume_mount *m,
			 struct arena *a)
{
	return m->sub_path_expr.n ? env_expand(v->env, m->sub_path_expr, a) : m->sub_path;
}

static const char *sub_target(const struct container_view_spec *v, size_t index, struct arena *a)
{
	return arena_printf(a, "%s/subpaths/%.*s/%zu", v->dirs->run, STR_ARG(v->container->name),
			    index);
}

size_t container_sub_paths(const struct container_view_spec *v, struct arena *a,
			   struct sub_path **out)
{
	size_t n = 0, all = v->container->volume_mounts.n;
	*out = ARENA_ARRAY(a, struct sub_path, all + 1);
	for (size_t i = 0; i < all; i++) {
		const struct core_v1_volume_mount *m = &v->container->volume_mounts.items[i];
		const struct volume *volume = volume_find(v->volumes, m->name);
		struct str sub = sub_of(v, m, a);
		if (volume && sub.n)
			(*out)[n++] = (struct sub_path){ volume->path, arena_strdup(a, sub),
							 sub_target(v, i, a) };
	}
	return n;
}

static const char *propagation_of(struct str mode)
{
	if (str_eqz(mode, "HostToContainer"))
		return "rslave";
	return str_eqz(mode, "Bidirectional") ? "rshared" : "rprivate";
}

struct mounts {
	struct container_mount *items;
	size_t n;
};

static bool has_target(const struct mounts *m, const char *target)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->items[i].target, target))
			return true;
	return false;
}

static void add_own(struct mounts *m, const char *source, const char *target, bool read_only)
{
	if (!has_target(m, target))
		m->items[m->n++] = (struct container_mount){
			.source = source,
			.target = target,
			.read_only = read_only,
			.propagation = "rprivate",
		};
}

static int depth(const char *path)
{
	int n = 0;
	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

/* Parents before what lies in them; otherwise in the order of the spec. */
static void sort_by_depth(struct mounts *m)
{
	for (size_t i = 1; i < m->n; i++) {
		struct container_mount one = m->items[i];
		size_t k = i;
		for (; k > 0 && depth(m->items[k - 1].target) > depth(one.target); k--)
			m->items[k] = m->items[k - 1];
		m->items[k] = one;
	}
}

static int add_volume(const struct container_view_spec *v, size_t i, struct arena *a,
		      struct mounts *m, struct err *err)
{
	const struct core_v1_volume_mount *vm = &v->container->volume_mounts.items[i];
	const struct volume *volume = volume_find(v->volumes, vm->name);
	if (!volume)
		return err_set(err, ERR_INVALID,
			       "cannot find volume \"%.*s\" to mount into container \"%.*s\"",
			       STR_ARG(vm->name), STR_ARG(v->container->name));
	if (volume->kind == VOLUME_BLOCK)
		return err_set(err, ERR_INVALID,
			       "volume %.*s has volumeMode Block, but is specified in volumeMounts",
			       STR_ARG(vm->name));
	bool read_only = vm->read_only || volume->read_only;
	bool recursive = str_eqz(vm->recursive_read_only, "Enabled") ||
			 str_eqz(vm->recursive_read_only, "IfPossible");
	m->items[m->n++] = (struct container_mount){
		.source = sub_of(v, vm, a).n ? sub_target(v, i, a) : volume->path,
		.target = vm->mount_path.p[0] == '/' ? vm->mount_path.p
						     : arena_printf(a, "/%s", vm->mount_path.p),
		.read_only = read_only,
		.recursive_read_only = read_only && recursive,
		.propagation = propagation_of(vm->mount_propagation),
		.options = volume->kind == VOLUME_IMAGE ? "noexec" : NULL,
	};
	return 0;
}

static int build_devices(const struct container_view_spec *v, struct arena *a,
			 struct container_spec *out, struct err *err)
{
	const struct core_v1_container *c = v->container;
	struct container_device *all =
		ARENA_ARRAY(a, struct container_device, c->volume_devices.n + 1);
	for (size_t i = 0; i < c->volume_devices.n; i++) {
		const struct core_v1_volume_device *d = &c->volume_devices.items[i];
		const struct volume *volume = volume_find(v->volumes, d->name);
		if (!volume)
			return err_set(err, ERR_INVALID,
				       "cannot find volume \"%.*s\" to pass into container "
				       "\"%.*s\"",
				       STR_ARG(d->name), STR_ARG(c->name));
		if (volume->kind != VOLUME_BLOCK)
			return err_set(err, ERR_INVALID,
				       "volume %.*s has volumeMode Filesystem, but is specified in "
				       "volumeDevices",
				       STR_ARG(d->name));
		all[i] = (struct container_device){ volume->path, arena_strdup(a, d->device_path),
						    volume->read_only };
	}
	out->devices = all;
	out->ndevices = c->volume_devices.n;
	return 0;
}

static int build_mounts(const struct container_view_spec *v, struct arena *a,
			struct container_spec *out, struct err *err)
{
	const struct core_v1_container *c = v->container;
	struct mounts m = { .items = ARENA_ARRAY(a, struct container_mount,
						 c->volume_mounts.n + 4) };
	for (size_t i = 0; i < c->volume_mounts.n; i++) {
		int r = add_volume(v, i, a, &m, err);
		if (r < 0)
			return r;
	}
	add_own(&m, arena_printf(a, "%s/hosts", v->dirs->data), "/etc/hosts", false);
	add_own(&m, arena_printf(a, "%s/resolv.conf", v->dirs->data), "/etc/resolv.conf", false);
	add_own(&m, arena_printf(a, "%s/hostname", v->dirs->data), "/etc/hostname", false);
	if (v->termination_log)
		add_own(&m, v->termination_log,
			c->termination_message_path.n ? c->termination_message_path.p
						      : "/dev/termination-log",
			false);
	sort_by_depth(&m);
	out->mounts = m.items;
	out->nmounts = m.n;
	return 0;
}

/* --- security --- */

static void build_groups(const struct core_v1_pod_security_context *sc, struct arena *a,
			 struct container_spec *out)
{
	size_t n = 0;
	if (!sc)
		return;
	int64_t *groups = ARENA_ARRAY(a, int64_t, sc->supplemental_groups.n + 1);
	for (size_t i = 0; i < sc->supplemental_groups.n; i++)
		groups[n++] = sc->supplemental_groups.items[i];
	if (sc->fs_group)
		groups[n++] = *sc->fs_group;
	out->supplemental_groups = groups;
	out->nsupplemental_groups = n;
	out->strict_groups = str_eqz(sc->supplemental_groups_policy, "Strict");
}

static const char *seccomp_of(const struct container_view_spec *v,
			      const struct core_v1_seccomp_profile *p, struct arena *a)
{
	if (!p || str_eqz(p->type, "Unconfined"))
		return "Unconfined";
	if (str_eqz(p->type, "Localhost"))
		return arena_printf(a, "%s/%.*s", v->seccomp_dir, STR_ARG(p->localhost_profile));
	return "RuntimeDefault";
}

static bool is_set(const bool *flag)
{
	return flag && *flag;
}

static int check_non_root(const struct container_view_spec *v, const struct container_spec *s,
			  struct err *err)
{
	const struct meta_v1_object_meta *m = &v->pod->metadata;
	const char *user = v->image_user ? v->image_user : "";
	struct str rest = str_from(user), name;
	int64_t uid = 0;
	if (!s->run_as_non_root || s->run_as_user > 0)
		return 0;
	char where[400];
	snprintf(where, sizeof(where), "(pod: \"%.*s_%.*s(%.*s)\", container: %.*s)",
		 STR_ARG(m->name), STR_ARG(m->namespace), STR_ARG(m->uid),
		 STR_ARG(v->container->name));
	if (s->run_as_user == 0)
		return err_set(err, ERR_INVALID, "container's runAsUser breaks non-root policy %s",
			       where);
	str_next(&rest, ':', &name);
	if (name.n && !str_to_i64(name, &uid))
		return err_set(err, ERR_INVALID,
			       "container has runAsNonRoot and image has non-numeric user (%.*s), "
			       "cannot verify user is non-root %s",
			       STR_ARG(name), where);
	return uid > 0 ? 0
		       : err_set(err, ERR_INVALID,
				 "container has runAsNonRoot and image will run as root %s", where);
}

static void build_security(const struct container_view_spec *v, struct arena *a,
			   struct container_spec *out)
{
	static const struct core_v1_security_context none;
	static const struct core_v1_pod_security_context pod_none;
	const struct core_v1_security_context *c =
		v->container->security_context ? v->container->security_context : &none;
	const struct core_v1_pod_security_context *p =
		v->pod->spec.security_context ? v->pod->spec.security_context : &pod_none;
	const int64_t *user = c->run_as_user ? c->run_as_user : p->run_as_user;
	const int64_t *group = c->run_as_group ? c->run_as_group : p->run_as_group;
	out->run_as_user = user ? *user : -1;
	out->run_as_group = group ? *group : -1;
	out->run_as_non_root = is_set(c->run_as_non_root ? c->run_as_non_root : p->run_as_non_root);
	out->privileged = is_set(c->privileged);
	out->read_only_root = is_set(c->read_only_root_filesystem);
	out->no_new_privileges = c->allow_privilege_escalation && !*c->allow_privilege_escalation;
	out->add_capabilities = c->capabilities ? texts(a, &c->capabilities->add) : NULL;
	out->drop_capabilities = c->capabilities ? texts(a, &c->capabilities->drop) : NULL;
	out->seccomp = out->privileged ? "Unconfined"
				       : seccomp_of(v,
						    c->seccomp_profile ? c->seccomp_profile
								       : p->seccomp_profile,
						    a);
	build_groups(p, a, out);
}

int container_spec_build(const struct container_view_spec *v, struct arena *a,
			 struct container_spec *out, struct err *err)
{
	const struct core_v1_container *c = v->container;
	*out = (struct container_spec){
		.pod_uid = v->pod->metadata.uid.p,
		.name = c->name.p,
		.attempt = v->attempt,
		.image = v->image_id,
		.command = expanded(a, v->env, &c->command),
		.args = expanded(a, v->env, &c->args),
		.env = env_argv(v->env, a),
		.working_dir = c->working_dir.n ? c->working_dir.p : NULL,
		.tty = c->tty,
		.stdin_open = c->stdin_,
		.stdin_once = c->stdin_once,
	};
	if (c->lifecycle && c->lifecycle->stop_signal.n)
		out->stop_signal = signal_number(c->lifecycle->stop_signal);
	qos_resources(&v->pod->spec, c, v->node_memory_bytes, &out->resources);
	build_security(v, a, out);
	int r = check_non_root(v, out, err);
	if (r == 0)
		r = build_devices(v, a, out, err);
	return r < 0 ? r : build_mounts(v, a, out, err);
}
