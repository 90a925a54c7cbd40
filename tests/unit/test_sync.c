/* SPDX-License-Identifier: MIT */
/* test_sync.c - which command synchronises threads, where a system offers some. */
#include "sc_config.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sync.h"
#include "unit.h"

#define CODE		MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE
#define CODE_REGISTER	MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE
#define DATA		MEMBARRIER_CMD_PRIVATE_EXPEDITED
#define DATA_REGISTER	MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
#define ALL		(CODE | CODE_REGISTER | DATA | DATA_REGISTER)

long __wrap_syscall(long number, long command);

/* What the system says that it has, what it then refuses, what it was asked. */
static long offered, refused, last;
static int asked;

long __wrap_syscall(long number, long command)
{
	ck_assert_int_eq(number, SYS_membarrier);
	errno = ENOSYS;
	asked++;
	if (command == MEMBARRIER_CMD_QUERY)
		return offered;
	last = command;
	return command & refused ? -1 : 0;
}

static const struct {
	long offered, refused, command;
} systems[] = {
	{ ALL, 0, CODE },
	{ ALL & ~CODE, 0, DATA },
	{ ALL & ~CODE_REGISTER, 0, DATA },
	{ ALL, CODE, DATA },
	{ ALL, CODE_REGISTER, DATA },
	{ ALL, CODE | DATA, 0 },
	{ ALL, CODE_REGISTER | DATA_REGISTER, 0 },
	{ CODE, 0, 0 },
	{ CODE_REGISTER, 0, 0 },
	{ 0, 0, 0 },
	/* no such call, and no command is tried */
	{ -1, 0, 0 },
};
#define N_SYSTEMS	((int)(sizeof(systems) / sizeof(systems[0])))

/* A start asks for no command twice. */
START_TEST(test_nothing_is_tried_in_advance)
{
	offered = ALL;
	refused = CODE | DATA;
	sc_sync_init();
	ck_assert_int_eq(asked, 2);
	ck_assert_int_eq(last, CODE_REGISTER);
}
END_TEST

START_TEST(test_the_command_that_works)
{
	offered = ALL;
	sc_sync_init();
	ck_assert(sc_sync_covers_code());
	offered = systems[_i].offered;
	refused = systems[_i].refused;
	errno = EXDEV;
	sc_sync_init();
	sc_sync_threads();
	ck_assert_int_eq(sc_sync_covers_code(), systems[_i].command == CODE);
	/* What was refused once is not asked for again. */
	last = asked = 0;
	sc_sync_threads();
	ck_assert_int_eq(last, systems[_i].command);
	ck_assert_int_eq(asked, systems[_i].command != 0);
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("sync");

	tcase_add_test(tc, test_nothing_is_tried_in_advance);
	tcase_add_loop_test(tc, test_the_command_that_works, 0, N_SYSTEMS);
	return unit_end();
}
