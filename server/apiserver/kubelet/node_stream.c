/* SPDX-License-Identifier: Apache-2.0 */
/* Logs, exec, attach, port-forward: the request goes on to the kubelet of the pod's node as it came, with
 * its query turned into the kubelet's words. Follows upstream's registry/core/pod/strategy.go (LogLocation, ExecLocation, …). */
#include "api/object/meta.h"
#include "server/apiserver/kubelet/kubelet_link.h"
#include "server/apiserver/kubelet/passage.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/pages/log_options.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/subresources.h"

static void percent_encode(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || strchr("-_.~", c);
		if (plain && c) {
			buf_putc(out, (char)c);
		} else {
			buf_putc(out, '%');
			buf_putc(out, hex[c >> 4]);
			buf_putc(out, hex[c & 15]);
		}
	}
}

struct translation {
	const char *from, *to;
	bool boolean; /* "true" becomes "1", all else is left out */
};
static const struct translation exec_words[] = {
	{ "stdin", "input", true }, { "stdout", "output", true },    { "stderr", "error", true },
	{ "tty", "tty", true },     { "command", "command", false },
};
static const struct translation forward_words[] = { { "ports", "port", false },
						    { "port", "port", false } };

struct rewrite {
	const struct translation *words;
	size_t nwords;
	struct buf out;
};

static void rewrite_pair(void *ctx, struct str key, struct str value)
{
	struct rewrite *w = ctx;
	for (size_t i = 0; i < w->nwords; i++) {
		const struct translation *t = &w->words[i];
		if (!str_eqz(key, t->from))
			continue;
		if (t->boolean && !str_eqz(value, "true") && !str_eqz(value, "1"))
			return;
		buf_printf(&w->out, "%c%s=", w->out.n ? '&' : '?', t->to);
		percent_encode(&w->out, t->boolean ? STR("1") : value);
		return;
	}
}

static void names_list(const json_t *containers, struct buf *out)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < json_array_size(containers); i++)
		buf_printf(out, "%s%.*s", i ? " " : "",
			   STR_ARG(tree_get_str(json_array_get(containers, i), "name", NULL)));
	buf_putc(out, ']');
}

static bool has_container(const json_t *spec, struct str name)
{
	static const char *const lists[] = { "containers", "initContainers",
					     "ephemeralContainers" };
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		const json_t *list = json_object_get(spec, lists[l]);
		for (size_t i = 0; i < json_array_size(list); i++)
			if (str_eq(tree_get_str(json_array_get(list, i), "name", NULL), name))
				return true;
	}
	return false;
}

static int container_find(struct api_request *r, const json_t *pod, struct str *out,
			  struct err *err)
{
	const json_t *spec = json_object_get(pod, "spec"),
		     *containers = json_object_get(spec, "containers");
	struct str asked = query_get(&r->arena, r->query, "container");
	if (asked.n) {
		*out = asked;
		if (has_container(spec, asked))
			return 0;
		return err_set(err, ERR_BAD_REQUEST, "container %.*s is not valid for pod %.*s",
			       STR_ARG(asked), STR_ARG(r->name));
	}
	if (json_array_size(containers) == 1) {
		*out = arena_str(&r->arena,
				 tree_get_str(json_array_get(containers, 0), "name", NULL));
		return 0;
	}
	auto_buf names = { 0 }, inits = { 0 };
	names_list(containers, &names);
	if (json_array_size(json_object_get(spec, "initContainers"))) {
		names_list(json_object_get(spec, "initContainers"), &inits);
		return err_set(err, ERR_BAD_REQUEST,
			       "a container name must be specified for pod %.*s, choose one of: %s "
			       "or one of the init containers: %s",
			       STR_ARG(r->name), names.p, inits.p);
	}
	return err_set(err, ERR_BAD_REQUEST,
		       "a container name must be specified for pod %.*s, choose one of: %s",
		       STR_ARG(r->name), names.p);
}

struct stream_kind {
	const char *path; /* of the kubelet */
	const struct translation *words;
	size_t nwords;
	bool container;
};
static const struct stream_kind log_kind = { "containerLogs", NULL, 0, true };
static const struct stream_kind exec_kind = { "exec", exec_words, COUNT_OF(exec_words), true };
static const struct stream_kind attach_kind = { "attach", exec_words, COUNT_OF(exec_words) - 1,
						true };
static const struct stream_kind forward_kind = { "portForward", forward_words,
						 COUNT_OF(forward_words), false };

static int stream_locate(struct api_request *r, const struct stream_kind *k, const json_t *pod,
			 struct str query, struct passage *p, struct err *err)
{
	struct str container = { 0 }, node = tree_get_str(pod, "spec", "nodeName", NULL);
	struct kubelet_address at;
	int e = k->container ? container_find(r, pod, &container, err) : 0;
	if (e == 0 && node.n == 0)
		return err_set(err, ERR_BAD_REQUEST, "pod %.*s does not have a host assigned",
			       STR_ARG(r->name));
	if (e == 0)
		e = kubelet_find(r->server, node, &r->arena, &at, err);
	if (e < 0)
		return e;
	p->target = str_from(arena_printf(&r->arena, "/%s/%.*s/%.*s%s%.*s%.*s", k->path,
					  STR_ARG(r->ns), STR_ARG(r->name), container.n ? "/" : "",
					  STR_ARG(container), STR_ARG(query)));
	p->tls = at.tls;
	p->host = at.host;
	p->port = at.port;
	return 0;
}

static struct str stream_query(struct api_request *r, const struct stream_kind *k)
{
	struct rewrite w = { k->words, k->nwords, { 0 } };
	query_each(&r->arena, r->query, rewrite_pair, &w);
	struct str query = arena_str(&r->arena, buf_view(&w.out));
	buf_free(&w.out);
	return query;
}

static void stream_open(struct api_request *r, const struct stream_kind *k, struct str query)
{
	auto_err err = { 0 };
	struct passage p = { 0 };
	struct object *o = lookup_target(r, &err);
	json_t *pod = o ? object_tree(o, &err) : NULL;
	bool waiting = pod && k == &log_kind && tree_get_str(pod, "spec", "nodeName", NULL).n == 0;
	object_unref(o);
	if (waiting && container_find(r, pod, &p.prefix, &err) == 0) {
		respond_chunks(r, 204, NULL, NULL, 0, NULL, 0); /* nobody runs it yet */
	} else if (!pod || err.reason || stream_locate(r, k, pod, query, &p, &err) < 0) {
		respond_err(r, &err);
	} else {
		p.prefix = (struct str){ 0 };
		passage_open(r, &p);
	}
	json_decref(pod);
}

void sub_pod_log(struct api_request *r)
{
	auto_err err = { 0 };
	struct log_options o;
	int e = log_options_read(&r->arena, r->query, r->name, &o, &err);
	if (e == -ERR_INVALID)
		request_about(r, "", "PodLogOptions", r->name);
	if (e < 0)
		respond_err(r, &err);
	else
		stream_open(r, &log_kind, log_options_query(&r->arena, &o));
}

void sub_pod_exec(struct api_request *r)
{
	stream_open(r, &exec_kind, stream_query(r, &exec_kind));
}

void sub_pod_attach(struct api_request *r)
{
	stream_open(r, &attach_kind, stream_query(r, &attach_kind));
}

void sub_pod_port_forward(struct api_request *r)
{
	stream_open(r, &forward_kind, stream_query(r, &forward_kind));
}
