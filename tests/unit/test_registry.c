/* SPDX-License-Identifier: MIT */
/* test_registry.c - the core and the registry, on the backend of paper.h. */
#include "sc_config.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <static_call/api.h>

#include "backend.h"
#include "enter.h"
#include "log.h"
#include "mem.h"
#include "paper.h"
#include "registry.h"
#include "sync.h"
#include "targets.h"
#include "unit.h"
#include "world.h"

/* ------------------------------------------------------------ fixtures */

static void one(void)
{
}

static void two(void)
{
}

static int another_copy;
static struct static_call_key keys[MAX_KEYS], others[MAX_KEYS];
static struct plan plan = { .defines = keys, .n_defines = 3 };
static struct plan user = { .uses = keys, .n_uses = 3 };
static struct sc_module module = { .state = (char *)&plan };
static struct sc_module user_module = { .state = (char *)&user };

static void setup(void)
{
	size_t i;

	for (i = 0; i < MAX_KEYS; i++)
		keys[i].func = others[i].func = (void *)one;
	static_call_init();
}

static void add(struct sc_module *m)
{
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_int_eq(sc_registry_add(m), 0);
	sc_leave();
}

static size_t count_keys(void)
{
	struct sc_key *key;
	size_t n = 0;

	for (key = sc_world->keys; key; key = key->next)
		n++;
	return n;
}

/* Nothing of an update is left on the first @n keys. */
static void expect_targets(size_t n, void *func)
{
	size_t i;

	for (i = 0; i < n; i++)
		ck_assert_ptr_eq(keys[i].func, func);
}

/* ---------------------------------------------------------- the start */

START_TEST(test_initialised_once)
{
	ck_assert_int_eq(static_call_initialized, 0);
	ck_assert_int_eq(static_call_init(), 0);
	ck_assert_int_eq(static_call_init(), 0);
	ck_assert_int_eq(static_call_initialized, 1);
	ck_assert_int_eq(fake.started, 1);
	ck_assert_ptr_null(fake.forbidden);
}
END_TEST

/* What the environment says, once.  What is not understood forbids patching. */
static const struct {
	const char *patch, *debug, *forbidden;
	int logged;
} environments[] = {
	{ NULL, NULL, NULL, 0 },
	{ "0", NULL, "STATIC_CALL_PATCH=0", 0 },
	{ "1", NULL, NULL, 0 },
	{ "", "", NULL, 0 },
	{ "00", "11", "STATIC_CALL_PATCH is neither 0 nor 1", 0 },
	{ "no", NULL, "STATIC_CALL_PATCH is neither 0 nor 1", 0 },
	{ "10", NULL, "STATIC_CALL_PATCH is neither 0 nor 1", 0 },
	{ "0", "1", "STATIC_CALL_PATCH=0", 1 },
	{ NULL, "0", NULL, 0 },
	{ NULL, "./log", NULL, 1 },
};
#define N_ENVIRONMENTS	((int)(sizeof(environments) / sizeof(environments[0])))

START_TEST(test_environment)
{
	if (environments[_i].patch)
		setenv("STATIC_CALL_PATCH", environments[_i].patch, 1);
	if (environments[_i].debug)
		setenv("STATIC_CALL_DEBUG", environments[_i].debug, 1);
	errno = EXDEV;
	static_call_init();
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_pstr_eq(fake.forbidden, environments[_i].forbidden);
	ck_assert_int_eq(sc_log_enabled(), environments[_i].logged);
	setenv("STATIC_CALL_PATCH", "0", 1);
	static_call_init();
	ck_assert_int_eq(fake.started, 1);
}
END_TEST

/* If the lock cannot be had the next one that comes tries again. */
START_TEST(test_initialised_later)
{
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_int_eq(static_call_init(), 0);
	ck_assert_int_eq(static_call_initialized, 0);
	ck_assert_int_eq(fake.started, 0);
	/* and the lock is still held */
	ck_assert_int_eq(sc_enter(), -EDEADLK);
	sc_leave();
	ck_assert_int_eq(static_call_init(), 0);
	ck_assert_int_eq(static_call_initialized, 1);
	ck_assert_int_eq(sc_enter(), 0);
	sc_leave();
}
END_TEST

/* Each key of a batch is logged, also one that there is not. */
static char logged[4096];
static int log_fd;

