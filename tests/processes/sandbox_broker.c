/* SPDX-License-Identifier: MIT */
/*
 * sandbox_broker.c - a sandbox with a broker, as browsers have: the kernel sends SIGSYS
 * for a call that opens a file, and the handler opens it in another way, or refuses.
 *
 * The library must leave SIGSYS unblocked, for a blocked one kills.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <static_call.h>

#include "apart.h"
#include "subject.h"

#ifdef __x86_64__

static volatile sig_atomic_t asked, refuse;

/* openat() with its arguments, by openat2(), which the filter lets pass. */
static void broker(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	greg_t *regs = u->uc_mcontext.gregs;
	struct open_how how = {
		.flags = (unsigned int)regs[REG_RDX] & ~0100000u,
	};
	int saved = errno;
	long fd = -1;

	(void)signal;
	asked++;
	if (info->si_syscall == SYS_openat && !refuse) {
		fd = syscall(SYS_openat2, (int)regs[REG_RDI],
			     (const char *)regs[REG_RSI], &how, sizeof(how));
		regs[REG_RAX] = fd < 0 ? -errno : fd;
	} else {
		regs[REG_RAX] = -EACCES;
	}
	errno = saved;
}

static void begin(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]),
				      filter };
	struct sigaction action = { .sa_sigaction = broker,
				    .sa_flags = SA_SIGINFO };
	const struct rlimit no_core = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &no_core);
	expect_equal(sigaction(SIGSYS, &action, NULL), 0);
	if (apart_is_control()) {
		sigemptyset(&set);
		sigaddset(&set, SIGSYS);
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		apart_skip("no system call filters");
}

static void *keep_calling(void *arg)
{
	for (;;)
		expect_equal(program_subject()->call(), 0);
	return arg;
}

static void start_thread(void)
{
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, keep_calling, NULL), 0);
}

/* A backend that patches opens files for an update; the generic one does not. */
static int opens_files(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	expect_equal(static_call_get_info(&info), 0);
	return info.patching;
}

/* Where files are opened: what static_call_get_info() says of the last update. */
static void expect_reason(const char *reason)
{
	struct static_call_info info = { .size = sizeof(info) };

	expect_equal(static_call_get_info(&info), 0);
	if (!info.patching)
		return;
	expect(info.reason);
	printf("# %s\n", info.reason);
	expect(strstr(info.reason, reason));
}

/* ------------------------------------------------------------------ cases */

static void answered(void)
{
	unsigned int n;

	begin();
	for (n = 0; n < 20; n++)
		expect_equal(program_subject()->change(n), 0);
	printf("# the broker was asked %d times\n", (int)asked);
	expect(asked || !opens_files());
}

static void answered_beside_a_thread(void)
{
	start_thread();
	answered();
}

/* An update is done, or it says no and nothing has changed. */
static void refused(void)
{
	unsigned int n, in_force = 1;

	expect_equal(program_subject()->change(in_force), 0);
	begin();
	refuse = 1;
	for (n = 2; n < 20; n++) {
		if (program_subject()->update_batch(n) == 0)
			in_force = n;
		expect_equal(program_subject()->check(in_force), 0);
	}
	expect(asked || !opens_files());
	expect_reason("open /proc/thread-self/maps: EACCES");
	refuse = 0;
	expect_equal(program_subject()->change(n), 0);
}

static void refused_beside_a_thread(void)
{
	start_thread();
	refused();
}

static void blocked(void)
{
	answered();
	/* Where no file is opened there is nothing to see. */
	expect(open("/", O_RDONLY) < 0);
}

#else

static void answered(void)
{
	apart_skip("the registers of this processor are not known here");
}

#define answered_beside_a_thread	answered
#define refused				answered
#define refused_beside_a_thread		answered
#define blocked				answered

#endif

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a broker opens the files of updates", answered,
		  APART_TEST },
		{ "a broker opens the files of updates, beside a thread",
		  answered_beside_a_thread, APART_TEST },
		{ "a broker refuses", refused, APART_TEST },
		{ "a broker refuses, beside a thread",
		  refused_beside_a_thread, APART_TEST },
		{ "control: where SIGSYS is blocked that kills", blocked,
		  APART_CONTROL },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
