/* SPDX-License-Identifier: Apache-2.0 */
/* resolve NAME: its addresses as the C library of this program finds them, one in a line. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char text[INET6_ADDRSTRLEN];
	int r = argc == 2 ? getaddrinfo(argv[1], NULL, &hints, &list) : EAI_NONAME;
	if (r != 0) {
		fprintf(stderr, "resolve: %s\n", gai_strerror(r));
		return 1;
	}
	for (struct addrinfo *a = list; a; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST) == 0)
			puts(text);
	freeaddrinfo(list);
	return 0;
}
