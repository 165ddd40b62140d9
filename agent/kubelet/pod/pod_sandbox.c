/* SPDX-License-Identifier: Apache-2.0 */
/* Start:  plan volumes (loop) → directories, files, network, volumes (worker) → sandbox (runtime) → ready.
 * End:    sandbox (runtime) → network, directories (worker) → removed. */
#include "agent/kubelet/pod/pod.h"

#include <netinet/in.h>
#include <stdio.h>

#include "agent/kubelet/pod/dns.h"
#include "agent/kubelet/pod/qos.h"
#include "agent/runtime/image_volume.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define RETRY_FIRST_US 1000000ll
#define RETRY_MAX_US   60000000ll
#define TEXT_MAX       (1u << 20)

struct setup { /* all memory in the arena, so that the worker touches nothing of the pod */
	struct arena arena;
	struct pod *pod;
	const struct kubelet *k; /* constant parts only */
	struct pod_source source;
	struct volume_list volumes;
	struct pod_dirs dirs;
	const char *uid, *log_dir;
	struct network_port *ports;
	size_t nports;
	char host_name[64], kernel_name[65];
	bool volumes_only;
	struct network_pod network; /* out */
	struct err err;             /* out */
};

static void setup_free(struct setup *s)
{
	err_clear(&s->err);
	arena_free(&s->arena);
	free(s);
}

static void retry_later(struct pod *p)
{
	p->sandbox_backoff_us = p->sandbox_backoff_us ? p->sandbox_backoff_us * 2 : RETRY_FIRST_US;
	if (p->sandbox_backoff_us > RETRY_MAX_US)
		p->sandbox_backoff_us = RETRY_MAX_US;
	p->sandbox_retry_us = clock_wall_us(p->k->clock) + p->sandbox_backoff_us;
}

/* --- on a worker --- */

static int write_text(const char *dir, const char *name, const struct buf *text, struct err *err)
{
	auto_free char *path = str_printf("%s/%s", dir, name);
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	return fd_write_all(fd, text->p ? text->p : "", text->n, err);
}

static void read_host(const char *path, struct buf *out)
{
	if (file_read(path, TEXT_MAX, out, NULL) < 0)
		buf_reset(out);
}

/* Empty lists of addresses of a pod in its own network are filled in by make_network() before this. */
static int write_etc(struct setup *s, struct err *err)
{
	auto_buf resolv = { 0 }, hosts = { 0 }, name = { 0 }, host_resolv = { 0 },
		 host_hosts = { 0 };
	const char *ips[3] = { NULL };
	const struct kubelet_config *c = &s->k->config;
	read_host("/etc/resolv.conf", &host_resolv);
	read_host("/etc/hosts", &host_hosts);
	for (int i = 0; i < s->network.nips; i++)
		ips[i] = s->network.ips[i];
	struct dns_node node = { c->cluster_dns, c->cluster_domain, buf_view(&host_resolv) };
	dns_resolv_conf(&node, s->source.fields.pod, &resolv);
	dns_hosts(s->source.fields.pod, ips, s->host_name, c->cluster_domain, buf_view(&host_hosts),
		  &hosts);
	buf_printf(&name, "%s\n", s->kernel_name);
	int r = write_text(s->dirs.data, "resolv.conf", &resolv, err);
	if (r == 0)
		r = write_text(s->dirs.data, "hosts", &hosts, err);
	return r < 0 ? r : write_text(s->dirs.data, "hostname", &name, err);
}

