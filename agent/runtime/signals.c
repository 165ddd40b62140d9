/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },   { "QUIT", SIGQUIT },     { "ILL", SIGILL },
	{ "TRAP", SIGTRAP }, { "ABRT", SIGABRT }, { "IOT", SIGABRT },      { "BUS", SIGBUS },
	{ "FPE", SIGFPE },   { "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },     { "TERM", SIGTERM },
	{ "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP },     { "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN }, { "TTOU", SIGTTOU }, { "URG", SIGURG },       { "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ }, { "PROF", SIGPROF }, { "VTALRM", SIGVTALRM }, { "WINCH", SIGWINCH },
	{ "IO", SIGIO },     { "PWR", SIGPWR },   { "SYS", SIGSYS },
};

#define RT_FIRST 34 /* the kernel's 32 and 33 belong to the C library */
#define RT_LAST  64

static int real_time(const char *text)
{
	int64_t offset = 0;
	if (strncasecmp(text, "RTMIN", 5) == 0 &&
	    (!text[5] || str_to_i64(str_from(text + 5), &offset)))
		return (int)(RT_FIRST + offset);
	if (strncasecmp(text, "RTMAX", 5) == 0 &&
	    (!text[5] || str_to_i64(str_from(text + 5), &offset)))
		return (int)(RT_LAST + offset);
	return 0;
}

int signal_from_text(const char *text)
{
	int64_t number;
	if (!text || !*text)
		return 0;
	if (str_to_i64(str_from(text), &number))
		return number > 0 && number <= RT_LAST ? (int)number : 0;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		if (strcasecmp(signals[i].name, text) == 0)
			return signals[i].number;
	int rt = real_time(text);
	return rt >= RT_FIRST && rt <= RT_LAST ? rt : 0;
}