static void begin_log(void)
{
	setenv("STATIC_CALL_DEBUG", "1", 1);
	setup();
	ck_assert(sc_log_enabled());
	log_fd = memfd_create("unit-log", MFD_CLOEXEC);
	ck_assert_int_ge(log_fd, 0);
	ck_assert_int_eq(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
}

/* Whether a line of the log is @text, with anything where it has "*". */
static bool has_logged(const char *text)
{
	char pattern[512], *line, *rest = logged;
	ssize_t n = pread(log_fd, logged, sizeof(logged) - 1, 0);

	ck_assert_int_ge(n, 0);
	logged[n] = '\0';
	snprintf(pattern, sizeof(pattern), "libstaticcall: pid %d: %s",
		 (int)getpid(), text);
	while ((line = strsep(&rest, "\n")))
		if (fnmatch(pattern, line, 0) == 0)
			return true;
	return false;
}

START_TEST(test_logged_updates)
{
	const struct static_call_change changes[] = {
		{ keys + 1, (void *)one },
		{ keys, NULL },
	};

	begin_log();
	add(&module);
	ck_assert_int_eq(__static_call_update(keys + 1, NULL, (void *)two), 0);
	ck_assert(has_logged("update call_1: one -> two, 0 sites, 0 direct, * us"));
	ck_assert_int_eq(static_call_update_batch(changes, 2), 0);
	ck_assert(has_logged("update call_0: one -> NULL, 0 sites, 0 direct, * us, 1 of 2"));
	ck_assert(has_logged("update call_1: two -> one, 0 sites, 0 direct, * us, 2 of 2"));
	ck_assert_int_eq(__static_call_update(
		keys, NULL, (void *)__static_call_return0), 0);
	ck_assert(has_logged("update call_0: NULL -> RET0, *"));
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_ptr_eq(sc_registry_remove(module.state), &module);
	sc_leave();
	ck_assert(has_logged("module *test_registry: leaves, 3 keys, 12 sites, 9 direct"));
}
END_TEST

START_TEST(test_logged_failures)
{
	/* Not in .bss, which may be no mapping of the file. */
	static struct static_call_key unknown = { .func = (void *)two };
	const struct static_call_change changes[] = {
		{ keys, (void *)two },
		{ NULL, NULL },
		{ &unknown, (void *)two },
	};

	ck_assert_int_eq(static_call_update_batch(changes, 3), -EINVAL);
	begin_log();
	add(&module);
	ck_assert_int_eq(static_call_update_batch(changes, 3), -EINVAL);
	ck_assert(has_logged("update call_0: failed, not changed to two, 1 of 3, EINVAL: name each key once, and no NULL"));
	ck_assert(has_logged("update NULL: failed, not changed to NULL, 2 of 3, EINVAL: *"));
	ck_assert(has_logged("update unknown*: failed, not changed to two, 3 of 3, EINVAL: *"));
	fake.prepare_error = -EBUSY;
	fake.trouble = "a breakpoint stands on a call";
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), -EBUSY);
	ck_assert(has_logged("update call_0: failed, not changed to two, EBUSY (a breakpoint stands on a call): remove what *"));
	/* the reason is of that update alone */
	ck_assert_int_eq(static_call_update_batch(changes, 3), -EINVAL);
	ck_assert(!has_logged("update call_0: * EINVAL (*"));
	fake.prepare_error = 0;
	/* one that does not get as far as that */
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_int_eq(__static_call_update(keys, NULL, NULL), -EDEADLK);
	ck_assert(has_logged("update call_0: failed, not changed to NULL, EDEADLK: *"));
	sc_leave();
}
END_TEST

/* Some errors have no meaning for a caller, and are told as one that has. */
START_TEST(test_errors_that_are_told)
{
	static const int errors[] = { EINVAL, ENOMEM, EBUSY, EDEADLK, EPERM,
				      EACCES, EMFILE, ENFILE, EIO, ENOSYS };
	static struct static_call_key key;
	size_t i;

	static_call_init();
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fake.prepare_error = -errors[i];
		ck_assert_int_eq(__static_call_update(&key, NULL, NULL),
				 -errors[i]);
	}
	fake.prepare_error = -ENOENT;
	ck_assert_int_eq(__static_call_update(&key, NULL, NULL), -EACCES);
}
END_TEST

/* ------------------------------------------------------------ modules */

START_TEST(test_add_and_find)
{
	struct sc_key *entry;

	setup();
	ck_assert_ptr_null(sc_registry_find(keys));
	add(&module);
	ck_assert_int_eq(fake.adds, 1);
	entry = sc_registry_find(keys + 1);
	ck_assert_ptr_nonnull(entry);
	ck_assert_ptr_eq(entry->key, keys + 1);
	ck_assert_ptr_eq(entry->module, &module);
	ck_assert_str_eq(entry->name, "call_1");
	ck_assert_ptr_null(sc_registry_find(keys + 3));
	ck_assert_uint_eq(count_keys(), 3);
}
END_TEST

START_TEST(test_remove_forgets_what_was_defined)
{
	size_t i;

	setup();
	add(&module);
	plan.state = 0;
	ck_assert_ptr_null(sc_registry_remove(&user.state));
	ck_assert_int_eq(fake.removes, 0);
	ck_assert_ptr_eq(sc_registry_remove((char *)&plan), &module);
	ck_assert_int_eq(fake.removes, 1);
	ck_assert_int_eq(fake.orphans, 3);
	for (i = 0; i < 3; i++) {
		ck_assert_ptr_null(keys[i].static_call_owner);
		ck_assert_ptr_null(keys[i].static_call_entry);
	}
	ck_assert_uint_eq(count_keys(), 0);
	ck_assert_ptr_null(sc_registry_remove((char *)&plan));
}
END_TEST

