/* SPDX-License-Identifier: Apache-2.0 */
/* allinone token create|list|delete: bootstrap tokens, kept as Secrets in kube-system. On the server's machine, as its administrator:
 * it uses what lies in DATADIR/server. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/join/token.h"
#include "api/object/meta.h"
#include "api/values/duration.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "client/remote.h"
#include "cmd/agent_options.h"
#include "cmd/command.h"
#include "cmd/words.h"
#include "generated/api_tables.h"

#define FILE_MAX     (1u << 20)
#define ID_BYTES     6
#define SECRET_BYTES 16
#define NAMESPACE    "kube-system"
#define NAME_PREFIX  "bootstrap-token-"
#define GROUP        "system:bootstrappers:allinone:default-node-token"
#define SECRET_TYPE  "bootstrap.kubernetes.io/token"

struct token_options {
	const char *data_dir, *ttl, *description;
};
static const struct flag token_flags[] = {
	{ "data-dir", "DIR", FLAG_STRING, offsetof(struct token_options, data_dir),
	  "/var/lib/allinone", "where the server keeps its data" },
	{ "ttl", "DURATION", FLAG_STRING, offsetof(struct token_options, ttl), "24h",
	  "how long a new token is good for; 0: for ever" },
	{ "description", "TEXT", FLAG_STRING, offsetof(struct token_options, description), NULL,
	  "what a new token is for" },
};
static const struct flag_table token_table = { "token", token_flags, COUNT_OF(token_flags), NULL };

struct session { /* one request and its answer */
	struct loop loop;
	struct client *client;
	struct buf ca, answer;
	struct err err;
};

static int read_server_file(const struct token_options *o, const char *name, struct buf *out,
			    struct err *err)
{
	auto_free char *path = str_printf("%s/server/%s", o->data_dir, name);
	int r = file_read(path, FILE_MAX, out, err);
	if (r == -ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND,
			       "no server has run on %s; tokens are made on the server's machine "
			       "(--data-dir names its directory)",
			       o->data_dir);
	return r;
}

/* Where the server listens, out of its own kubeconfig. */
static int find_port(const struct token_options *o, char **host, int *port, struct err *err)
{
	auto_buf text = { 0 };
	struct str rest, line;
	int r = read_server_file(o, "cred/admin.kubeconfig", &text, err);
	if (r < 0)
		return r;
	for (rest = buf_view(&text); rest.n && str_next(&rest, '\n', &line);) {
		line = str_trim(line);
		if (!str_cut_prefix(&line, STR("server:")))
			continue;
		auto_free char *url = str_dup(str_trim(line));
		return server_url_parse(url, host, port, err);
	}
	return err_set(err, ERR_INTERNAL, "the administrator's kubeconfig names no server");
}

static int session_open(struct session *s, const struct token_options *o, struct err *err)
{
	auto_buf cert = { 0 }, key = { 0 };
	auto_free char *host = NULL;
	int port, r;
	if ((r = find_port(o, &host, &port, err)) < 0 ||
	    (r = read_server_file(o, "tls/server-ca.crt", &s->ca, err)) < 0 ||
	    (r = read_server_file(o, "tls/client-admin.crt", &cert, err)) < 0 ||
	    (r = read_server_file(o, "tls/client-admin.key", &key, err)) < 0 ||
	    (r = loop_init(&s->loop, "token", err)) < 0)
		return r;
	const struct remote_config c = { .loop = &s->loop,
					 .host = host,
					 .port = port,
					 .ca_pem = buf_view(&s->ca),
					 .cert_pem = buf_view(&cert),
					 .key_pem = buf_view(&key),
					 .user = "system:admin",
					 .agent = "allinone" };
	return remote_client_new(&c, &s->client, err);
}

static void on_answer(void *ctx, const struct client_result *r)
{
	struct session *s = ctx;
	if (r->err)
		err_copy(&s->err, r->err);
	buf_str(&s->answer, r->body);
	loop_stop(&s->loop);
}

static int ask(struct session *s, struct client_call call, struct err *err)
{
	call.resource = API_CORE_V1_SECRETS;
	call.ns = STR(NAMESPACE);
	call.done = on_answer;
	call.ctx = s;
	client_do(s->client, &call);
	loop_run(&s->loop);
	if (!s->err.reason)
		return 0;
	int r = -(int)s->err.reason;
	err_move(err, &s->err);
	return r;
}

/* --- create --- */

static void random_text(char *out, size_t n)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	for (size_t i = 0; i < n; i++)
		out[i] = set[rand_u64() % (sizeof(set) - 1)];
	out[n] = '\0';
}

static int life_read(const char *text, int64_t *seconds, struct err *err)
{
	int64_t ns = 0;
	*seconds = 0;
	if (!strcmp(text, "0"))
		return 0;
	if (!duration_parse(str_from(text), &ns) || ns < 1000000000)
		return err_set(err, ERR_BAD_REQUEST,
			       "--ttl: \"%s\" is not a duration such as 24h or 30m", text);
	*seconds = ns / 1000000000;
	return 0;
}

