/* SPDX-License-Identifier: MIT */
/*
 * test_watch.c - which libraries are watched for the debug log, and what is said
 * as they leave; of libraries that the test has made, on the backend of paper.h.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <static_call/api.h>

#include "enter.h"
#include "loaded.h"
#include "mem.h"
#include "permanent.h"
#include "registry.h"
#include "unit.h"
#include "watch.h"

/* As in watch.c. */
#define MAX_WORDS	16
#define MAX_LIBRARIES	32
#define MAX_BYTES	(1ul << 20)

/* --------------------------------------------------- libraries in memory */

#define N_DATA		20

/* One behind the other: where one ends the next begins. */
static struct library {
	uintptr_t code[8];
	uintptr_t data[N_DATA];
	struct static_call_key key;
	uintptr_t constants[8];
} libraries[MAX_LIBRARIES + 1] __attribute__((aligned(16)));

/* What lies far behind the start of the data. */
static uintptr_t large[MAX_BYTES / sizeof(uintptr_t) + 2];

/* Where its data is said to be; NULL: where it is. */
static char *data_start, *data_end;
static bool stays, library_stays = true;
static int read_error;

int __wrap_sc_loaded_read(const void *address, struct sc_loaded **out);
bool __wrap_sc_is_permanent(const void *address);
int __wrap___cxa_atexit(void (*fn)(void *), void *arg, void *dso);

static struct library *holder(const void *address)
{
	size_t i;

	for (i = 0; i <= MAX_LIBRARIES; i++)
		if (address >= (void *)(libraries + i) &&
		    address < (void *)(libraries + i + 1))
			return libraries + i;
	return NULL;
}

/* The first of all segments comes first, the last in the middle. */
int __wrap_sc_loaded_read(const void *address, struct sc_loaded **out)
{
	struct library *lib = holder(address);
	struct sc_load loads[] = {
		{ (uintptr_t)lib->code, (uintptr_t)lib->data,
		  SC_LOAD_READ | SC_LOAD_EXEC },
		{ (uintptr_t)lib->constants, (uintptr_t)(lib + 1),
		  SC_LOAD_READ },
		{ (uintptr_t)lib->data, (uintptr_t)lib->constants,
		  SC_LOAD_READ | SC_LOAD_WRITE },
	};
	const size_t size = sizeof(struct sc_loaded) + sizeof(loads);
	struct sc_loaded *loaded;

	*out = NULL;
	if (read_error)
		return read_error;
	if (data_start)
		loads[2] = (struct sc_load){ (uintptr_t)data_start,
					     (uintptr_t)data_end,
					     SC_LOAD_READ | SC_LOAD_WRITE };
	loaded = sc_alloc(size);
	ck_assert_ptr_nonnull(loaded);
	loaded->size = size;
	loaded->loads = (void *)(loaded + 1);
	memcpy(loaded->loads, loads, sizeof(loads));
	loaded->n_own = loaded->n_loads = sizeof(loads) / sizeof(loads[0]);
	*out = loaded;
	return 0;
}

bool __wrap_sc_is_permanent(const void *address)
{
	return holder(address) ? stays : library_stays;
}

/* What was registered, in order; none of it runs but by leave(). */
static struct {
	void (*fn)(void *);
	void *arg, *dso;
} exits[2 * MAX_LIBRARIES];
static size_t n_exits;

int __wrap___cxa_atexit(void (*fn)(void *), void *arg, void *dso)
{
	ck_assert_uint_lt(n_exits, sizeof(exits) / sizeof(exits[0]));
	exits[n_exits].fn = fn;
	exits[n_exits].arg = arg;
	exits[n_exits++].dso = dso;
	return 0;
}

/* What the last destructor of @dso runs, or exit() where that is NULL. */
static void leave(const void *dso)
{
	size_t i = n_exits;

	while (i--)
		if (exits[i].fn && (!dso || exits[i].dso == dso)) {
			exits[i].fn(exits[i].arg);
			exits[i].fn = NULL;
		}
}

static void expect_words(const uintptr_t *first, size_t n)
{
	size_t i;

	ck_assert_uint_eq(n_exits, n + 1);
	for (i = 0; i < n; i++) {
		ck_assert_ptr_eq(exits[i].arg, first + i);
		ck_assert_ptr_eq(exits[i].dso, first + i);
	}
	ck_assert_ptr_null(exits[n].dso);
}

/* ------------------------------------------------------------- fixtures */

static struct static_call_key a, b;
static int log_file;
static off_t seen;