/* A user first, then the definition: one entry, which gets its name. */
START_TEST(test_used_before_defined)
{
	struct sc_key *entry;

	setup();
	add(&user_module);
	/* it is known, and not ours: nothing was written to it */
	ck_assert_ptr_null(sc_registry_find(keys));
	ck_assert_ptr_null(keys[0].static_call_owner);
	ck_assert_int_eq(sc_enter(), 0);
	entry = sc_registry_lookup(keys);
	sc_leave();
	ck_assert_ptr_nonnull(entry);
	ck_assert_str_eq(entry->name, "");
	ck_assert_ptr_null(entry->module);
	ck_assert(!entry->owned);
	add(&module);
	ck_assert(entry->owned);
	ck_assert_ptr_eq(sc_registry_find(keys), entry);
	ck_assert_str_eq(entry->name, "call_0");
	ck_assert_uint_eq(entry->n_places, 1);
	ck_assert_uint_eq(count_keys(), 3);
	/* the user leaves: the definitions stay */
	ck_assert_ptr_eq(sc_registry_remove((char *)&user), &user_module);
	ck_assert_int_eq(fake.orphans, 0);
	ck_assert_ptr_eq(sc_registry_find(keys), entry);
	ck_assert_ptr_eq(sc_registry_remove((char *)&plan), &module);
	ck_assert_uint_eq(count_keys(), 0);
}
END_TEST

/* A key that is used here, and that another copy of the library defines then. */
START_TEST(test_used_key_becomes_another_copys)
{
	setup();
	add(&user_module);
	keys[0].static_call_owner = &another_copy;
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), -EPERM);
	ck_assert_int_eq(__static_call_update(keys + 1, NULL, (void *)two), 0);
	ck_assert_ptr_eq(keys[1].func, (void *)two);
	/* with its user the entries go, and the keys are not touched */
	sc_registry_find(keys + 1);
	sc_world->keys->n_places = sc_world->keys->next->n_places =
		sc_world->keys->next->next->n_places = 0;
	ck_assert_ptr_eq(sc_registry_remove((char *)&user), &user_module);
	ck_assert_uint_eq(count_keys(), 0);
	ck_assert_ptr_eq(keys[0].static_call_owner, &another_copy);
}
END_TEST

START_TEST(test_add_that_fails_adds_nothing)
{
	struct static_call_info info = { .size = sizeof(info) };
	size_t i;

	setup();
	fake.add_error = -ENOSYS;
	ck_assert_int_eq(sc_registry_add(&module), -ENOSYS);
	for (i = 0; i < 3; i++)
		ck_assert_ptr_null(sc_registry_find(keys + i));
	ck_assert_ptr_null(sc_registry_remove((char *)&plan));
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.modules, 0);
	ck_assert_uint_eq(info.keys, 0);
	fake.add_error = 0;
	add(&module);
	ck_assert_ptr_nonnull(sc_registry_find(keys));
}
END_TEST

/* Each allocation in turn fails; then everything is as before, and works. */
START_TEST(test_add_without_memory)
{
	int after, failed = 0;

	setup();
	plan.n_defines = MAX_KEYS;
	for (after = 0; after < 10; after++) {
		int err;

		sc_alloc_fail_after = after;
		err = sc_registry_add(&module);
		if (!err)
			break;
		failed++;
		ck_assert_int_eq(err, -ENOMEM);
		ck_assert_uint_eq(count_keys(), 0);
		ck_assert_ptr_null(keys[0].static_call_owner);
		ck_assert_ptr_null(keys[70].static_call_owner);
		ck_assert_ptr_null(sc_registry_remove((char *)&plan));
	}
	ck_assert_int_ge(failed, 1);
	ck_assert_int_lt(after, 10);
	ck_assert_uint_eq(count_keys(), MAX_KEYS);
}
END_TEST

/* Coming and going takes no more memory than the first time. */
START_TEST(test_entries_are_used_again)
{
	struct traces traces;
	int i;

	setup();
	plan.n_defines = MAX_KEYS;
	add(&module);
	sc_registry_remove((char *)&plan);
	traces_look(&traces);
	sc_alloc_fail_after = 0;
	for (i = 0; i < 100; i++) {
		add(&module);
		/* and nothing of whom it was before */
		ck_assert_uint_eq(sc_registry_find(keys)->n_places, 0);
		sc_registry_find(keys)->n_places = 5;
		sc_registry_find(keys + 1)->n_places = 5;
		ck_assert_ptr_eq(sc_registry_remove((char *)&plan), &module);
	}
	traces_same(&traces);
}
END_TEST