static int lay_volumes(struct setup *s, struct err *err)
{
	for (size_t i = 0; i < s->volumes.n; i++) {
		int r = volume_lay(&s->volumes.items[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_dirs(struct setup *s, struct err *err)
{
	int r = dir_make(s->dirs.data, 0750, err);
	if (r == 0)
		r = dir_make(s->dirs.run, 0750, err);
	return r < 0 ? r : dir_make(s->log_dir, 0755, err);
}

static void setup_work(void *ctx)
{
	struct setup *s = ctx;
	int r = lay_volumes(s, &s->err);
	if (r < 0 || s->volumes_only)
		return;
	const struct core_v1_pod_spec *spec = &s->source.fields.pod->spec;
	if (spec->host_users &&
	    !*spec->host_users) /* better not at all than as the host's own users */
		r = err_set(&s->err, ERR_INVALID,
			    "can't set `spec.hostUsers: false`, runtime does not support user "
			    "namespaces");
	if (r == 0)
		r = dns_kernel_name(s->source.fields.pod, s->host_name, s->k->config.cluster_domain,
				    s->kernel_name, &s->err);
	if (r == 0)
		r = make_dirs(s, &s->err);
	if (r == 0 && !spec->host_network)
		r = network_pod_add(s->k->network, s->uid, s->ports, s->nports, &s->network,
				    &s->err);
	if (r == 0)
		write_etc(s, &s->err);
}

/* --- on the loop --- */

static void collect_ports(struct setup *s, const struct core_v1_container *c)
{
	for (size_t i = 0; i < c->ports.n; i++) {
		const struct core_v1_container_port *p = &c->ports.items[i];
		if (!p->host_port)
			continue;
		s->ports[s->nports++] = (struct network_port){
			.host_ip = p->host_ip.n ? p->host_ip.p : NULL,
			.host_port = p->host_port,
			.container_port = p->container_port,
			.protocol = str_eqz(p->protocol, "UDP")    ? IPPROTO_UDP
				    : str_eqz(p->protocol, "SCTP") ? IPPROTO_SCTP
								   : IPPROTO_TCP,
		};
	}
}

static void plan_ports(struct setup *s)
{
	const struct core_v1_pod_spec *spec = &s->source.fields.pod->spec;
	size_t n = 0;
	for (size_t i = 0; i < spec->containers.n; i++)
		n += spec->containers.items[i].ports.n;
	for (size_t i = 0; i < spec->init_containers.n; i++)
		n += spec->init_containers.items[i].ports.n;
	s->ports = ARENA_ARRAY(&s->arena, struct network_port, n + 1);
	for (size_t i = 0; i < spec->containers.n; i++)
		collect_ports(s, &spec->containers.items[i]);
	for (size_t i = 0; i < spec->init_containers.n; i++)
		collect_ports(s, &spec->init_containers.items[i]);
}

static struct setup *setup_new(struct pod *p, struct err *err)
{
	struct setup *s = NEW(struct setup);
	s->pod = p;
	s->k = p->k;
	s->dirs.data = arena_strdup(&s->arena, str_from(p->dirs.data));
	s->dirs.run = arena_strdup(&s->arena, str_from(p->dirs.run));
	s->uid = arena_strdup(&s->arena, str_from(p->uid));
	s->log_dir = arena_strdup(&s->arena, str_from(p->log_dir));
	s->network = p->network;
	pod_source(p, &s->arena, &s->source);
	dns_host_name(s->source.fields.pod, p->k->config.node_name, s->host_name);
	plan_ports(s);
	if (volumes_plan(&s->source, &s->dirs, &s->arena, &s->volumes, err) == 0)
		return s;
	setup_free(s);
	return NULL;
}

static void sandbox_failed(struct pod *p, const struct err *err)
{
	pod_event(p, NULL, true, "FailedCreatePodSandBox", "Failed to create pod sandbox: %s",
		  err_text(err));
	p->sandbox = SANDBOX_NONE;
	retry_later(p);
}

static void on_sandbox(void *ctx, const struct err *err)
{
	struct pod *p = ctx;
	if (err) {
		sandbox_failed(p, err);
	} else {
		p->sandbox = SANDBOX_READY;
		p->sandbox_backoff_us = 0;
	}
	pod_unhold(p);
}

static const char *const *sysctls_of(const struct core_v1_pod_spec *spec, struct arena *a)
{
	size_t n = spec->security_context ? spec->security_context->sysctls.n : 0;
	const char **out = ARENA_ARRAY(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = arena_printf(a, "%.*s=%.*s",
				      STR_ARG(spec->security_context->sysctls.items[i].name),
				      STR_ARG(spec->security_context->sysctls.items[i].value));
	return out;
}

static void start_runtime(struct pod *p, struct setup *s)
{
	const struct core_v1_pod_spec *spec = &s->source.fields.pod->spec;
	struct sandbox_spec sandbox = {
		.pod_uid = s->uid,
		.pod_name = p->name,
		.pod_ns = p->ns,
		.hostname = spec->host_network ? NULL : s->kernel_name,
		.log_dir = s->log_dir,
		.netns_path = spec->host_network ? NULL : s->network.netns_path,
		.host_pid = spec->host_pid,
		.host_ipc = spec->host_ipc,
		.share_pid = spec->share_process_namespace && *spec->share_process_namespace,
		.sysctls = sysctls_of(spec, &s->arena),
		.cgroup_path = qos_cgroup(&s->arena, s->source.fields.pod),
	};
	qos_pod_resources(spec, &sandbox.resources);
	pod_resize_started(p, spec, &sandbox.resources);
	pod_hold(p);
	runtime_sandbox_start(p->k->runtime, &sandbox, on_sandbox, p);
}

static void setup_done(void *ctx)
{
	struct setup *s = ctx;
	struct pod *p = s->pod;
	if (s->err.reason != ERR_NONE) {
		bool mount = strstr(err_text(&s->err), "MountVolume") != NULL;
		if (mount)
			pod_event(p, NULL, true, "FailedMount", "%s", err_text(&s->err));
		else
			sandbox_failed(p, &s->err);
		p->sandbox = SANDBOX_NONE;
		if (mount)
			retry_later(p);
	} else {
		p->network = s->network;
		p->volumes_ready = true;
		start_runtime(p, s);
	}
	setup_free(s);
	pod_unhold(p);
}

/* What is missing will come as a change of a source or a token; only the complaint is ours. */
static void volumes_missing(struct pod *p, const struct err *err)
{
	if (err->reason != ERR_UNAVAILABLE)
		pod_event(p, NULL, true, "FailedMount", "%s", err_text(err));
	p->sandbox_retry_us = clock_wall_us(p->k->clock) + RETRY_MAX_US;
}

void pod_sandbox_start(struct pod *p)
{
	auto_err err = { 0 };
	struct setup *s = setup_new(p, &err);
	if (!s) {
		volumes_missing(p, &err);
		return;
	}
	p->sandbox = SANDBOX_STARTING;
	p->sandbox_tried = true;
	p->volumes_dirty = false;
	pod_hold(p);
	loop_work(p->k->loop, setup_work, setup_done, s);
}

/* --- later changes of what volumes are made of --- */

static void refresh_done(void *ctx)
{
	struct setup *s = ctx;
	struct pod *p = s->pod;
	p->volumes_busy = false;
	p->volumes_ready = true;
	if (s->err.reason != ERR_NONE)
		pod_event(p, NULL, true, "FailedMount", "%s", err_text(&s->err));
	setup_free(s);
	pod_unhold(p);
}

void pod_volumes_refresh(struct pod *p)
{
	auto_err err = { 0 };
	p->volumes_dirty = false;
	struct setup *s = setup_new(p, &err);
	if (!s) { /* what is there stays as it is */
		if (p->volumes_ready || err.reason != ERR_UNAVAILABLE)
			p->volumes_ready = true;
		return;
	}
	s->volumes_only = true;
	p->volumes_busy = true;
	pod_hold(p);
	loop_work(p->k->loop, setup_work, refresh_done, s);
}

/* --- the end --- */

struct teardown {
	struct pod *pod;
	struct network *network;
	struct image_store *images;
	struct pod_dirs dirs; /* the pod's own: it stays as long as this is pending */
	const char *uid;
	bool keep_dirs;
	struct err err;
};

static void teardown_work(void *ctx)
{
	struct teardown *t = ctx;
	if (network_pod_remove(t->network, t->uid, &t->err) < 0)
		return;
	if (!t->keep_dirs)
		pod_dirs_remove(&t->dirs, &t->err); /* logs stay until the pod's object is gone */
	if (!t->keep_dirs)
		image_volumes_release(t->images, t->uid);
}

static void teardown_done(void *ctx)
{
	struct teardown *t = ctx;
	struct pod *p = t->pod;
	if (t->err.reason != ERR_NONE)
		log_warn("something of a pod is left", LOG_S("pod", p->name),
			 LOG_S("error", err_text(&t->err)));
	p->sandbox = p->sandbox_lost ? SANDBOX_NONE : SANDBOX_REMOVED;
	p->sandbox_lost = false;
	err_clear(&t->err);
	free(t);
	pod_unhold(p);
}

static void on_sandbox_removed(void *ctx, const struct err *err)
{
	struct pod *p = ctx;
	if (err)
		log_warn("a sandbox was not removed cleanly", LOG_S("pod", p->name),
			 LOG_S("error", err_text(err)));
	struct teardown *t = NEW(struct teardown);
	t->pod = p;
	t->network = p->k->network;
	t->images = p->k->images;
	t->dirs = p->dirs;
	t->uid = p->uid;
	t->keep_dirs = p->sandbox_lost;
	loop_work(p->k->loop, teardown_work, teardown_done,
		  t); /* the hold of the removal goes on */
}

void pod_sandbox_remove(struct pod *p)
{
	p->sandbox = SANDBOX_REMOVING;
	pod_hold(p);
	runtime_sandbox_remove(p->k->runtime, p->uid, on_sandbox_removed, p);
}

void pod_sandbox_lost(struct pod *p)
{
	struct container_status s;
	if (p->sandbox != SANDBOX_READY)
		return;
	for (size_t i = 0; i < p->ncontainers; i++) {
		struct pod_container *c = p->containers[i];
		bool was = c->life == LIFE_RUNNING || c->life == LIFE_STOPPING ||
			   c->life == LIFE_STARTING;
		if (was && runtime_container_status(p->k->runtime, c->id, &s) &&
		    s.state == CONTAINER_EXITED)
			pod_container_ended(c, &s, NULL, NULL);
	}
	pod_event(p, NULL, false, "SandboxChanged",
		  "Pod sandbox changed, it will be killed and re-created.");
	p->sandbox_lost = !pod_is_terminating(p);
	p->volumes_ready = false;
	pod_sandbox_remove(p);
}
