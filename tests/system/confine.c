/* SPDX-License-Identifier: MIT */
/*
 * confine.c - runs a program under restrictions that last through its start.
 *
 *   confine RESTRICTION... -- PROGRAM [ARGUMENT...]
 *
 * A restriction is mdwe, noproc, nobody, or deny:CALLS:EPERM (or ENOSYS).  Exit
 * status 77: this machine cannot do it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "restrict.h"

static const char *deny(char *what)
{
	char *err = strchr(what, ':');

	if (!err)
		return "which error?";
	*err++ = '\0';
	return deny_calls(what, !strcmp(err, "ENOSYS") ? ENOSYS : EPERM);
}

static const char *apply(char *what)
{
	if (!strcmp(what, "mdwe"))
		return deny_exec_gain();
	if (!strcmp(what, "noproc"))
		return hide_proc();
	if (!strcmp(what, "nobody"))
		return become_nobody();
	if (!strncmp(what, "deny:", 5))
		return deny(what + 5);
	return "no such restriction";
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *why = apply(argv[i]);

		if (why) {
			printf("%s: %s\n", argv[i], why);
			return 77;
		}
	}
	if (i + 1 >= argc)
		return 2;
	execv(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