static void lead(struct static_call_key *key, const void *to)
{
	ck_assert_int_eq(__static_call_update(key, NULL, (void *)to), 0);
}

/* The word that says where it is, behind one that does not. */
static uintptr_t *handle(struct library *lib)
{
	return lib->data + 1;
}

static void setup(void)
{
	size_t i;

	for (i = 0; i <= MAX_LIBRARIES; i++)
		*handle(libraries + i) = (uintptr_t)handle(libraries + i);
	log_file = memfd_create("unit-log", MFD_CLOEXEC);
	ck_assert_int_ge(log_file, 0);
	ck_assert_int_eq(dup2(log_file, STDERR_FILENO), STDERR_FILENO);
	setenv("STATIC_CALL_DEBUG", "1", 1);
	static_call_init();
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_int_eq(sc_registry_define_one(&a, "a", false), 0);
	ck_assert_int_eq(sc_registry_define_one(&b, "b", false), 0);
	sc_leave();
	n_exits = 0;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* Since the last time each of the two was named so often, and nothing else. */
static void expect_named(unsigned int n_a, unsigned int n_b)
{
	char text[4096];
	ssize_t n = pread(log_file, text, sizeof(text) - 1, seen);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	seen += n;
	ck_assert_uint_eq(count(text, "key a: its target leaves"), n_a);
	ck_assert_uint_eq(count(text, "key b: its target leaves"), n_b);
	ck_assert_uint_eq(count(text, "its target leaves"), n_a + n_b);
}

/* --------------------------------------------------------- what is named */

/* From the first byte of the library to its last, and not the next one's. */
START_TEST(test_a_target_that_leaves_is_named)
{
	struct library *lib = libraries;

	setup();
	lead(&a, _i ? (char *)(lib + 1) - 1 : (char *)lib);
	lead(&b, lib + 1);
	expect_named(0, 0);
	leave(handle(lib));
	expect_named(1, 0);
	leave(handle(lib + 1));
	expect_named(0, 1);
}
END_TEST

/* A library that leaves takes its own keys with it. */
START_TEST(test_own_keys_are_not_named)
{
	struct library *lib = libraries;

	setup();
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_int_eq(sc_registry_define_one(&lib->key, "own", false), 0);
	sc_leave();
	lead(&lib->key, lib->code);
	lead(&a, lib->code);
	leave(handle(lib));
	expect_named(1, 0);
}
END_TEST

/* One that is loaded again is another. */
START_TEST(test_watched_once_and_again)
{
	struct library *lib = libraries;

	setup();
	lead(&a, lib->code);
	lead(&b, lib->code + 1);
	lead(&a, lib->code + 2);
	expect_words(handle(lib), 1);
	leave(handle(lib));
	expect_named(1, 1);
	n_exits = 0;
	lead(&a, lib->code);
	expect_words(handle(lib), 1);
	lead(&b, lib + 1);
	leave(handle(lib));
	expect_named(1, 0);
}
END_TEST

/* All are told that they end, the last first. */
START_TEST(test_none_is_named_as_the_process_ends)
{
	setup();
	lead(&a, libraries);
	lead(&b, libraries + 1);
	leave(NULL);
	expect_named(0, 0);
}
END_TEST

/* And whose lock is held keeps it. */
START_TEST(test_nothing_is_done_while_the_lock_is_held)
{
	const struct static_call_change change = {
		&b, (void *)(libraries + 1),
	};

	setup();
	lead(&a, libraries);
	ck_assert_int_eq(sc_enter(), 0);
	sc_watch_targets(&change, 1);
	expect_words(handle(libraries), 1);
	leave(handle(libraries));
	expect_named(0, 0);
	ck_assert_int_eq(sc_enter(), -EDEADLK);
	sc_leave();
}
END_TEST

/* ------------------------------------------------------- what is watched */

static void stays_itself(void)
{
	stays = true;
}

static void cannot_be_read(void)
{
	read_error = -ENOENT;
}

static void copy_leaves(void)
{
	library_stays = false;
}

static void (*const reasons[])(void) = {
	stays_itself, cannot_be_read, copy_leaves,
};
#define N_REASONS	((int)(sizeof(reasons) / sizeof(reasons[0])))

START_TEST(test_what_is_not_watched)
{
	setup();
	reasons[_i]();
	lead(&a, libraries);
	ck_assert_uint_eq(n_exits, 0);
}
END_TEST

/* Each of a batch; and no memory is left over. */
START_TEST(test_a_batch)
{
	const struct static_call_change changes[] = {
		{ &a, (void *)libraries }, { &b, (void *)(libraries + 1) },
	};
	struct traces before;

	setup();
	lead(&a, libraries + 2);
	n_exits = 0;
	traces_look(&before);
	ck_assert_int_eq(static_call_update_batch(changes, 2), 0);
	traces_same(&before);
	ck_assert_uint_eq(n_exits, 4);
	ck_assert_ptr_eq(exits[0].dso, handle(libraries));
	ck_assert_ptr_eq(exits[2].dso, handle(libraries + 1));
}
END_TEST

/* When one of them leaves there is room for another. */
START_TEST(test_more_libraries_than_are_watched)
{
	struct library *last = libraries + MAX_LIBRARIES;
	int i;

	setup();
	for (i = 0; i < MAX_LIBRARIES; i++)
		lead(&a, libraries + i);
	ck_assert_uint_eq(n_exits, 2 * MAX_LIBRARIES);
	n_exits = 0;
	lead(&a, last);
	ck_assert_uint_eq(n_exits, 0);
}
END_TEST

START_TEST(test_room_for_another_library)
{
	struct library *last = libraries + MAX_LIBRARIES;
	int i;

	setup();
	for (i = 0; i < MAX_LIBRARIES; i++)
		lead(&a, libraries + i);
	leave(handle(libraries + _i));
	expect_named(_i == MAX_LIBRARIES - 1, 0);
	n_exits = 0;
	lead(&a, last);
	expect_words(handle(last), 1);
	leave(handle(last));
	expect_named(1, 0);
}
END_TEST

/* ------------------------------------------------------------- its handle */

static void fill(uintptr_t *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		words[i] = (uintptr_t)(words + i);
}

#define W	sizeof(uintptr_t)

/* Data from here to there, in bytes, and the words that may be the handle. */
static const struct {
	size_t start, end, first, n;
} words[] = {
	{ 0, 5 * W, 0, 5 },
	{ W, 5 * W, 1, 4 },
	{ 1, 5 * W, 1, 4 },
	{ W - 1, 5 * W, 1, 4 },
	{ W + 1, 5 * W, 2, 3 },
	{ 2 * W - 1, 5 * W, 2, 3 },
	{ 0, 5 * W + 1, 0, 5 },
	{ 0, 5 * W - 1, 0, 4 },
	{ 1, W - 1, 0, 0 },
	{ 0, MAX_WORDS * W, 0, MAX_WORDS },
	{ 0, MAX_WORDS * W + W, 0, MAX_WORDS },
	{ W, N_DATA * W, 1, MAX_WORDS },
};
#define N_CASES	((int)(sizeof(words) / sizeof(words[0])))

/* Words of code and constants are none, though they say where they are. */
START_TEST(test_which_words_may_be_the_handle)
{
	struct library *lib = libraries;

	setup();
	fill(lib->code, 8);
	fill(lib->data, N_DATA);
	fill(lib->constants, 8);
	data_start = (char *)lib->data + words[_i].start;
	data_end = (char *)lib->data + words[_i].end;
	lead(&a, lib);
	expect_words(lib->data + words[_i].first, words[_i].n);
}
END_TEST

/* Large data is searched, but not to its end. */
START_TEST(test_the_handle_is_near_the_start_of_the_data)
{
	const size_t n = MAX_BYTES / sizeof(large[0]);

	setup();
	fill(large + n - 1, 3);
	data_start = (char *)large;
	data_end = (char *)(large + n + _i);
	lead(&a, libraries);
	expect_words(large + n - 1, 1);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("watch");

	tcase_add_loop_test(tc, test_a_target_that_leaves_is_named, 0, 2);
	tcase_add_test(tc, test_own_keys_are_not_named);
	tcase_add_test(tc, test_watched_once_and_again);
	tcase_add_test(tc, test_none_is_named_as_the_process_ends);
	tcase_add_test(tc, test_nothing_is_done_while_the_lock_is_held);
	tcase_add_loop_test(tc, test_what_is_not_watched, 0, N_REASONS);
	tcase_add_test(tc, test_a_batch);
	tcase_add_test(tc, test_more_libraries_than_are_watched);
	tcase_add_loop_test(tc, test_room_for_another_library, 0,
			    MAX_LIBRARIES);
	tcase_add_loop_test(tc, test_which_words_may_be_the_handle, 0, N_CASES);
	tcase_add_loop_test(
		tc, test_the_handle_is_near_the_start_of_the_data, 0, 3);
	return unit_end();
}
