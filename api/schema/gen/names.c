/* SPDX-License-Identifier: Apache-2.0 */
/* Names of C structs and members. Words begin at an upper-case letter after a lower-case one or before one; a run of
 * capitals is one word, with a plural s at its end: podIPs -> pod_ips, hostPID -> host_pid, CSINodeDriver -> csi_node_driver. */
#include <ctype.h>
#include <string.h>

#include "api/schema/gen/schema.h"

static bool plural_end(const char *p) /* "s" that ends a word of capitals */
{
	return p[0] == 's' && (p[1] == '\0' || isupper((unsigned char)p[1]));
}

static bool starts_word(const char *text, size_t i)
{
	if (i == 0 || !isupper((unsigned char)text[i]))
		return false;
	if (!isupper((unsigned char)text[i - 1]))
		return true;
	return islower((unsigned char)text[i + 1]) && !plural_end(text + i + 1);
}

char *name_snake(const char *camel)
{
	char *out = need(NULL, 2 * strlen(camel) + 1);
	size_t n = 0;
	for (size_t i = 0; camel[i]; i++) {
		unsigned char c = (unsigned char)camel[i];
		if (starts_word(camel, i) && n && out[n - 1] != '_')
			out[n++] = '_';
		if (isalnum(c))
			out[n++] = (char)tolower(c);
		else if (n && out[n - 1] != '_')
			out[n++] = '_';
	}
	out[n] = '\0';
	return out;
}

char *name_member(const char *camel)
{
	static const char *const taken[] = { "default", "stdin",  "linux", "unix",     "continue",
					     "enum",    "static", "union", "register", "return" };
	char *out = name_snake(camel);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (strcmp(out, taken[i]) == 0)
			strcat(out, "_"); /* there is room: twice the length */
	return out;
}

char *name_struct(const struct type *t)
{
	char text[256];
	snprintf(text, sizeof text, "%s_%s", t->group->prefix, name_snake(t->short_name));
	for (char *p = text; *p; p++)
		if (*p == '/')
			*p = '_';
	return strcpy(need(NULL, strlen(text) + 1), text);
}
