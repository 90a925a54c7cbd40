/* SPDX-License-Identifier: MIT */
/* zombie.c - prints the number of a child that has ended, and does not wait for it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		return 1;
	printf("%d\n", (int)pid);
	fflush(stdout);
	pause();
	return 0;
}
