/* SPDX-License-Identifier: MIT */
/* cases.c - the restrictions, and what must happen under each. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "cases.h"

static const char *seal_own_text(void)
{
	return seal_text(program_text());
}

static const char *own_text_anonymous(void)
{
	return make_text_anonymous(program_text());
}

static const char *nobody_with_mdwe(void)
{
	const char *why = deny_exec_gain();

	return why ? why : become_nobody();
}

/* ------------------------------------------------------- locked memory */

static long locked_at_first;

static long locked_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static const char *lock_and_note(void)
{
	const char *why = lock_memory();

	/* Let the library have its second view of the file first. */
	change_and_check(2, 0);
	locked_at_first = locked_kb();
	return why;
}

static const char *lock_on_fault_and_note(void)
{
	const char *why = lock_memory_on_fault();

	change_and_check(2, 0);
	locked_at_first = locked_kb();
	return why;
}

static void same_locked(void)
{
	long kb = locked_kb();

	if (kb <= 0 || kb > locked_at_first + 64)
		fault("locked memory grew from %ld to %ld kB",
		      locked_at_first, kb);
}

/* ---------------------------------------------------- a foreign int3 */

static const char *write_site(const void *bytes, size_t len)
{
	const void *site = a_site();
	int fd = open("/proc/self/mem", O_RDWR);
	ssize_t done = -1;

	if (!site)
		return "this backend has no sites";
	if (fd >= 0) {
		done = pwrite(fd, bytes, len, (off_t)(uintptr_t)site);
		close(fd);
	}
	return done == (ssize_t)len ? NULL : "/proc/self/mem: cannot write";
}

/* Left behind by a debugger that is gone. */
static const char *int3_at_a_site(void)
{
	return write_site("\xcc", 1);
}

/*
 * Another patcher changed the place: the update is refused, and the bytes stay.
 * Nothing calls the place meanwhile, for they make no sense.
 */
static const char *other_code_at_a_site(void)
{
	static const unsigned char theirs[] = { 0x90, 0xeb, 0x02, 0x90, 0x90 };
	struct static_call_info info = { .size = sizeof(info) };
	unsigned char ours[sizeof(theirs)];
	const void *site = a_site();
	const char *why;

	if (!site)
		return "this backend has no sites";
	memcpy(ours, site, sizeof(ours));
	why = write_site(theirs, sizeof(theirs));
	if (why)
		return why;
	refused_change(EBUSY);
	if (static_call_get_info(&info) || !info.reason ||
	    !strstr(info.reason, "other code stands on a call: EBUSY"))
		fault("the reason is not said");
	if (memcmp(site, theirs, sizeof(theirs)) != 0)
		fault("foreign code was overwritten");
	return write_site(ours, sizeof(ours));
}

/* ----------------------------------------------------------- the table */

#define AFTER(call, error)	.deny = call, .err = error
#define KILLED(call)							\
	{ .name = "killed for " call ", with STATIC_CALL_PATCH=0",	\
	  .alone = { OFF, 0 }, .threads = { OFF, 0 }, .deny = call,	\
	  .err = DENY_KILL, .reason = "STATIC_CALL_PATCH",		\
	  .flags = NO_PATCH }
/* The library does without it. */
#define SPARE(call)							\
	{ .name = call ": EPERM", AFTER(call, EPERM) },			\
	{ .name = call ": ENOSYS", AFTER(call, ENOSYS) }