/* ------------------------------------------------------------- updates */

START_TEST(test_update)
{
	setup();
	add(&module);
	errno = EXDEV;
	ck_assert_int_eq(__static_call_update(keys + 1, NULL, (void *)two), 0);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_ptr_eq(keys[1].func, (void *)two);
	ck_assert_ptr_eq(__static_call_query(keys + 1), (void *)two);
	ck_assert_ptr_eq(keys[0].func, (void *)one);
	ck_assert_uint_eq(fake.n_changing, 1);
	ck_assert_ptr_eq(fake.changing[0], keys + 1);
	ck_assert_ptr_eq(fake.targets[0], (void *)two);
	/* the old target was in force until then */
	ck_assert_ptr_eq(fake.seen[0], (void *)one);
	ck_assert_int_eq(fake.commits, 1);
}
END_TEST

START_TEST(test_null_is_never_stored)
{
	setup();
	add(&module);
	ck_assert_int_eq(__static_call_update(keys, NULL, NULL), 0);
	ck_assert_ptr_eq(keys[0].func, (void *)&__static_call_nop);
	ck_assert_ptr_eq(fake.targets[0], (void *)&__static_call_nop);
	ck_assert_ptr_null(__static_call_query(keys));
}
END_TEST

START_TEST(test_kinds_of_targets)
{
	ck_assert_int_eq(sc_target_kind((void *)one), SC_TARGET_FUNC);
	ck_assert_int_eq(sc_target_kind((void *)&__static_call_nop),
			 SC_TARGET_NULL);
	ck_assert_int_eq(sc_target_kind((void *)&__static_call_return0),
			 SC_TARGET_RET0);
}
END_TEST

#ifdef SYS_membarrier
/*
 * How often all threads were synchronised, and how many updates had been committed
 * by the last time.
 */
static int barriers, committed;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Six arguments whatever the call has: the rest is not looked at. */
long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list args;
	int i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_membarrier) {
		barriers++;
		committed = fake.commits;
	}
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static bool has_membarrier(void)
{
	sc_sync_init();
	/* beside the question, one to register and one to try */
	return barriers > 2;
}

/* Threads that are running see the new target, and what it was patched to. */
START_TEST(test_update_synchronises_threads_when_it_has_committed)
{
	int before, i;

	setup();
	add(&module);
	for (i = 1; i <= 3; i++) {
		before = barriers;
		ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two),
				 0);
		ck_assert_int_gt(barriers, before);
		ck_assert_int_eq(committed, i);
	}
}
END_TEST
#endif

#ifdef SYS_membarrier
/* A program that forbids patching may forbid the calls, too. */
START_TEST(test_no_barrier_where_nothing_is_patched)
{
	setenv("STATIC_CALL_PATCH", "0", 1);
	static_call_init();
	ck_assert_int_eq(barriers, 0);
}
END_TEST
#endif

extern int (*sc_step_hook)(char step);
static int n_storing;

static int look_at_storing(char step)
{
	if (step == 'K') {
		ck_assert_ptr_eq(sc_world->storing, &sc_world->plan);
		n_storing++;
	}
	return 0;
}

/* The journal of an update, which a child of fork() reads. */
START_TEST(test_keys_are_being_stored)
{
	setup();
	add(&module);
	sc_step_hook = look_at_storing;
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), 0);
	ck_assert_int_eq(n_storing, 1);
	ck_assert_ptr_null(sc_world->storing);
}
END_TEST

/* Of a module that the library does not know: the key is all there is. */
START_TEST(test_update_of_an_unknown_key)
{
	setup();
	ck_assert_int_eq(__static_call_update(others, NULL, (void *)two), 0);
	ck_assert_ptr_eq(others[0].func, (void *)two);
	ck_assert_uint_eq(fake.n_changing, 0);
	ck_assert_ptr_null(others[0].static_call_owner);
}
END_TEST

START_TEST(test_batch)
{
	struct static_call_change changes[MAX_KEYS];
	size_t i;

	setup();
	plan.n_defines = MAX_KEYS;
	add(&module);
	for (i = 0; i < MAX_KEYS; i++)
		changes[i] = (struct static_call_change){ keys + i,
							  (void *)two };
	ck_assert_int_eq(static_call_update_batch(changes, MAX_KEYS), 0);
	expect_targets(MAX_KEYS, (void *)two);
	ck_assert_int_eq(fake.prepares, 1);
	ck_assert_int_eq(fake.commits, 1);
	ck_assert_uint_eq(fake.n_changing, MAX_KEYS);
	ck_assert_int_eq(static_call_update_batch(changes, 0), 0);
	ck_assert_int_eq(static_call_update_batch(NULL, 0), 0);
	ck_assert_int_eq(static_call_update_batch(NULL, 1), -EINVAL);
	ck_assert_int_eq(fake.prepares, 1);
}
END_TEST

