/* SPDX-License-Identifier: Apache-2.0 */
/* Sandboxes and containers in memory, and what of them is written down (JSON, one object a file). */
#include "agent/runtime/state.h"

#include <jansson.h>
#include <stdio.h>

#include "agent/runtime/oci_config.h"
#include "base/file.h"

#define META_MAX 65536

struct sandbox *sandbox_new(struct runtime *rt, const char *uid)
{
	struct sandbox *s = NEW(struct sandbox);
	s->rt = rt;
	s->uid = str_dup(str_from(uid));
	s->run_dir = str_printf("%s/pods/%s", rt->run_dir, s->uid);
	list_init(&s->containers);
	list_init(&s->ops);
	map_put(&rt->sandboxes, str_from(uid), s);
	return s;
}

void sandbox_free(struct sandbox *s)
{
	while (!list_empty(&s->containers))
		ctr_free(LIST_ITEM(s->containers.next, struct ctr, link));
	shim_conn_close(s->conn);
	map_del(&s->rt->sandboxes, str_from(s->uid));
	free(s->uid);
	free(s->hostname);
	free(s->log_dir);
	free(s->netns_path);
	free(s->cgroup_path);
	free(s->run_dir);
	free(s);
}

struct sandbox *sandbox_find(struct runtime *rt, const char *uid)
{
	return map_get(&rt->sandboxes, str_from(uid));
}

struct ctr *ctr_alloc(struct sandbox *s, const char *id)
{
	struct ctr *c = NEW(struct ctr);
	c->sandbox = s;
	snprintf(c->id, sizeof(c->id), "%s", id);
	c->dir = str_printf("%s/containers/%s", s->rt->root_dir, id);
	list_init(&c->waiters);
	list_init(&c->execs);
	list_init(&c->link);
	return c;
}

void ctr_link(struct ctr *c)
{
	list_add_tail(&c->sandbox->containers, &c->link);
	map_put(&c->sandbox->rt->containers, str_from(c->id), c);
}

struct ctr *ctr_find(struct runtime *rt, const char *id)
{
	return map_get(&rt->containers, str_from(id));
}

void ctr_free(struct ctr *c)
{
	execs_end(c);
	while (!list_empty(&c->waiters)) {
		struct exit_waiter *w = LIST_ITEM(c->waiters.next, struct exit_waiter, link);
		list_del(&w->link);
		w->fn(w, true);
	}
	if (ctr_find(c->sandbox->rt, c->id) == c)
		map_del(&c->sandbox->rt->containers, str_from(c->id));
	list_del(&c->link);
	free(c->name);
	free(c->image);
	free(c->image_ref);
	free(c->log_path);
	free(c->dir);
	free(c->cgroup_path);
	free(c->user);
	free(c);
}

static void member(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "%s\"%s\":", out->n > 1 ? "," : "", name);
	oci_string(out, text);
}

static void number(struct buf *out, const char *name, int64_t v)
{
	buf_printf(out, "%s\"%s\":%lld", out->n > 1 ? "," : "", name, (long long)v);
}

int sandbox_save(const struct sandbox *s, struct err *err)
{
	auto_buf out = { 0 };
	auto_free char *path = str_printf("%s/sandbox.json", s->run_dir);
	buf_putc(&out, '{');
	member(&out, "hostname", s->hostname);
	member(&out, "logDir", s->log_dir);
	member(&out, "netns", s->netns_path);
	member(&out, "cgroup", s->cgroup_path);
	number(&out, "hostPID", s->host_pid);
	number(&out, "hostIPC", s->host_ipc);
	number(&out, "sharePID", s->share_pid);
	buf_putc(&out, '}');
	return file_write_plain(path, out.p, out.n, 0600, err);
}

/* uid, gid, then the groups */
static void user_member(struct buf *out, const struct container_user *u)
{
	if (!u)
		return;
	buf_printf(out, ",\"user\":[%lld,%lld", (long long)u->uid, (long long)u->gid);
	for (size_t i = 0; i < u->ngroups; i++)
		buf_printf(out, ",%lld", (long long)u->groups[i]);
	buf_putc(out, ']');
}

int ctr_save(const struct ctr *c, struct err *err)
{
	auto_buf out = { 0 };
	auto_free char *path = str_printf("%s/meta.json", c->dir);
	buf_putc(&out, '{');
	member(&out, "pod", c->sandbox->uid);
	member(&out, "name", c->name);
	member(&out, "image", c->image);
	member(&out, "imageRef", c->image_ref);
	member(&out, "log", c->log_path);
	member(&out, "cgroup", c->cgroup_path);
	number(&out, "attempt", c->attempt);
	number(&out, "stopSignal", c->stop_signal);
	number(&out, "tty", c->tty);
	number(&out, "stdin", c->stdin_open);
	number(&out, "stdinOnce", c->stdin_once);
	number(&out, "created", c->created_us);
	user_member(&out, c->user);
	buf_putc(&out, '}');
	return file_write_plain(path, out.p, out.n, 0600, err);
}

static int load(const char *path, json_t **out, struct err *err)
{
	auto_buf text = { 0 };
	json_error_t e;
	int r = file_read(path, META_MAX, &text, err);
	if (r < 0)
		return r;
	*out = json_loadb(text.p ? text.p : "", text.n, 0, &e);
	return *out ? 0 : err_set(err, ERR_INVALID, "read %s: %s", path, e.text);
}

