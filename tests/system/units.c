/* SPDX-License-Identifier: MIT */
/* units.c - sandboxes as real services have them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <unistd.h>

#include "numbers.h"
#include "restrict.h"
#include "units.h"

#ifdef __x86_64__

/* -------------------------------------------------------------- the groups */

/* "systemd-analyze syscall-filter" of systemd 252, as numbers of x86-64. */
static const struct {
	const char *name, *calls;
} groups[] = {
	{ "@default",
	  "9-12 15 24 34-35 39 59-60 96-97 102 104 107-108 110-111 115 118 "
	  "120-121 124 158 186 201-202 204-205 211 218-219 228-231 273-274 302 "
	  "318 324 334 449" },
	{ "@system-service",
	  "0-26 28-100 102 104-133 135 137-138 140-152 157-158 160 162 186-211 "
	  "213-226 228-235 237-245 247-297 299 302-303 306-312 314-316 318-319 "
	  "322-328 332-334 424-427 434-437 439-441 449-450" },
	{ "@aio", "206-210 333 425-427" },
	{ "@chown", "92-94 260" },
	{ "@clock", "159 164 227 305" },
	{ "@cpu-emulation", "154" },
	{ "@debug", "101 212 298 438" },
	{ "@keyring", "248-250" },
	{ "@memlock", "149-152 325" },
	{ "@module", "175-176 313" },
	{ "@mount", "155 161 165-166 428-433 442" },
	{ "@obsolete", "134 136 139 156 174 177-178 181-185 236" },
	{ "@privileged",
	  "92-94 105 113 116-117 122 126 153 155-156 159 161 163-164 167-173 "
	  "175-176 179-180 227 246 260 300-301 304-305 313 320-321 443" },
	{ "@raw-io", "172-173" },
	{ "@reboot", "169 246 320" },
	{ "@resources", "141-142 144 160 203 237-238 251 256 279 314 450" },
	{ "@setuid", "105-106 113-114 116-117 119" },
	{ "@swap", "167-168" },
	{ "@sync", "26 74-75 162 277 306" },
	{ "@timer", "36-38 100 222-226 283 286-287" },
};

#define MOST_CALLS	512

/* Marks the calls of "9-12 15 ..." in @set. */
static void put_calls(char *set, const char *calls, char value)
{
	while (*calls) {
		char *end;
		long from = strtol(calls, &end, 10), to = from;

		if (*end == '-')
			to = strtol(end + 1, &end, 10);
		for (; from <= to && from < MOST_CALLS; from++)
			set[from] = value;
		calls = end + (*end == ' ');
	}
}

static int put_group(char *set, const char *name, char value)
{
	size_t i;

	if (*name != '@') {
		put_calls(set, name, value);
		return 1;
	}
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (!strcmp(groups[i].name, name)) {
			put_calls(set, groups[i].calls, value);
			return 1;
		}
	return 0;
}

/* What @filter allows, into @set; what is in @default always is. */
static int allowed(char *set, const char *filter)
{
	char words[256], *word, value = 1;

	memset(set, *filter == '~', MOST_CALLS);
	snprintf(words, sizeof(words), "%s", filter);
	for (word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		if (*word == '~') {
			value = 0;
			word++;
		}
		if (!put_group(set, word, value))
			return 0;
	}
	return put_group(set, "@default", 1);
}

/* ------------------------------------------------------------- the filters */

#define NUMBER	offsetof(struct seccomp_data, nr)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW(n)	(offsetof(struct seccomp_data, args) + 8 * (n) + 4)
#else
#define LOW(n)	(offsetof(struct seccomp_data, args) + 8 * (n))
#endif
#define LOAD(at)							\
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned int)(at))
#define EQUAL(k, yes, no)						\
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)(k), yes, no)
#define ANY_OF(k, yes, no)						\
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (unsigned int)(k), yes, no)
#define ANSWER(k)	BPF_STMT(BPF_RET | BPF_K, (unsigned int)(k))
#define REFUSE(err)	(SECCOMP_RET_ERRNO | (unsigned int)(err))
#define INSTALL(filter)							\
	install_filter(filter, sizeof(filter) / sizeof((filter)[0]))

