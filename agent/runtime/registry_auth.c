/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/registry_auth.h"

#include <ctype.h>
#include <strings.h>

static void skip_space(const char **p)
{
	while (**p == ' ' || **p == '\t' || **p == ',')
		(*p)++;
}

/* name="value" or name=value; false at the end or when it is something else. */
static bool parameter(const char **p, struct str *name, char *value, size_t size)
{
	size_t n = 0;
	skip_space(p);
	const char *start = *p;
	while (isalnum((unsigned char)**p) || **p == '_' || **p == '-')
		(*p)++;
	*name = str_of(start, (size_t)(*p - start));
	if (!name->n || **p != '=')
		return false;
	(*p)++;
	bool quoted = **p == '"';
	*p += quoted;
	while (**p && (quoted ? **p != '"' : !strchr(" \t,", **p))) {
		if (quoted && **p == '\\' && (*p)[1])
			(*p)++;
		if (n + 1 < size)
			value[n++] = **p;
		(*p)++;
	}
	value[n] = '\0';
	if (quoted && **p == '"')
		(*p)++;
	return true;
}

bool challenge_parse(const char *header, struct challenge *out)
{
	struct challenge c = { .bearer = false };
	struct str name;
	char value[1024];
	const char *p = header;
	skip_space(&p);
	if (strncasecmp(p, "basic", 5) == 0) {
		*out = c;
		return true;
	}
	if (strncasecmp(p, "bearer ", 7) != 0)
		return false;
	p += 7;
	c.bearer = true;
	while (parameter(&p, &name, value, sizeof(value))) {
		if (str_eqz(name, "realm"))
			memcpy(c.realm, value, sizeof(c.realm));
		else if (str_eqz(name, "service"))
			memcpy(c.service, value, sizeof(c.service) - 1);
		else if (str_eqz(name, "scope"))
			memcpy(c.scope, value, sizeof(c.scope));
	}
	*out = c;
	return strncmp(c.realm, "https://", 8) == 0 || strncmp(c.realm, "http://", 7) == 0;
}

static void add_query(struct buf *out, char first, const char *name, const char *value)
{
	buf_printf(out, "%c%s=", first, name);
	for (const char *p = value; *p; p++) {
		if (isalnum((unsigned char)*p) || strchr("-._~:/,", *p))
			buf_putc(out, *p);
		else
			buf_printf(out, "%%%02X", (unsigned char)*p);
	}
}

void challenge_url(const struct challenge *c, const char *scope, struct buf *out)
{
	char next = strchr(c->realm, '?') ? '&' : '?';
	buf_puts(out, c->realm);
	if (c->service[0]) {
		add_query(out, next, "service", c->service);
		next = '&';
	}
	add_query(out, next, "scope", c->scope[0] ? c->scope : scope);
}
