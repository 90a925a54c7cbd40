/* SPDX-License-Identifier: MIT */
/*
 * wxtrace.c - runs a program and watches that no memory of it, nor of any
 * process it starts, is ever writable and executable.
 *
 *   wxtrace PROGRAM [ARGUMENT...]
 *
 * A filter stops the program at every call that can make or change a mapping,
 * and the tracer checks the arguments.  It also checks all mappings of the process
 * (/proc/PID/maps), after its first such calls, after each 64th, as it starts
 * and as it ends, so that it need not know what each call does.  Exit status:
 * that of the program; 100 if there was such memory; 77 if this machine cannot
 * trace.  The last line on stderr says how much was looked at.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "numbers.h"

#define WATCHED(nr)							\
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),			\
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)

/* Reading all mappings is slow; a program must not starve under it. */
#define OFTEN	200
#define SELDOM	64

static unsigned long calls, looked, programs, found;

static void watch_me(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		WATCHED(CALL_MMAP), WATCHED(SYS_mprotect),
		WATCHED(CALL_PKEY_MPROTECT), WATCHED(SYS_mremap),
		WATCHED(CALL_SHMAT), WATCHED(CALL_REMAP_FILE_PAGES),
		WATCHED(SYS_personality),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {
		sizeof(filter) / sizeof(filter[0]), filter
	};

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(77);
	/* The tracer sets its options before the filter needs them. */
	raise(SIGSTOP);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		_exit(77);
}

static void report(pid_t pid, const char *what)
{
	if (found++ < 10)
		fprintf(stderr, "wxtrace: process %d: %s\n", (int)pid, what);
}

static void look_at_arguments(pid_t pid)
{
	const unsigned long both = PROT_WRITE | PROT_EXEC;
	struct __ptrace_syscall_info info;
	unsigned long nr, first, third;

	/* Any architecture's registers, as the kernel names them. */
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0) {
		report(pid, "made a call that could not be looked at");
		return;
	}
	nr = (unsigned long)info.seccomp.nr;
	first = (unsigned long)info.seccomp.args[0];
	third = (unsigned long)info.seccomp.args[2];
	if ((nr == CALL_MMAP || nr == SYS_mprotect ||
	     nr == CALL_PKEY_MPROTECT) && (third & both) == both)
		report(pid, "asks for PROT_WRITE and PROT_EXEC");
	if (nr == CALL_SHMAT && (third & SHM_EXEC))
		report(pid, "asks for SHM_EXEC");
	if (nr == SYS_personality && first != 0xffffffff &&
	    (first & 0x0400000))
		report(pid, "asks for READ_IMPLIES_EXEC");
}

static void look_at_maps(pid_t pid)
{
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		const char *perms = strchr(line, ' ');

		looked++;
		if (perms && perms[2] == 'w' && perms[3] == 'x') {
			line[strcspn(line, "\n")] = '\0';
			report(pid, line);
		}
	}
	fclose(f);
}

/* What a stop of @pid asks for: the way to go on, and a signal to deliver. */
static int handle_stop(pid_t pid, int status, int *request)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	*request = PTRACE_CONT;
	if (sig == (SIGTRAP | 0x80)) {	/* the end of a call */
		look_at_maps(pid);
		return 0;
	}
	if (sig == SIGTRAP && event) {
		if (event == PTRACE_EVENT_SECCOMP) {
			look_at_arguments(pid);
			if (++calls < OFTEN || calls % SELDOM == 0)
				*request = PTRACE_SYSCALL;
		}
		programs += event == PTRACE_EVENT_EXEC;
		if (event == PTRACE_EVENT_EXEC || event == PTRACE_EVENT_EXIT)
			look_at_maps(pid);
		return 0;
	}
	/* The first stop of a new process or thread. */
	if (sig == SIGSTOP)
		return 0;
	return sig;
}

static int trace(pid_t first)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
			     PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
	int status, result = 77, request, sig;
	pid_t pid;

	if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, first, NULL, options))
		return 77;
	ptrace(PTRACE_CONT, first, NULL, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			sig = handle_stop(pid, status, &request);
			ptrace(request, pid, NULL, (long)sig);
		} else if (pid == first) {
			result = WIFEXITED(status) ? WEXITSTATUS(status) :
						     128 + WTERMSIG(status);
		}
	}
	return result;
}

int main(int argc, char **argv)
{
	int result;
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = fork();
	if (pid == 0) {
		watch_me();
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0)
		return 77;
	result = trace(pid);
	fprintf(stderr, "wxtrace: %lu programs, %lu calls, %lu mappings looked "
		"at, %lu writable and executable\n", programs, calls, looked,
		found);
	if (found)
		return 100;
	/* A tracer that saw nothing must not pass. */
	return looked ? result : 77;
}
