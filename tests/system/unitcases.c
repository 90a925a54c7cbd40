/* SPDX-License-Identifier: MIT */
/*
 * unitcases.c - the sandboxes of real services, from before the program's start and
 * from after it on, where what is refused kills and where it fails.
 *
 * The settings are those of the services' unit files, as their projects or
 * distributions have them, as far as they have to do with system calls, memory and
 * /proc.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "calls.h"
#include "cases.h"
#include "units.h"

#define WX	MEMORY_DENY_WRITE_EXECUTE
#define NS	RESTRICT_NAMESPACES

static const struct unit
	timesyncd = { "@system-service @clock", WX | NS | PROTECT_PROC },
	/* and sethostname() */
	hostnamed = { "@system-service 170", WX | NS },
	resolved = { "@system-service", WX | NS | PROTECT_PROC | ANOTHER_USER },
	chronyd = { "~@cpu-emulation @debug @module @mount @obsolete @raw-io "
		    "@reboot @swap",
		    WX | NS | PROC_SUBSET_PID | PROTECT_PROC },
	nginx = { "@system-service ~@privileged @resources", WX | NS },
	postgresql = { "@system-service ~@privileged @resources",
		       NS | PROC_SUBSET_PID | PROTECT_PROC | ANOTHER_USER },
	redis = { NULL, WX | NS },
	tor = { "@system-service ~@aio @chown @keyring @memlock @resources "
		"@setuid @timer",
		WX | NS | PROC_SUBSET_PID | PROTECT_PROC },
	haproxy = { "~@cpu-emulation @keyring @module @obsolete @raw-io @reboot "
		    "@swap @sync", 0 },
	/*
	 * What Docker's profile refuses, without capabilities: namespaces, mounts,
	 * tracing, the kernel's keys, modules and clocks, and mlock() by its limit.
	 */
	docker = { "~@clock @cpu-emulation @keyring @module @mount @obsolete "
		   "@raw-io @reboot @swap 101 134 165-166 170-171 246 272 279 "
		   "298 304 308 310-312 320-321 323 428-433 442",
		   0 },
	/* What other rows leave out where this is not allowed. */
	procs = { NULL, PROC_SUBSET_PID | PROTECT_PROC | NEEDS_PROC },
	/* The filter of the process that talks before a user has logged in. */
	sshd = { "0 1 3 7 9-14 23 25 28 35 39 48 60 96 107 186 201-202 228 231 "
		 "270-271 318",
		 0 };

static const char *enter_late(const struct unit *unit, int refused)
{
	struct unit late = *unit;

	late.settings &= ~ANOTHER_USER;
	return unit_enter(&late, refused);
}

#define ENTER(unit)							\
	static const char *unit##_kill_before(void)			\
	{								\
		return unit_enter(&unit, DENY_KILL);			\
	}								\
	static const char *unit##_eperm_before(void)			\
	{								\
		return unit_enter(&unit, EPERM);			\
	}								\
	static const char *unit##_kill_after(void)			\
	{								\
		return enter_late(&unit, DENY_KILL);			\
	}								\
	static const char *unit##_eperm_after(void)			\
	{								\
		return enter_late(&unit, EPERM);			\
	}

ENTER(timesyncd)
ENTER(hostnamed)
ENTER(resolved)
ENTER(chronyd)
ENTER(nginx)
ENTER(postgresql)
ENTER(redis)
ENTER(tor)
ENTER(haproxy)
ENTER(docker)

static const char *procs_eperm_before(void)
{
	return unit_enter(&procs, EPERM);
}

static const char *sshd_kill_after(void)
{
	return unit_enter(&sshd, DENY_KILL);
}

static const char *sshd_eperm_after(void)
{
	return unit_enter(&sshd, EPERM);
}

/* A program that starts as root and becomes another user cannot write its memory. */
static const char *another_user_after(void)
{
	return geteuid() == 0 ? unit_enter(&postgresql, EPERM) : "needs root";
}

/* It never updates, and must come to its end. */
static const char *sshd_without_updates(void)
{
	const char *why = sshd_kill_after();

	if (!why) {
		call_and_check();
		exit(faults() ? 1 : 0);
	}
	return why;
}

#define ROW(unit, how, when, ...)					\
	{ .name = #unit ": " #how ", from " #when " its start on",	\
	  .when = unit##_##how##_##when, .flags = NOT_SANITIZED, __VA_ARGS__ }
/* Patched as ever. */
#define ALL(unit)							\
	ROW(unit, kill, before, .err = DENY_KILL),			\
	ROW(unit, eperm, before, .err = 0),				\
	ROW(unit, kill, after, .err = DENY_KILL),			\
	ROW(unit, eperm, after, .err = 0)
#define BOTH(outcome, err)						\
	.alone = { outcome, err }, .threads = { outcome, err }

const struct test cases[] = {
	ALL(timesyncd),
	ALL(hostnamed),
	ALL(resolved),
	ALL(chronyd),
	ALL(nginx),
	ALL(postgresql),
	ALL(redis),
	ALL(tor),
	/* msync() is in @sync; alone, text is changed without it. */
	ROW(haproxy, kill, before, .err = DENY_KILL, .threads = { KILLED, 0 }),
	ROW(haproxy, eperm, before, .err = 0),
	ROW(haproxy, kill, after, .err = DENY_KILL, .threads = { KILLED, 0 }),
	ROW(haproxy, eperm, after, .err = 0),
	/* Docker lets unshare() fail; what would kill for it kills. */
	ROW(docker, kill, before, BOTH(KILLED, 0)),
	ROW(docker, eperm, before, .err = 0),
	ROW(docker, kill, after, BOTH(KILLED, 0)),
	ROW(docker, eperm, after, .err = 0),
	ROW(procs, eperm, before, .err = 0),
	/* It asks for more than that to update, and nothing to end. */
	ROW(sshd, kill, after, BOTH(KILLED, 0)),
	ROW(sshd, eperm, after, BOTH(REFUSED, EPERM),
	    .says = "open /proc/thread-self/maps: EPERM"),
	{ .name = "postgresql: another user after its start",
	  .after = another_user_after, .flags = NOT_SANITIZED,
	  BOTH(VIA_KEY, 0), .says = "open /proc/thread-self/mem: EACCES" },
	{ .name = "sshd: kill, from after its start on, without updates",
	  .after = sshd_without_updates, .flags = NOT_SANITIZED },
};

const size_t n_cases = sizeof(cases) / sizeof(cases[0]);