static char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));
	return text && *text ? str_dup(str_from(text)) : NULL;
}

static int64_t number_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

int sandbox_load(struct runtime *rt, const char *uid, struct sandbox **out, struct err *err)
{
	auto_free char *path = str_printf("%s/pods/%s/sandbox.json", rt->run_dir, uid);
	json_t *o = NULL;
	int r = load(path, &o, err);
	if (r < 0)
		return r;
	struct sandbox *s = sandbox_new(rt, uid);
	s->hostname = text_of(o, "hostname");
	s->log_dir = text_of(o, "logDir");
	s->netns_path = text_of(o, "netns");
	s->cgroup_path = text_of(o, "cgroup");
	s->host_pid = number_of(o, "hostPID") != 0;
	s->host_ipc = number_of(o, "hostIPC") != 0;
	s->share_pid = number_of(o, "sharePID") != 0;
	json_decref(o);
	*out = s;
	return 0;
}

static struct container_user *user_of(const json_t *o)
{
	const json_t *ids = json_object_get(o, "user");
	size_t n = json_array_size(ids);
	if (n < 2)
		return NULL;
	struct container_user *u =
		container_user_new(json_integer_value(json_array_get(ids, 0)),
				   json_integer_value(json_array_get(ids, 1)), NULL, n - 2);
	for (size_t i = 2; i < n; i++)
		u->groups[i - 2] = json_integer_value(json_array_get(ids, i));
	return u;
}

int ctr_load(struct runtime *rt, const char *id, struct ctr **out, struct err *err)
{
	auto_free char *path = str_printf("%s/containers/%s/meta.json", rt->root_dir, id);
	json_t *o = NULL;
	int r = load(path, &o, err);
	if (r < 0)
		return r;
	auto_free char *uid = text_of(o, "pod");
	if (!uid || strchr(uid, '/')) {
		json_decref(o);
		return err_set(err, ERR_INVALID, "%s names no pod", path);
	}
	struct sandbox *s = sandbox_find(rt, uid);
	struct ctr *c = ctr_alloc(s ? s : sandbox_new(rt, uid), id);
	ctr_link(c);
	c->name = text_of(o, "name");
	c->image = text_of(o, "image");
	c->image_ref = text_of(o, "imageRef");
	c->log_path = text_of(o, "log");
	c->cgroup_path = text_of(o, "cgroup");
	c->attempt = (int)number_of(o, "attempt");
	c->stop_signal = (int)number_of(o, "stopSignal");
	c->tty = number_of(o, "tty") != 0;
	c->stdin_open = number_of(o, "stdin") != 0;
	c->stdin_once = number_of(o, "stdinOnce") != 0;
	c->created_us = number_of(o, "created");
	c->user = user_of(o);
	json_decref(o);
	if (!c->name)
		c->name = str_dup(STR("unknown"));
	*out = c;
	return 0;
}

bool ctr_apply(struct ctr *c, const struct shim_message *m)
{
	bool exited = message_i64(m, 3) != 0;
	if (c->state == CONTAINER_EXITED)
		return false;
	c->pid = (int)message_i64(m, 2);
	c->started_us = message_i64(m, 7);
	c->state = CONTAINER_RUNNING;
	if (!exited)
		return false;
	c->state = CONTAINER_EXITED;
	c->exit_code = (int)message_i64(m, 4);
	c->signal = (int)message_i64(m, 5);
	c->oom_killed = message_i64(m, 6) != 0;
	c->finished_us = message_i64(m, 8);
	return true;
}

bool ctr_read_state(struct ctr *c)
{
	auto_free char *path = str_printf("%s/state", c->dir);
	auto_buf text = { 0 };
	struct shim_message m;
	struct str rest, line;
	if (file_read(path, META_MAX, &text, NULL) < 0 || !text.n)
		return false;
	rest = buf_view(&text);
	m.nwords = 2; /* as in the message: state ID PID … */
	m.words[0] = m.words[1] = "";
	while (m.nwords < SHIM_WORDS_MAX && str_next(&rest, '\n', &line)) {
		text.p[line.p - text.p + (ptrdiff_t)line.n] = '\0';
		m.words[m.nwords++] = line.p;
	}
	ctr_apply(c, &m);
	return true;
}

void ctr_status(const struct ctr *c, struct container_status *out)
{
	*out = (struct container_status){
		.pod_uid = c->sandbox->uid,
		.name = c->name,
		.attempt = c->attempt,
		.image = c->image,
		.image_ref = c->image_ref,
		.state = c->state,
		.created_us = c->created_us,
		.started_us = c->started_us,
		.finished_us = c->finished_us,
		.exit_code = c->exit_code,
		.signal = c->signal,
		.oom_killed = c->oom_killed,
		.log_path = c->log_path,
		.user = c->user,
		.pid = c->pid,
	};
	memcpy(out->id, c->id, sizeof(out->id));
}

void ctr_exited(struct ctr *c, bool tell)
{
	struct runtime *rt = c->sandbox->rt;
	execs_end(c);
	while (!list_empty(&c->waiters)) {
		struct exit_waiter *w = LIST_ITEM(c->waiters.next, struct exit_waiter, link);
		list_del(&w->link);
		w->fn(w, false);
	}
	if (tell && rt->on_exit)
		rt->on_exit(rt->ctx, c->sandbox->uid, c->id);
}