static void write_secret(const struct token_options *o, const char *id, const char *secret,
			 int64_t life_s, struct buf *out)
{
	char end[TIME_TEXT_MAX];
	buf_printf(
		out,
		"{\"metadata\":{\"name\":\"" NAME_PREFIX "%s\"},\"type\":\"" SECRET_TYPE "\","
		"\"stringData\":{\"token-id\":\"%s\",\"token-secret\":\"%s\","
		"\"usage-bootstrap-authentication\":\"true\",\"usage-bootstrap-signing\":\"true\","
		"\"auth-extra-groups\":\"" GROUP "\"",
		id, id, secret);
	if (life_s) {
		time_format(clock_wall_s(clock_real()) + life_s, end);
		buf_printf(out, ",\"expiration\":\"%s\"", end);
	}
	if (o->description) {
		buf_puts(out, ",\"description\":");
		buf_json_string(out, str_from(o->description));
	}
	buf_puts(out, "}}");
}

static int do_create(struct session *s, const struct token_options *o, struct err *err)
{
	char id[ID_BYTES + 1], secret[SECRET_BYTES + 1];
	auto_buf body = { 0 }, bearer = { 0 }, token = { 0 };
	int64_t life_s;
	int r = life_read(o->ttl, &life_s, err);
	if (r < 0)
		return r;
	random_text(id, ID_BYTES);
	random_text(secret, SECRET_BYTES);
	write_secret(o, id, secret, life_s, &body);
	r = ask(s, (struct client_call){ .verb = API_CREATE, .body = buf_view(&body) }, err);
	if (r < 0)
		return r;
	buf_printf(&bearer, "%s.%s", id, secret);
	join_token_write(buf_view(&s->ca), buf_view(&bearer), &token);
	puts(token.p);
	return 0;
}

/* --- list, delete --- */

static void field(const json_t *secret, const char *name, struct buf *out)
{
	buf_reset(out);
	base64_decode(out, tree_get_str(secret, "data", name, NULL));
	buf_puts(out, "");
}

static void print_token(const json_t *secret)
{
	auto_buf id = { 0 }, end = { 0 }, about = { 0 };
	field(secret, "token-id", &id);
	field(secret, "expiration", &end);
	field(secret, "description", &about);
	printf("%-8s  %-25s  %s\n", id.p, end.n ? end.p : "never", about.n ? about.p : "<none>");
}

static int do_list(struct session *s, struct err *err)
{
	int r = ask(s,
		    (struct client_call){ .verb = API_LIST_VERB,
					  .query = STR("fieldSelector=type%3D" SECRET_TYPE) },
		    err);
	if (r < 0)
		return r;
	json_t *tree = json_loadb(s->answer.p, s->answer.n, 0, NULL), *items, *one;
	size_t i;
	printf("%-8s  %-25s  %s\n", "ID", "EXPIRES", "DESCRIPTION");
	items = json_object_get(tree, "items");
	json_array_foreach (items, i, one)
		print_token(one);
	json_decref(tree);
	return 0;
}

/* By its id, or as a whole. */
static int do_delete(struct session *s, const char *what, struct err *err)
{
	struct join_token token;
	struct str id = str_from(what);
	if (join_token_parse(id, &token, NULL) == 0)
		id = str_from(token.bearer);
	id.n = str_find(id, '.');
	auto_free char *name = str_printf(NAME_PREFIX "%.*s", STR_ARG(id));
	int r = ask(s, (struct client_call){ .verb = API_DELETE, .name = str_from(name) }, err);
	if (r == -ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "there is no token \"%.*s\"", STR_ARG(id));
	if (r == 0)
		printf("token \"%.*s\" deleted\n", STR_ARG(id));
	return r;
}

/* --- the command --- */

static int usage(void)
{
	auto_buf help = { 0 };
	flags_help(&token_table, &help);
	fprintf(stderr, "Usage: allinone token create | list | delete ID\n\n%s", help.p);
	return 2;
}

static int act(struct session *s, const char *verb, const char *what, const struct token_options *o,
	       struct err *err)
{
	int r = session_open(s, o, err);
	if (r < 0)
		return r;
	if (!strcmp(verb, "create"))
		return do_create(s, o, err);
	if (!strcmp(verb, "list"))
		return do_list(s, err);
	return do_delete(s, what, err);
}

static bool is_known(const char *verb, const char *what)
{
	if (!verb)
		return false;
	return !strcmp(verb, "delete")
		       ? what != NULL
		       : !what && (!strcmp(verb, "create") || !strcmp(verb, "list"));
}

int command_token(int argc, char **argv)
{
	struct token_options o = { 0 };
	struct session s = { 0 };
	auto_err err = { 0 };
	char *words[2] = { NULL, NULL };
	auto_free char **flags = mem_zalloc(((size_t)argc + 1) * sizeof(*flags));
	int nflags = words_split(argc, argv, words, flags);
	if (nflags >= 0 && !words[0] && nflags > 1)
		return flags_parse(&token_table, nflags, flags, &o, &err) > 0 ? 0 : usage();
	if (nflags < 0 || !is_known(words[0], words[1]))
		return usage();
	int r = flags_parse(&token_table, nflags, flags, &o, &err);
	if (r > 0)
		return 0;
	if (r == 0)
		r = act(&s, words[0], words[1], &o, &err);
	return r < 0 ? command_fail(&err)
		     : 0; /* the process ends: the system takes back what it holds */
}
