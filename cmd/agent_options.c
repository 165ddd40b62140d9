/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/agent_options.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define API_PORT  6443
#define TOKEN_MAX 4096

#define OPT(member) offsetof(struct agent_options, member)

static const struct flag flags[] = {
	{ "join", "URL", FLAG_STRING, OPT(join), NULL, "the server's API: https://SERVER:6443" },
	{ "server", "URL", FLAG_STRING, OPT(server), NULL, "the same as --join" },
	{ "token", "TOKEN", FLAG_STRING, OPT(token), NULL,
	  "token of \"allinone token create\"; better in the environment (ALLINONE_TOKEN) or in a "
	  "file" },
	{ "token-file", "FILE", FLAG_STRING, OPT(token_file), NULL, "file that holds the token" },
	NODE_FLAGS(OPT(node)),
};
const struct flag_table agent_flag_table = { "agent", flags, COUNT_OF(flags),
					     "/etc/allinone/config.yaml" };

static int bad_url(const char *url, struct err *err)
{
	return err_set(err, ERR_BAD_REQUEST,
		       "--join: \"%s\" is not a server's URL such as https://10.0.0.1:6443", url);
}

int server_url_parse(const char *url, char **host, int *port, struct err *err)
{
	struct str rest = str_from(url), name;
	uint64_t number = API_PORT;
	str_cut_prefix(&rest, STR("https://"));
	while (str_ends(rest, STR("/")))
		rest.n--;
	bool bracket = str_cut_prefix(&rest, STR("["));
	size_t end = bracket ? str_find(rest, ']') : str_rfind(rest, ':');
	if (!bracket && end < rest.n && str_find(rest, ':') != end)
		end = rest.n; /* a bare IPv6 address */
	if (bracket && end == rest.n)
		return bad_url(url, err);
	name = str_of(rest.p, end);
	rest = end < rest.n ? str_of(rest.p + end + bracket, rest.n - end - bracket) : STR("");
	if (rest.n && (!str_cut_prefix(&rest, STR(":")) || !str_to_u64(rest, &number)))
		return bad_url(url, err);
	if (!name.n || str_contains(name, STR("/")) || number < 1 || number > 65535)
		return bad_url(url, err);
	*host = str_dup(name);
	*port = (int)number;
	return 0;
}

int agent_options_check(struct agent_options *o, struct err *err)
{
	int r = node_options_check(&o->node, err);
	const char *url = o->join ? o->join : o->server;
	if (r < 0)
		return r;
	if (!url)
		return err_set(err, ERR_BAD_REQUEST,
			       "which cluster? give the server's URL: --join https://SERVER:6443");
	if (o->join && o->server && strcmp(o->join, o->server) != 0)
		return err_set(err, ERR_BAD_REQUEST,
			       "--join and --server name two different servers");
	return server_url_parse(url, &o->host, &o->port, err);
}

int agent_options_token(const struct agent_options *o, char **out, struct err *err)
{
	auto_buf text = { 0 };
	*out = NULL;
	if (o->token && *o->token) {
		*out = str_dup(str_from(o->token));
		return 0;
	}
	if (!o->token_file)
		return 0;
	int r = file_read(o->token_file, TOKEN_MAX, &text, err);
	if (r < 0)
		return err_wrap(err, r, "--token-file");
	*out = str_dup(str_trim(buf_view(&text)));
	explicit_bzero(text.p, text.n);
	return 0;
}
