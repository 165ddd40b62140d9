/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dns/resolv.h"

#include <uv.h>

#include "base/file.h"
#include "base/mem.h"

#define LOOK_MS   5000
#define BYTES_MAX (1u << 16)
#define DNS_PORT  53

void resolv_init(struct resolv *r, const char *path, int port)
{
	*r = (struct resolv){ .path = str_dup(str_from(path)), .port = port ? port : DNS_PORT };
}

void resolv_free(struct resolv *r)
{
	free(r->path);
}

static bool is_own(struct str address, const char *const *own)
{
	for (; *own; own++)
		if (str_eqz(address, *own))
			return true;
	return false;
}

static void add_server(struct resolv *r, struct str address, const char *const *own)
{
	char text[64];
	struct sockaddr_storage *to = &r->servers[r->n];
	if (r->n == RESOLV_SERVERS_MAX || address.n >= sizeof(text) || is_own(address, own))
		return;
	memcpy(text, address.p, address.n);
	text[address.n] = '\0';
	if (uv_ip4_addr(text, r->port, (struct sockaddr_in *)to) == 0 ||
	    uv_ip6_addr(text, r->port, (struct sockaddr_in6 *)to) == 0)
		r->n++;
}

void resolv_parse(struct resolv *r, struct str text, const char *const *own)
{
	struct str line;
	r->n = 0;
	while (str_next(&text, '\n', &line)) {
		line = str_trim(line);
		if (!str_cut_prefix(&line, STR("nameserver")) || !line.n ||
		    (line.p[0] != ' ' && line.p[0] != '\t'))
			continue;
		line = str_trim(line);
		line.n = str_find(line, ' ');
		line.n = str_find(line, '\t');
		add_server(r, line, own);
	}
}

void resolv_refresh(struct resolv *r, const char *const *own, int64_t now_ms)
{
	struct stat st;
	auto_buf text = { 0 };
	if (r->looked_ms && now_ms - r->looked_ms < LOOK_MS)
		return;
	r->looked_ms = now_ms ? now_ms : 1;
	if (stat(r->path, &st) < 0) {
		r->n = 0;
		return;
	}
	if (st.st_mtim.tv_sec == r->changed.tv_sec && st.st_mtim.tv_nsec == r->changed.tv_nsec)
		return;
	r->changed = st.st_mtim;
	if (file_read(r->path, BYTES_MAX, &text, NULL) == 0)
		resolv_parse(r, buf_view(&text), own);
}