START_TEST(test_backend_refuses)
{
	const struct static_call_change changes[] = {
		{ keys, (void *)two }, { keys + 2, NULL },
		{ others, (void *)two },
	};
	const int errors[] = { -EBUSY, -EMFILE, -EPERM, -EIO, -ENOMEM };

	setup();
	add(&module);
	fake.prepare_error = errors[_i];
	errno = EXDEV;
	ck_assert_int_eq(static_call_update_batch(changes, 3), errors[_i]);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_eq(fake.commits, 0);
	expect_targets(3, (void *)one);
	ck_assert_ptr_eq(others[0].func, (void *)one);
	/* and the next one works */
	fake.prepare_error = 0;
	ck_assert_int_eq(static_call_update_batch(changes, 3), 0);
	ck_assert_ptr_eq(keys[0].func, (void *)two);
}
END_TEST

/*
 * Batches that are refused, each with its fault first, in the middle and last:
 * a key twice, no key, a key of another copy of the library.
 */
START_TEST(test_bad_batch)
{
	size_t at = (size_t)_i % 3, kind = (size_t)_i / 3, i;
	struct static_call_change changes[4];

	setup();
	add(&module);
	others[0].static_call_owner = &another_copy;
	for (i = 0; i < 3; i++)
		changes[i] = (struct static_call_change){ keys + i,
							  (void *)two };
	changes[3] = (struct static_call_change){ others + 1, (void *)two };
	if (kind == 0)
		changes[at + (at < 2)].key = changes[0 + (at == 2)].key;
	else
		changes[at].key = kind == 1 ? NULL : others;
	ck_assert_int_eq(static_call_update_batch(changes, 4),
			 kind == 2 ? -EPERM : -EINVAL);
	ck_assert_int_eq(fake.prepares, 0);
	ck_assert_int_eq(fake.commits, 0);
	expect_targets(3, (void *)one);
	for (i = 0; i < 2; i++)
		ck_assert_ptr_eq(others[i].func, (void *)one);
	/* nothing is left of it */
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), 0);
	ck_assert_uint_eq(fake.n_changing, 1);
}
END_TEST

/* Text that can be patched by now is, before anything else. */
START_TEST(test_an_update_patches_all_where_it_can)
{
	setup();
	add(&module);
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), 0);
	ck_assert_int_eq(fake.prepares, 1);
	fake.can_patch_now = true;
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)one), 0);
	ck_assert_int_eq(fake.prepares, 3);
	ck_assert_int_eq(fake.commits, 3);
	expect_targets(3, (void *)one);
}
END_TEST

/* Two of one unknown key: known or not makes no difference. */
START_TEST(test_unknown_key_twice)
{
	const struct static_call_change changes[] = {
		{ others, (void *)two }, { others, (void *)one },
	};

	setup();
	ck_assert_int_eq(static_call_update_batch(changes, 2), -EINVAL);
	ck_assert_ptr_eq(others[0].func, (void *)one);
}
END_TEST

START_TEST(test_key_of_another_copy)
{
	setup();
	keys[1].static_call_owner = &another_copy;
	keys[1].static_call_entry = &another_copy;
	ck_assert(sc_registry_is_foreign(keys + 1));
	ck_assert(!sc_registry_is_foreign(keys));
	ck_assert_ptr_null(sc_registry_find(keys + 1));
	ck_assert_int_eq(__static_call_update(keys + 1, NULL, (void *)two),
			 -EPERM);
	ck_assert_ptr_eq(keys[1].func, (void *)one);
	/* a module that defines it cannot be had, and the key stays theirs */
	ck_assert_int_eq(sc_registry_add(&module), -ENOMEM);
	ck_assert_ptr_eq(keys[1].static_call_owner, &another_copy);
	ck_assert_ptr_eq(keys[1].static_call_entry, &another_copy);
	ck_assert_ptr_null(keys[0].static_call_owner);
}
END_TEST

static int nested[4];

static void update_in_update(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	nested[0] = __static_call_update(keys + 1, NULL, (void *)two);
	nested[1] = static_call_get_info(&info);
	nested[2] = static_call_text_reserved(keys, keys);
	nested[3] = static_call_for_each_site(NULL, NULL);
}

/* A second try by the same thread does not hang. */
START_TEST(test_update_in_an_update)
{
	setup();
	add(&module);
	fake.during_prepare = update_in_update;
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), 0);
	ck_assert_int_eq(nested[0], -EDEADLK);
	ck_assert_int_eq(nested[1], -EDEADLK);
	ck_assert_int_eq(nested[2], -EDEADLK);
	ck_assert_int_eq(nested[3], -EINVAL);
	ck_assert_int_eq(fake.prepares, 1);
	ck_assert_ptr_eq(keys[0].func, (void *)two);
	ck_assert_ptr_eq(keys[1].func, (void *)one);
}
END_TEST

/* ---------------------------------------- definitions one by one */

