/* SPDX-License-Identifier: Apache-2.0 */
/* Subcommands with words of their own ("image pull NAME --user …"): the words apart from the flags. */
#ifndef CMD_WORDS_H
#define CMD_WORDS_H

/* The words that are not flags (and not a flag's value) go to `words`, the others to `flags` (argv[0] first; room for argc + 1). The
 * number of flags; -1: more than two words. */
int words_split(int argc, char **argv, char *words[2], char **flags);

#endif
