/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/words.h"

#include <string.h>

int words_split(int argc, char **argv, char *words[2], char **flags)
{
	int n = 0, nflags = 1;
	flags[0] = argv[0];
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-') {
			flags[nflags++] = argv[i];
			if (!strchr(argv[i], '=') && i + 1 < argc && strcmp(argv[i], "--help") &&
			    strcmp(argv[i], "-h"))
				flags[nflags++] = argv[++i];
		} else if (n < 2) {
			words[n++] = argv[i];
		} else {
			return -1;
		}
	}
	return nflags;
}