static const char *install_list(const char *filter, int refused)
{
	struct sock_filter f[3 * MOST_CALLS];
	char set[MOST_CALLS];
	size_t n = 0;
	unsigned int from, to;

	if (!allowed(set, filter))
		return "no such group";
	f[n++] = (struct sock_filter)LOAD(NUMBER);
	for (from = 0; from < MOST_CALLS; from = to + 1) {
		to = from;
		if (!set[from])
			continue;
		while (to + 1 < MOST_CALLS && set[to + 1])
			to++;
		f[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JGE | BPF_K, from, 0, 2);
		f[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JGT | BPF_K, to, 1, 0);
		f[n++] = (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW);
	}
	f[n++] = (struct sock_filter)ANSWER(
		refused == DENY_KILL ? SECCOMP_RET_KILL_PROCESS :
				       REFUSE(refused));
	return install_filter(f, n);
}

/* Memory is never writable and executable, and nothing becomes executable. */
static const char *deny_write_execute(void)
{
	struct sock_filter f[] = {
		LOAD(NUMBER),
		EQUAL(CALL_MMAP, 4, 0),
		EQUAL(SYS_mprotect, 6, 0),
		EQUAL(CALL_PKEY_MPROTECT, 5, 0),
		EQUAL(CALL_SHMAT, 6, 0),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(LOW(2)),
		ANY_OF(PROT_EXEC, 0, 6),
		ANY_OF(PROT_WRITE, 4, 5),
		LOAD(LOW(2)),
		ANY_OF(PROT_EXEC, 2, 3),
		LOAD(LOW(2)),
		ANY_OF(SHM_EXEC, 0, 1),
		ANSWER(REFUSE(EPERM)),
		ANSWER(SECCOMP_RET_ALLOW),
	};

	return INSTALL(f);
}

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x80
#endif
#define NAMESPACES							\
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |	\
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)

static const char *deny_namespaces(void)
{
	struct sock_filter f[] = {
		LOAD(NUMBER),
		EQUAL(SYS_setns, 5, 0),
		EQUAL(SYS_unshare, 2, 0),
		EQUAL(SYS_clone, 1, 0),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(LOW(0)),
		ANY_OF(NAMESPACES, 0, 1),
		ANSWER(REFUSE(EPERM)),
		ANSWER(SECCOMP_RET_ALLOW),
	};

	return INSTALL(f);
}

/* ---------------------------------------------------------------- the rest */

/*
 * A /proc of its own.  0, or an errno where this is not allowed, as to ordinary
 * users, in most containers, and once there are threads.
 */
static int mount_proc(int settings)
{
	char options[64];

	if (!(settings & (PROC_SUBSET_PID | PROTECT_PROC)))
		return 0;
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return errno;
	snprintf(options, sizeof(options), "%s%s%s",
		 settings & PROC_SUBSET_PID ? "subset=pid" : "",
		 (settings & PROC_SUBSET_PID) && (settings & PROTECT_PROC) ?
			 "," : "",
		 settings & PROTECT_PROC ? "hidepid=invisible" : "");
	return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     options) ? errno : 0;
}

const char *unit_enter(const struct unit *unit, int refused)
{
	const char *why = NULL;
	int err = mount_proc(unit->settings);

	if (err && (unit->settings & NEEDS_PROC))
		return "cannot have a /proc of its own";
	/* The rest of the unit is tested all the same. */
	if (err)
		printf("# /proc stays as it is: %s\n", strerror(err));
	if ((unit->settings & ANOTHER_USER) && geteuid() == 0 &&
	    (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
		return "cannot become another user";
	if (unit->settings & MEMORY_DENY_WRITE_EXECUTE)
		why = deny_write_execute();
	if (!why && (unit->settings & RESTRICT_NAMESPACES))
		why = deny_namespaces();
	if (!why && unit->filter)
		why = install_list(unit->filter, refused);
	return why;
}

#else

const char *unit_enter(const struct unit *unit, int refused)
{
	(void)unit;
	(void)refused;
	return "the system calls of this processor are not known here";
}

#endif