const struct test cases[] = {
	{ .name = "no restriction" },
	{ .name = "STATIC_CALL_PATCH=0", .flags = NO_PATCH,
	  .reason = "STATIC_CALL_PATCH",
	  .alone = { OFF, 0 }, .threads = { OFF, 0 } },

	{ .name = "MDWE", .before = deny_exec_gain },
	{ .name = "MDWE after start", .after = deny_exec_gain },

	/* Alone, text is written in place; the pages need not move. */
	{ .name = "mremap: EPERM", AFTER("mremap", EPERM),
	  .says = "mremap: EPERM",
	  .threads = { VIA_KEY, 0 } },
	{ .name = "mremap: ENOSYS", AFTER("mremap", ENOSYS),
	  .threads = { VIA_KEY, 0 } },
	SPARE("mprotect"),
	SPARE("membarrier"),
	SPARE("madvise"),
	SPARE("unshare"),
	SPARE("ioctl"),
	SPARE("pread"),
	SPARE("msync"),
	SPARE("mincore"),
	SPARE("fstat"),
	{ .name = "mmap: EPERM", AFTER("mmap", EPERM), .flags = NOT_SANITIZED },
	{ .name = "mmap: ENOSYS", AFTER("mmap", ENOSYS),
	  .flags = NOT_SANITIZED },
	/* A place that cannot be checked stays. */
	{ .name = "open: EPERM", AFTER("open", EPERM),
	  .says = "open /proc/thread-self/maps: EPERM",
	  .alone = { REFUSED, EPERM }, .threads = { REFUSED, EPERM } },
	{ .name = "open: ENOSYS", AFTER("open", ENOSYS),
	  .says = "open /proc/thread-self/maps: ENOSYS",
	  .alone = { REFUSED, ENOSYS }, .threads = { REFUSED, ENOSYS } },
	/* The moved copy is edited by mprotect. */
	{ .name = "pwrite: EPERM", AFTER("pwrite", EPERM) },
	{ .name = "pwrite and munmap: EPERM", AFTER("pwrite+munmap", EPERM),
	  .flags = NOT_SANITIZED },
	{ .name = "pwrite and mprotect: EPERM", AFTER("pwrite+mprotect", EPERM),
	  .says = "mprotect: EPERM",
	  .alone = { VIA_KEY, 0 }, .threads = { VIA_KEY, 0 } },
	/* There is no way back to the file. */
	{ .name = "mremap and madvise: EPERM", AFTER("mremap+madvise", EPERM),
	  .says = "mremap: EPERM, madvise: EPERM",
	  .threads = { REFUSED, EPERM } },
	{ .name = "mremap and madvise: ENOSYS",
	  AFTER("mremap+madvise", ENOSYS), .threads = { REFUSED, ENOSYS } },
	{ .name = "all but reading: EPERM",
	  AFTER("mremap+madvise+mprotect+membarrier+unshare+ioctl+pwrite",
		EPERM),
	  .alone = { REFUSED, EPERM }, .threads = { REFUSED, EPERM } },

	KILLED("mremap"),
	KILLED("mprotect"),
	KILLED("membarrier"),
	KILLED("open"),
	KILLED("madvise"),
	KILLED("unshare"),
	KILLED("ioctl"),

	{ .name = "no /proc", .before = hide_proc,
	  .reason = "open /proc/self/maps: ENOENT",
	  .alone = { OFF, 0 }, .threads = { OFF, 0 } },
	{ .name = "no /proc after start", .after = hide_proc,
	  .says = "open /proc/self/maps: ENOENT",
	  .alone = { REFUSED, EACCES }, .threads = { REFUSED, EACCES } },
	{ .name = "another root after start", .after = move_to_empty_root,
	  .says = "open /proc/self/maps: ENOENT",
	  .alone = { REFUSED, EACCES }, .threads = { REFUSED, EACCES } },
	/* The kernel lets no process with threads do it. */
	{ .name = "other mounts after start", .after = move_to_other_mounts,
	  .says = "open /proc/self/maps: ENOENT",
	  .alone = { REFUSED, EACCES }, .threads = { REFUSED, EACCES } },
	{ .name = "Landlock", .before = lock_out_of_proc,
	  .reason = "open /proc/thread-self/maps: EACCES",
	  .alone = { OFF, 0 }, .threads = { OFF, 0 } },
	{ .name = "Landlock after start", .after = lock_out_of_proc,
	  .says = "open /proc/thread-self/maps: EACCES",
	  .alone = { REFUSED, EACCES }, .threads = { REFUSED, EACCES } },
	/* Of the process, not of its threads, as AppArmor has it. */
	{ .name = "maps of its own only", .before = show_own_maps_only },
	{ .name = "maps of its own only, after start",
	  .after = show_own_maps_only },
	/* The moved copy is edited by mprotect. */
	{ .name = "not dumpable, another user", .after = become_nobody },
	{ .name = "not dumpable, another user, MDWE",
	  .after = nobody_with_mdwe,
	  .says = "mprotect: EACCES",
	  .alone = { VIA_KEY, 0 }, .threads = { VIA_KEY, 0 } },
	/* Copies go to the arena, which was reserved before. */
	{ .name = "no address space", .after = limit_address_space,
	  .flags = NOT_SANITIZED },
	{ .name = "no file descriptor", .after = limit_files,
	  .says = "open /proc/thread-self/maps: EMFILE",
	  .alone = { REFUSED, EMFILE }, .threads = { REFUSED, EMFILE } },
	{ .name = "mlockall", .after = lock_and_note, .finally = same_locked,
	  .flags = QUIET | NOT_SANITIZED },
	{ .name = "mlockall on fault", .after = lock_on_fault_and_note,
	  .finally = same_locked, .flags = QUIET | NOT_SANITIZED },

	{ .name = "sealed text", .preload = "seal",
	  .alone = { UNSAFE, 0 }, .threads = { UNSAFE, 0 } },
	/* Some kernels let sealed text be given back. */
	{ .name = "text sealed after start", .after = seal_own_text,
	  .threads = { VIA_KEY, OR_DONE(EPERM) } },
	{ .name = "anonymous text", .preload = "anonymous",
	  .alone = { UNSAFE, 0 }, .threads = { UNSAFE, 0 } },
	{ .name = "text anonymous after start", .after = own_text_anonymous,
	  .threads = { REFUSED, EBUSY }, .flags = QUIET,
	  .says = "text is another mapping: EBUSY" },

	{ .name = "int3 at a site, no debugger", .after = int3_at_a_site,
	  .flags = QUIET },
	{ .name = "other code at a site", .after = other_code_at_a_site,
	  .flags = QUIET },
};

const size_t n_cases = sizeof(cases) / sizeof(cases[0]);