START_TEST(test_define_and_undefine)
{
	struct static_call_definition def = {
		.static_call_def_key = others,
		.static_call_def_name = "x",
	};

	setup();
	errno = EXDEV;
	static_call_define(&def);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_ptr_nonnull(sc_registry_find(others));
	ck_assert_str_eq(sc_registry_find(others)->name, "x");
	static_call_undefine(&def);
	ck_assert_ptr_null(sc_registry_find(others));
	ck_assert_str_eq(fake.orphan, "x");
	/* twice does no harm */
	static_call_undefine(&def);
	ck_assert_int_eq(fake.orphans, 1);
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_registry_define_one(others, "x", false), 0);
}
END_TEST

START_TEST(test_define_without_memory)
{
	setup();
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_registry_define_one(others, "x", false), -ENOMEM);
	ck_assert_ptr_null(others[0].static_call_owner);
	ck_assert_int_eq(sc_registry_define_one(others, "x", false), 0);
}
END_TEST

/* A module that leaves takes no single definition with it. */
START_TEST(test_single_definitions_stay)
{
	setup();
	ck_assert_int_eq(sc_registry_define_one(others, "x", false), 0);
	add(&module);
	sc_registry_remove((char *)&plan);
	ck_assert_ptr_nonnull(sc_registry_find(others));
	ck_assert_uint_eq(count_keys(), 1);
}
END_TEST

/* ------------------------------------------------------------ reports */

START_TEST(test_info)
{
	struct static_call_info info = { .size = sizeof(info) };

	setup();
	add(&module);
	add(&user_module);
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_str_eq(info.backend, "paper");
	ck_assert_str_eq(static_call_backend(), "paper");
	ck_assert_int_eq(info.patching, 1);
	ck_assert_ptr_null(info.reason);
	ck_assert_uint_eq(info.modules, 2);
	ck_assert_uint_eq(info.keys, 3);
	ck_assert_uint_eq(info.updates, 0);
	ck_assert_uint_eq(info.updates_refused, 0);
	ck_assert_uint_eq(info.sites, 12);
	ck_assert_uint_eq(info.sites_waiting, 3);
	ck_assert_uint_eq(info.size, sizeof(info));
	fake.reason = "why not";
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_int_eq(info.patching, 0);
	ck_assert_str_eq(info.reason, "why not");
	ck_assert_uint_eq(info.modules_without_hook, 0);
	user_module.without_hook = true;
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.modules_without_hook, 1);
	ck_assert_str_eq(info.reason, "why not");
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), 0);
	ck_assert_int_lt(__static_call_update(NULL, NULL, (void *)two), 0);
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)one), 0);
	/* which is a reason, too */
	fake.reason = NULL;
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_ptr_nonnull(info.reason);
	ck_assert_uint_eq(info.updates, 2);
	ck_assert_uint_eq(info.updates_refused, 1);
	user_module.without_hook = false;
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_ptr_null(info.reason);
	fake.trouble = "what is wrong";
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_str_eq(info.reason, "what is wrong");
	ck_assert_int_eq(info.patching, 1);
	fake.trouble = NULL;
	user_module.edited = true;
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_str_eq(info.reason,
			 "a program or library was edited after the link");
	ck_assert_int_eq(info.patching, 1);
}
END_TEST

/* A report tells what the system allows, so it asks. */
START_TEST(test_info_initialises)
{
	struct static_call_info info = { .size = sizeof(info) };

	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_int_eq(static_call_initialized, 1);
}
END_TEST

/* A program built with an older or newer header. */
START_TEST(test_info_of_another_size)
{
	struct {
		struct static_call_info info;
		size_t behind;
	} big = { .info.size = sizeof(big), .behind = 77 };
	struct static_call_info small;
	size_t size = offsetof(struct static_call_info, modules);

	setup();
	ck_assert_int_eq(static_call_get_info(&big.info), 0);
	ck_assert_uint_eq(big.info.size, sizeof(big.info));
	ck_assert_uint_eq(big.behind, 77);
	memset(&small, 0x55, sizeof(small));
	small.size = size;
	ck_assert_int_eq(static_call_get_info(&small), 0);
	ck_assert_uint_eq(small.size, size);
	ck_assert_uint_eq(small.modules, SIZE_MAX / 3);
	ck_assert_str_eq(small.backend, "paper");
	small.size = offsetof(struct static_call_info, reason);
	ck_assert_int_eq(static_call_get_info(&small), 0);
	small.size = offsetof(struct static_call_info, reason) - 1;
	ck_assert_int_eq(static_call_get_info(&small), -EINVAL);
	ck_assert_int_eq(static_call_get_info(NULL), -EINVAL);
}
END_TEST

START_TEST(test_text_reserved)
{
	const char *p = (const char *)(sites + 1);

	setup();
	ck_assert_int_eq(static_call_text_reserved(p, p), 1);
	ck_assert_int_eq(static_call_text_reserved(p - 9, p), 1);
	ck_assert_int_eq(static_call_text_reserved(p - 9, p - 1), 0);
	ck_assert_int_eq(static_call_text_reserved(p, p - 1), -EINVAL);
}
END_TEST

