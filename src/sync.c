/* SPDX-License-Identifier: MIT */
/*
 * sync.c - the only file that uses membarrier(2).
 *
 * It is missing, filtered or pretended in some sandboxes, so it is asked for
 * what it can do and a failure is never an error: without it "after" means
 * happens-after, not after in time.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#ifdef HAVE_LINUX_MEMBARRIER_H
#include <linux/membarrier.h>
#include <sys/syscall.h>
#endif

#include "sync.h"

#ifdef HAVE_LINUX_MEMBARRIER_H

/*
 * The command that works here; 0: none.  Written by sc_sync_init(), with the
 * lock held, and read with it held.  Right in a child of fork() too, for the
 * kernel copies the registration with the memory.
 */
static int command;

static long membarrier(int cmd)
{
	return syscall(SYS_membarrier, cmd, 0, 0);
}

/* A sandbox may offer what it then refuses: it is tried, not believed. */
static int usable(long offered, int reg, int cmd)
{
	return (offered & reg) && (offered & cmd) && membarrier(reg) == 0 &&
	       membarrier(cmd) == 0;
}

void sc_sync_init(void)
{
	int saved = errno;
	long offered = membarrier(MEMBARRIER_CMD_QUERY);

	command = 0;
	if (offered < 0)
		goto out;
	if (usable(offered,
		   MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
		   MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE))
		command = MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE;
	else if (usable(offered, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
			MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		command = MEMBARRIER_CMD_PRIVATE_EXPEDITED;
out:
	errno = saved;
}

/*
 * The fence is all that is left without the call: what is promised then is what
 * C11 promises of release and acquire.
 */
void sc_sync_threads(void)
{
	int saved = errno;

	if (command)
		membarrier(command);
	else
		atomic_thread_fence(memory_order_seq_cst);
	errno = saved;
}

bool sc_sync_covers_code(void)
{
	return command == MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE;
}

#else

bool sc_sync_covers_code(void)
{
	return false;
}

void sc_sync_init(void)
{
}

void sc_sync_threads(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

#endif
