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
#include <stdbool.h>
#include <unistd.h>

#ifdef HAVE_LINUX_MEMBARRIER_H
#include <linux/membarrier.h>
#include <sys/syscall.h>
#endif

#include "sync.h"

#ifdef HAVE_LINUX_MEMBARRIER_H

/*
 * The command that works here; 0: none.  Written and read with the lock held.
 * Right in a child of fork() too, for the kernel copies the registration with the
 * memory.
 */
static int command;

static long membarrier(int cmd)
{
	return syscall(SYS_membarrier, cmd, 0, 0);
}

/*
 * The best command that @offered has and the kernel lets us register for.  Where
 * a sandbox offers what it then refuses, its first use tells.
 */
static int choose(long offered, bool code)
{
	if (code &&
	    (offered & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) &&
	    (offered & MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) &&
	    !membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE))
		return MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE;
	if ((offered & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) &&
	    (offered & MEMBARRIER_CMD_PRIVATE_EXPEDITED) &&
	    !membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
		return MEMBARRIER_CMD_PRIVATE_EXPEDITED;
	return 0;
}

void sc_sync_init(void)
{
	int saved = errno;
	long offered = membarrier(MEMBARRIER_CMD_QUERY);

	command = offered < 0 ? 0 : choose(offered, true);
	errno = saved;
}

/* The command has failed: the next best one, for good. */
static void step_down(void)
{
	long offered = membarrier(MEMBARRIER_CMD_QUERY);

	if (command == MEMBARRIER_CMD_PRIVATE_EXPEDITED || offered < 0)
		command = 0;
	else
		command = choose(offered, false);
}

/*
 * The fence is all that is left without the call: what is promised then is what
 * C11 promises of release and acquire.
 */
void sc_sync_threads(void)
{
	int saved = errno;

	while (command && membarrier(command) != 0)
		step_down();
	if (!command)
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
