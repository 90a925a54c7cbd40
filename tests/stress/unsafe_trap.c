/* SPDX-License-Identifier: MIT */
/*
 * unsafe_trap.c - int3 first, then the tail, then the head, all threads
 * synchronised between: what kernels do, and correct but for threads that block
 * the signal.
 */
#include "sc_config.h"

#include <signal.h>
#include <ucontext.h>

#include "sync.h"
#include "unsafe.h"

/* Again, until the int3 is gone. */
static void on_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	uc->uc_mcontext.gregs[REG_RIP]--;
}

void unsafe_start(void)
{
	struct sigaction action = { .sa_sigaction = on_trap };

	action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
	sigaction(SIGTRAP, &action, NULL);
}

static void write_one(const struct sc_place *p, uint8_t head)
{
	*(volatile uint8_t *)p->addr = head;
}

void unsafe_write(const struct sc_change *changes, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		write_one(changes[i].place, 0xcc);
	sc_sync_threads();
	for (i = 0; i < n; i++)
		for (j = 1; j < changes[i].place->len; j++)
			((volatile uint8_t *)changes[i].place->addr)[j] =
				changes[i].wanted[j];
	sc_sync_threads();
	for (i = 0; i < n; i++)
		write_one(changes[i].place, changes[i].wanted[0]);
	sc_sync_threads();
}
