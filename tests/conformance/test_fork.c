/* SPDX-License-Identifier: MIT */
/* test_fork.c - static calls in forked children, and in their parents. */
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

static NOINLINE int one(int x)
{
	return x + 1;
}

static NOINLINE int two(int x)
{
	return x + 2;
}

static NOINLINE int three(int x)
{
	return x + 3;
}

DEFINE_STATIC_CALL(forked, one);
DEFINE_STATIC_CALL_NULL(forked_null, one);

static int wait_for(pid_t pid)
{
	int status;

	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* A child returns 0 or the number of the step that failed. */
static int update_and_call(int (*func)(int), int expect)
{
	if (static_call_update(forked, func))
		return 1;
	if (static_call(forked)(10) != expect)
		return 2;
	return static_call_query(forked) == func ? 0 : 3;
}

START_TEST(test_child_has_the_targets_of_its_parent)
{
	pid_t pid;

	ck_assert_int_eq(static_call_update(forked, two), 0);
	pid = fork();
	if (!pid)
		_exit(static_call(forked)(10) == 12 &&
		      static_call_query(forked) == two ? 0 : 1);
	ck_assert_int_eq(wait_for(pid), 0);
}
END_TEST

START_TEST(test_update_in_the_child_is_its_own)
{
	pid_t pid;

	ck_assert_int_eq(static_call_update(forked, one), 0);
	pid = fork();
	if (!pid)
		_exit(update_and_call(three, 13));
	ck_assert_int_eq(wait_for(pid), 0);
	ck_assert_int_eq(static_call(forked)(10), 11);
	ck_assert(static_call_query(forked) == one);
}
END_TEST

START_TEST(test_update_in_the_parent_is_its_own)
{
	int go[2];
	char c;
	pid_t pid;

	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(static_call_update(forked, one), 0);
	pid = fork();
	if (!pid) {
		if (read(go[0], &c, 1) != 1 || static_call(forked)(10) != 11)
			_exit(10);
		_exit(update_and_call(two, 12));
	}
	ck_assert_int_eq(static_call_update(forked, three), 0);
	ck_assert_int_eq(write(go[1], "x", 1), 1);
	ck_assert_int_eq(wait_for(pid), 0);
	ck_assert_int_eq(static_call(forked)(10), 13);
	close(go[0]);
	close(go[1]);
}
END_TEST

START_TEST(test_generations_of_children)
{
	pid_t pid;
	int depth;

	ck_assert_int_eq(static_call_update(forked, one), 0);
	pid = fork();
	for (depth = 0; !pid && depth < 4; depth++) {
		int status;

		if (update_and_call(depth & 1 ? two : three,
				    depth & 1 ? 12 : 13))
			_exit(1);
		if (static_call_update(forked_null, depth & 1 ? NULL : one))
			_exit(2);
		pid = fork();
		if (pid > 0) {
			if (waitpid(pid, &status, 0) != pid || status)
				_exit(3);
			if (update_and_call(one, 11))
				_exit(4);
			_exit(0);
		}
	}
	if (!pid)
		_exit(0);
	ck_assert_int_eq(wait_for(pid), 0);
}
END_TEST

static atomic_int stop;
static atomic_ulong wrong;

static void *keep_updating(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop))
		if (static_call_update(forked, one) ||
		    static_call_update(forked_null, two) ||
		    static_call_update(forked, two) ||
		    static_call_update(forked_null, NULL))
			atomic_fetch_add(&wrong, 1);
	return NULL;
}

static void *keep_calling(void *arg)
{
	int r;

	(void)arg;
	while (!atomic_load(&stop)) {
		r = static_call(forked)(10);
		static_call_cond(forked_null)(10);
		if (r != 11 && r != 12)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

/* The child inherits neither a held lock nor a half-made update. */
START_TEST(test_fork_while_other_threads_update)
{
	unsigned long i, rounds = suite_rounds(60);
	pthread_t t[2];
	pid_t pid;
	int r;

	atomic_store(&stop, 0);
	atomic_store(&wrong, 0);
	ck_assert_int_eq(static_call_update(forked, one), 0);
	ck_assert_int_eq(pthread_create(&t[0], NULL, keep_updating, NULL), 0);
	ck_assert_int_eq(pthread_create(&t[1], NULL, keep_calling, NULL), 0);
	for (i = 0; i < rounds; i++) {
		pid = fork();
		if (!pid) {
			alarm(1200);
			r = static_call(forked)(10);
			if (r != 11 && r != 12)
				_exit(10);
			static_call_cond(forked_null)(1);
			if (update_and_call(three, 13))
				_exit(11);
			_exit(update_and_call(two, 12));
		}
		ck_assert_int_eq(wait_for(pid), 0);
	}
	atomic_store(&stop, 1);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	ck_assert_uint_eq(atomic_load(&wrong), 0);
}
END_TEST

/*
 * The child of vfork() shares our memory, and may call.  The result is its exit
 * status, because under valgrind it is a child of fork().
 */
START_TEST(test_child_of_vfork_calls)
{
	pid_t pid;

	ck_assert_int_eq(static_call_update(forked, two), 0);
	pid = vfork();
	if (!pid)
		_exit(static_call(forked)(10));
	ck_assert_int_eq(wait_for(pid), 12);
	ck_assert_int_eq(static_call_update(forked, one), 0);
	ck_assert_int_eq(static_call(forked)(10), 11);
}
END_TEST

START_TEST(test_updates_before_and_after_posix_spawn)
{
	char *const argv[] = { (char *)"true", NULL };
	char *const envp[] = { NULL };
	pid_t pid;
	int i;

	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(static_call_update(forked, two), 0);
		ck_assert_int_eq(posix_spawnp(&pid, "true", NULL, NULL, argv,
					      envp), 0);
		ck_assert_int_eq(static_call_update(forked, one), 0);
		ck_assert_int_eq(static_call(forked)(10), 11);
		ck_assert_int_eq(wait_for(pid), 0);
	}
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("fork");

	tcase_add_test(tc, test_child_has_the_targets_of_its_parent);
	tcase_add_test(tc, test_update_in_the_child_is_its_own);
	tcase_add_test(tc, test_update_in_the_parent_is_its_own);
	tcase_add_test(tc, test_generations_of_children);
	tcase_add_test(tc, test_fork_while_other_threads_update);
	tcase_add_test(tc, test_child_of_vfork_calls);
	tcase_add_test(tc, test_updates_before_and_after_posix_spawn);
	return suite_end();
}
