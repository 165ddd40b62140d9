/* SPDX-License-Identifier: Apache-2.0 */
/* The document and its member "process": what runs, as whom, with which environment and capabilities. */
#include "agent/runtime/oci_config.h"

#include <jansson.h>
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SECCOMP_MAX  (1024 * 1024)

void oci_string(struct buf *out, const char *text)
{
	buf_json_string(out, str_from(text ? text : ""));
}

static void add_strings(struct buf *out, const char *const *list)
{
	for (; list && *list; list++) {
		if (out->p[out->n - 1] != '[')
			buf_putc(out, ',');
		oci_string(out, *list);
	}
}

/* A command replaces the image's entrypoint and its arguments; arguments alone replace only the latter. */
static int add_args(const struct oci_input *in, struct buf *out, struct err *err)
{
	const struct container_spec *s = in->spec;
	bool command = s->command && *s->command, args = s->args && *s->args;
	const char *const *first =
		command ? s->command : (const char *const *)in->image->entrypoint;
	const char *const *then = args      ? s->args
				  : command ? NULL
					    : (const char *const *)in->image->cmd;
	if (!(first && *first) && !(then && *then))
		return err_set(err, ERR_INVALID, "no command specified");
	buf_puts(out, ",\"args\":[");
	add_strings(out, first);
	add_strings(out, then);
	buf_putc(out, ']');
	return 0;
}

static bool same_variable(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");
	return n == strcspn(b, "=") && memcmp(a, b, n) == 0;
}

static bool sets(const char *const *list, const char *variable)
{
	for (; list && *list; list++)
		if (same_variable(*list, variable))
			return true;
	return false;
}

static void add_variable(struct buf *out, const char *variable)
{
	if (out->p[out->n - 1] != '[')
		buf_putc(out, ',');
	oci_string(out, variable);
}

/* Ours, over the image's, over the defaults. */
static void add_env(const struct oci_input *in, struct buf *out)
{
	const char *const *ours = in->spec->env;
	const char *const *image = (const char *const *)in->image->env;
	auto_free char *hostname =
		str_printf("HOSTNAME=%s", in->sandbox->hostname ? in->sandbox->hostname : "");
	const char *defaults[] = { DEFAULT_PATH, hostname, in->spec->tty ? "TERM=xterm" : NULL };
	buf_puts(out, ",\"env\":[");
	for (size_t i = 0; i < COUNT_OF(defaults); i++)
		if (defaults[i] && !sets(image, defaults[i]) && !sets(ours, defaults[i]))
			add_variable(out, defaults[i]);
	for (const char *const *e = image; e && *e; e++)
		if (!sets(ours, *e))
			add_variable(out, *e);
	for (const char *const *e = ours; e && *e; e++)
		if (!sets(e + 1, *e)) /* the last of the same name wins */
			add_variable(out, *e);
	buf_putc(out, ']');
}

static void add_user(struct buf *out, const struct oci_user *u)
{
	buf_printf(out, ",\"user\":{\"uid\":%lld,\"gid\":%lld,\"additionalGids\":[",
		   (long long)u->uid, (long long)u->gid);
	for (size_t i = 0; i < u->ngroups; i++)
		buf_printf(out, "%s%lld", i ? "," : "", (long long)u->groups[i]);
	buf_puts(out, "]}");
}

static void add_capabilities(struct buf *out, const struct oci_capabilities *caps)
{
	static const char *const sets_of[] = { "bounding", "effective", "permitted" };
	buf_puts(out, ",\"capabilities\":{");
	for (size_t i = 0; i < COUNT_OF(sets_of); i++) {
		buf_printf(out, "%s\"%s\":", i ? "," : "", sets_of[i]);
		oci_capabilities_json(out, caps);
	}
	buf_putc(out, '}');
}

static int add_process(const struct oci_input *in, const struct oci_user *user,
		       const struct oci_capabilities *caps, struct buf *out, struct err *err)
{
	const struct container_spec *s = in->spec;
	const char *cwd =
		s->working_dir && *s->working_dir ? s->working_dir : in->image->working_dir;
	int oom = s->resources.oom_score_adj;
	buf_printf(out, "\"process\":{\"terminal\":%s", s->tty ? "true" : "false");
	int r = add_args(in, out, err);
	if (r < 0)
		return r;
	add_env(in, out);
	buf_puts(out, ",\"cwd\":");
	oci_string(out, cwd && *cwd ? cwd : "/");
	add_user(out, user);
	add_capabilities(out, caps);
	buf_printf(out, ",\"noNewPrivileges\":%s,\"oomScoreAdj\":%d}",
		   s->no_new_privileges ? "true" : "false",
		   oom < in->oom_score_floor ? in->oom_score_floor : oom);
	return 0;
}

/* A profile of the node's own (type Localhost) goes in as it is, once it is known to be JSON. */
static int read_profile(const char *path, struct buf *out, struct err *err)
{
	int r = file_read(path, SECCOMP_MAX, out, err);
	if (r < 0)
		return err_wrap(err, r, "read seccomp profile");
	json_error_t e;
	json_t *tree = json_loadb(out->p, out->n, 0, &e);
	if (!json_is_object(tree))
		r = err_set(err, ERR_INVALID, "seccomp profile %s: %s", path,
			    tree ? "not an object" : e.text);
	json_decref(tree);
	return r;
}

int oci_config(const struct oci_input *in, struct buf *out, struct oci_user *user, struct err *err)
{
	auto_buf profile = { 0 };
	struct oci_capabilities caps;
	const char *seccomp = in->spec->seccomp;
	int r = oci_capabilities(in->spec, &caps, err);
	if (r == 0)
		r = oci_user_resolve(in->rootfs_fd, in->spec, in->image->user, user, err);
	if (r == 0 && seccomp && seccomp[0] == '/' && !in->spec->privileged)
		r = read_profile(seccomp, &profile, err);
	if (r < 0)
		return r;
	buf_puts(out, "{\"ociVersion\":\"1.0.2\",");
	r = add_process(in, user, &caps, out, err);
	if (r < 0)
		return r;
	buf_puts(out, ",\"root\":{\"path\":");
	oci_string(out, in->rootfs);
	buf_printf(out, ",\"readonly\":%s},", in->spec->read_only_root ? "true" : "false");
	oci_mounts(in, out);
	buf_putc(out, ',');
	oci_linux(in, &caps, profile.p, out);
	buf_putc(out, '}');
	return 0;
}

int oci_exec_process(const char *config_path, const char *const *argv, bool tty, struct buf *out,
		     struct err *err)
{
	json_error_t e;
	json_t *config = json_load_file(config_path, 0, &e);
	json_t *process = json_object_get(config, "process");
	if (!process) {
		json_decref(config);
		return err_set(err, ERR_INTERNAL, "read %s: %s", config_path, e.text);
	}
	json_t *args = json_array();
	for (; *argv; argv++)
		json_array_append_new(args, json_string(*argv));
	json_object_set_new(process, "args", args);
	json_object_set_new(process, "terminal", json_boolean(tty));
	char *text = json_dumps(process, JSON_COMPACT);
	json_decref(config);
	if (!text)
		return err_set(err, ERR_BAD_REQUEST, "the command is not valid UTF-8");
	buf_puts(out, text);
	free(text);
	return 0;
}