static int visited;

/* Callbacks run without the lock: this one updates. */
static int visit_key(const struct static_call_key_info *info, void *arg)
{
	ck_assert_uint_eq(info->size, sizeof(*info));
	ck_assert_int_eq(strncmp(info->name, "call_", 5), 0);
	ck_assert_ptr_eq(info->func, info->key == keys ? NULL : (void *)one);
	ck_assert_uint_eq(info->sites, 1);
	ck_assert_uint_eq(info->sites_patched, 0);
	ck_assert_int_eq(__static_call_update(info->key, NULL, (void *)two), 0);
	/* the copy outlives the module */
	if (!visited++) {
		ck_assert_ptr_nonnull(sc_registry_remove((char *)&plan));
		memset(names, 'z', sizeof(names));
	}
	return visited == *(int *)arg ? -77 : 0;
}

START_TEST(test_for_each_key)
{
	int stop_after = _i;

	setup();
	add(&module);
	add(&user_module);
	ck_assert_int_eq(__static_call_update(keys, NULL, NULL), 0);
	ck_assert_int_eq(static_call_for_each_key(visit_key, &stop_after),
			 _i ? -77 : 0);
	ck_assert_int_eq(visited, _i ? _i : 3);
	ck_assert_int_eq(static_call_for_each_key(NULL, NULL), -EINVAL);
}
END_TEST

static int visit_site(const struct static_call_site_info *info, void *arg)
{
	ck_assert_ptr_eq(info->addr, sites[visited].addr);
	ck_assert_str_eq(info->name, visited == 2 ? "" : "call_0");
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), 0);
	/* the copies outlive the module */
	if (!visited++)
		memset(names, 'z', sizeof(names));
	return 0;
}

START_TEST(test_for_each_site)
{
	size_t i;

	setup();
	add(&module);
	sc_registry_find(keys)->n_places = 2;
	for (i = 0; i < 3; i++) {
		sites[i].addr = keys + i;
		sites[i].name = i == 2 ? "" : sc_registry_find(keys)->name;
	}
	ck_assert_int_eq(static_call_for_each_site(visit_site, NULL), 0);
	ck_assert_int_eq(visited, 3);
	ck_assert_int_eq(static_call_for_each_site(NULL, NULL), -EINVAL);
}
END_TEST

/* Names that do not fit are told all the same, in several steps. */
static int visit_long_name(const struct static_call_key_info *info, void *arg)
{
	size_t *lengths = arg;

	ck_assert_int_lt(visited, 3);
	lengths[visited++] = strlen(info->name);
	return 0;
}

START_TEST(test_walk_with_long_names)
{
	static char name[3][5000];
	const size_t room = 2048;
	size_t lengths[3], total = 0;
	int i;

	setup();
	add(&module);
	add(&user_module);
	for (i = 0; i < 3; i++) {
		memset(name[i], 'n', _i == 0 ? room / 2 : i == 1 ? 4000 : 10);
		sc_registry_find(keys + i)->name = name[i];
	}
	ck_assert_int_eq(static_call_for_each_key(visit_long_name, lengths), 0);
	ck_assert_int_eq(visited, 3);
	for (i = 0; i < 3; i++)
		total += lengths[i];
	ck_assert_uint_eq(total, _i == 0 ? room / 2 * 3 : room - 1 + 20);
	ck_assert_int_eq(sc_enter(), 0);
	sc_leave();
}
END_TEST

/* One that fills all of the room is too long by the end of it. */
START_TEST(test_walk_with_a_name_as_long_as_the_room)
{
	static char name[2049];
	size_t length;

	setup();
	plan.n_defines = 1;
	add(&module);
	memset(name, 'n', (size_t)_i);
	sc_registry_find(keys)->name = name;
	ck_assert_int_eq(static_call_for_each_key(visit_long_name, &length), 0);
	ck_assert_int_eq(visited, 1);
	ck_assert_uint_eq(length, 2047);
}
END_TEST

static int note_site(const struct static_call_site_info *info, void *arg)
{
	size_t *lengths = arg;

	ck_assert_int_lt(visited, 3);
	ck_assert_ptr_eq(info->addr, sites[visited].addr);
	lengths[visited++] = strlen(info->name);
	return 0;
}

/* The same of sites. */
START_TEST(test_walk_of_sites_with_long_names)
{
	static char name[3][1500];
	size_t lengths[3];
	int i;

	setup();
	for (i = 0; i < 3; i++) {
		memset(name[i], 'n', 1024);
		sites[i].addr = keys + i;
		sites[i].name = name[i];
	}
	ck_assert_int_eq(static_call_for_each_site(note_site, lengths), 0);
	ck_assert_int_eq(visited, 3);
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(lengths[i], 1024);
	ck_assert_int_eq(sc_enter(), 0);
	/* and while this thread is inside there is no walk */
	ck_assert_int_eq(static_call_for_each_site(note_site, lengths),
			 -EDEADLK);
	ck_assert_int_eq(static_call_for_each_key(visit_long_name, lengths),
			 -EDEADLK);
	ck_assert_int_eq(visited, 3);
	sc_leave();
}
END_TEST

