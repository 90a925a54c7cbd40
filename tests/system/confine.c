/* SPDX-License-Identifier: MIT */
/*
 * confine.c - runs a program under restrictions that last through its start.
 *
 *   confine RESTRICTION... -- PROGRAM [ARGUMENT...]
 *
 * restrict.h names the restrictions.  Exit status 77: this machine cannot do it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "restrict.h"

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *why = restrict_by_name(argv[i]);

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
