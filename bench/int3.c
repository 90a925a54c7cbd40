/* SPDX-License-Identifier: MIT */
/* int3.c - the breakpoint protocol, for comparison. */
#include <linux/membarrier.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "int3.h"
#include "measure.h"

#define PAGE	4096ul
#define CALL	5

/* @n calls, @stride bytes apart; pages of their own. */
#define SITES(name, n, between)						\
	__asm__(".pushsection .text.int3, \"ax\", @progbits\n\t"	\
		".balign 4096\n"					\
		#name ":\n\t"						\
		".rept " #n "\n\t"					\
		"call int3_target_a\n\t"				\
		between							\
		".endr\n\t"						\
		"ret\n\t"						\
		".popsection");						\
	__attribute__((visibility("hidden"))) extern unsigned char name[]

SITES(int3_text_one, 1, "");
SITES(int3_text_100, 100, "");
SITES(int3_text_pages, 100, "jmp 1f\n\t.balign 4096\n1:\n\t");
SITES(int3_text_10000, 10000, "");
__asm__(".pushsection .text.int3, \"ax\", @progbits\n\t"
	".balign 4096\n"
	"int3_text_end:\n\t"
	".popsection");
__attribute__((visibility("hidden"))) extern unsigned char int3_text_end[];

#define SET(set, name, n, stride)					\
	static void run_##set(void)					\
	{								\
		((void (*)(void))(void *)name)();			\
	}								\
	const struct int3_set set = { name, n, stride, run_##set }

SET(int3_one, int3_text_one, 1, CALL);
SET(int3_100, int3_text_100, 100, CALL);
SET(int3_pages, int3_text_pages, 100, PAGE);
SET(int3_10000, int3_text_10000, 10000, CALL);

OPAQUE void int3_target_a(void)
{
	__asm__ volatile("");
}

OPAQUE void int3_target_b(void)
{
	__asm__ volatile("");
}

void int3_sync(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0,
		0);
}

/*
 * Makes the call in place of the site.  A trap may arrive when the site is
 * whole again; what it shows then is right too.
 */
static void (*_Atomic trap_target)(void);

static void on_trap(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	uintptr_t site = (uintptr_t)regs[REG_RIP] - 1;

	(void)sig;
	(void)info;
	if (site < (uintptr_t)int3_text_one || site >= (uintptr_t)int3_text_end)
		_exit(3);
	regs[REG_RSP] -= 8;
	*(uint64_t *)regs[REG_RSP] = site + CALL;
	regs[REG_RIP] = (greg_t)(uintptr_t)atomic_load(&trap_target);
}

void int3_init(void)
{
	struct sigaction action = { .sa_sigaction = on_trap,
				    .sa_flags = SA_SIGINFO };

	if (sigaction(SIGTRAP, &action, NULL))
		fail("sigaction");
	if (syscall(SYS_membarrier,
		    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0))
		fail("no membarrier");
}

static unsigned char *site_of(const struct int3_set *set, size_t i)
{
	return set->text + i * set->stride;
}

static void protect(const struct int3_set *set, int write)
{
	size_t len = (set->n * set->stride + PAGE - 1) & ~(PAGE - 1);

	if (mprotect(set->text, len, PROT_READ | PROT_EXEC | write))
		fail("mprotect");
}

static void write_distance(unsigned char *site, void (*target)(void))
{
	int32_t distance = (int32_t)((uintptr_t)target - (uintptr_t)site -
				     CALL);

	memcpy(site + 1, &distance, sizeof(distance));
}

static void write_opcodes(const struct int3_set *set, unsigned char opcode)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		*(volatile unsigned char *)site_of(set, i) = opcode;
}

void int3_update(const struct int3_set *set, void (*target)(void))
{
	size_t i;

	atomic_store(&trap_target, target);
	protect(set, PROT_WRITE);
	write_opcodes(set, 0xcc);
	int3_sync();
	for (i = 0; i < set->n; i++)
		write_distance(site_of(set, i), target);
	int3_sync();
	write_opcodes(set, 0xe8);
	int3_sync();
	protect(set, 0);
}

void int3_update_alone(const struct int3_set *set, void (*target)(void))
{
	size_t i;

	protect(set, PROT_WRITE);
	for (i = 0; i < set->n; i++)
		write_distance(site_of(set, i), target);
	protect(set, 0);
}