static int visit_once(const struct static_call_key_info *info, void *arg)
{
	bool *seen = arg;

	ck_assert(!seen[info->key - keys]);
	seen[info->key - keys] = true;
	visited++;
	return 0;
}

/* What lies on the stack from before is not where a walk begins. */
static NOINLINE void use_the_stack(void)
{
	volatile char used[8192];
	size_t i;

	for (i = 0; i < sizeof(used); i++)
		used[i] = 0x55;
}

START_TEST(test_walk_of_many_keys)
{
	bool seen[MAX_KEYS] = { false };

	setup();
	plan.n_defines = MAX_KEYS;
	add(&module);
	use_the_stack();
	ck_assert_int_eq(static_call_for_each_key(visit_once, seen), 0);
	ck_assert_int_eq(visited, MAX_KEYS);
}
END_TEST

START_TEST(test_find)
{
	setup();
	ck_assert_ptr_null(static_call_find("call_0"));
	add(&module);
	add(&user_module);
	ck_assert_ptr_eq(static_call_find("call_0"), keys);
	ck_assert_ptr_null(static_call_find("call_"));
	ck_assert_ptr_null(static_call_find(""));
	ck_assert_ptr_null(static_call_find(NULL));
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_ptr_null(static_call_find("call_0"));
	sc_leave();
	/* two of one name */
	ck_assert_ptr_eq(static_call_find("call_1"), keys + 1);
	strcpy(names[1], "call_0");
	ck_assert_ptr_null(static_call_find("call_0"));
	strcpy(names[1], "call_1");
	ck_assert_ptr_eq(static_call_find("call_0"), keys);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("registry");

	tcase_add_test(tc, test_initialised_once);
	tcase_add_loop_test(tc, test_environment, 0, N_ENVIRONMENTS);
	tcase_add_test(tc, test_initialised_later);
	unit_add_if(tc, test_logged_updates, 0, 1, maps_are_ours);
	unit_add_if(tc, test_logged_failures, 0, 1, maps_are_ours);
	tcase_add_test(tc, test_errors_that_are_told);
	tcase_add_test(tc, test_add_and_find);
	tcase_add_test(tc, test_remove_forgets_what_was_defined);
	tcase_add_test(tc, test_used_before_defined);
	tcase_add_test(tc, test_used_key_becomes_another_copys);
	tcase_add_test(tc, test_add_that_fails_adds_nothing);
	tcase_add_test(tc, test_add_without_memory);
	tcase_add_test(tc, test_entries_are_used_again);
	tcase_add_test(tc, test_update);
#ifdef SYS_membarrier
	unit_add_if(tc, test_update_synchronises_threads_when_it_has_committed,
		    0, 1, has_membarrier);
#endif
#ifdef SYS_membarrier
	tcase_add_test(tc, test_no_barrier_where_nothing_is_patched);
#endif
	tcase_add_test(tc, test_keys_are_being_stored);
	tcase_add_test(tc, test_null_is_never_stored);
	tcase_add_test(tc, test_kinds_of_targets);
	tcase_add_test(tc, test_update_of_an_unknown_key);
	tcase_add_test(tc, test_batch);
	tcase_add_loop_test(tc, test_backend_refuses, 0, 5);
	tcase_add_loop_test(tc, test_bad_batch, 0, 9);
	tcase_add_test(tc, test_an_update_patches_all_where_it_can);
	tcase_add_test(tc, test_unknown_key_twice);
	tcase_add_test(tc, test_key_of_another_copy);
	tcase_add_test(tc, test_update_in_an_update);
	tcase_add_test(tc, test_define_and_undefine);
	tcase_add_test(tc, test_define_without_memory);
	tcase_add_test(tc, test_single_definitions_stay);
	tcase_add_test(tc, test_info);
	tcase_add_test(tc, test_info_initialises);
	tcase_add_test(tc, test_info_of_another_size);
	tcase_add_test(tc, test_text_reserved);
	tcase_add_loop_test(tc, test_for_each_key, 0, 3);
	tcase_add_test(tc, test_for_each_site);
	tcase_add_loop_test(tc, test_walk_with_long_names, 0, 2);
	tcase_add_loop_test(tc, test_walk_with_a_name_as_long_as_the_room, 2047,
			    2049);
	tcase_add_test(tc, test_walk_of_sites_with_long_names);
	tcase_add_test(tc, test_walk_of_many_keys);
	tcase_add_test(tc, test_find);
	return unit_end();
}
