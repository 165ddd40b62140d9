/* SPDX-License-Identifier: Apache-2.0 */
/* The sh of the test image busybox: busybox' own. It drops variables with names that a shell can't use, which the image that it stands
 * for hands on: with such ones in the environment it is bash. */
#include <ctype.h>
#include <unistd.h>

extern char **environ;

static int is_odd(const char *variable)
{
	const char *p = variable;
	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	return *p != '=' || isdigit((unsigned char)*variable);
}

int main(int argc, char **argv)
{
	const char *shell = "/bin/ash";
	(void)argc;
	for (char **v = environ; *v; v++)
		if (is_odd(*v))
			shell = "/bin/bash";
	execv(shell, argv);
	return 127;
}
