/* SPDX-License-Identifier: MIT */
/*
 * test_text.c - the text engine: what it writes, what it leaves behind, and what
 * happens when any of its steps fails.
 */
#include "sc_config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sample.h"
#include "maps.h"
#include "unit.h"
#include "wrap.h"

/* -------------------------------------------------------------- plain */

START_TEST(test_start_leaves_nothing)
{
	traces_look(&traces);
	start_and_swap();
	ck_assert(sc_text_enabled());
	ck_assert_ptr_null(sc_text_reason());
	ck_assert_int_eq(sc_probe_function(), 1);
	/* what stays is the engine's room for one range */
	ck_assert_int_eq(sc_text_reserve(1), 0);
	traces_look(&traces);
	start_and_swap();
	ck_assert_int_eq(sc_probe_function(), 1);
	traces_same(&traces);
}
END_TEST

/*
 * The probe gives its page back to the file.  Nothing else is on it, so nobody's
 * breakpoint is lost.
 */
START_TEST(test_probe_has_a_page_of_its_own)
{
	const uint8_t *page = (const uint8_t *)(uintptr_t)sc_probe_function;
	size_t i;

	ck_assert_uint_eq((uintptr_t)page % SC_PAGE, 0);
	for (i = SC_PROBE_LEN + 1; i < SC_PAGE; i++)
		ck_assert_uint_eq(page[i], 0xcc);
}
END_TEST

static void update_and_back(int mode, int shape)
{
	size_t first = shapes[shape].first, step = shapes[shape].step;
	int value;

	start();
	begin(mode, shapes[shape].pages, shapes[shape].per_page);
	for (value = 2; value < 5; value++) {
		ck_assert_int_eq(code_update(&code, first, step, value), 0);
		expect_all(first, step, value);
		finish();
	}
	ck_assert_int_eq(code_update(&code, first, step, CODE_PRISTINE), 0);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
}

START_TEST(test_update_alone)
{
	update_and_back(ALONE, _i);
}
END_TEST

START_TEST(test_update_in_company)
{
	update_and_back(COMPANY, _i);
	ck_assert_ptr_null(strchr(steps_seen, 'A'));
	ck_assert_ptr_nonnull(strchr(steps_seen, 'D'));
}
END_TEST

/*
 * Parts of a mapping that first moved apart must not stay apart, where the copy
 * is written through the mem file.
 */
START_TEST(test_first_update_leaves_one_mapping)
{
	struct sc_maps maps;
	struct sc_vma vma;

	start();
	sc_system.can_flip = false;
	code_make(&code, shapes[_i].pages, shapes[_i].per_page);
	company_start();
	ck_assert_int_eq(code_update(&code, shapes[_i].first, shapes[_i].step,
				     2), 0);
	expect_all(shapes[_i].first, shapes[_i].step, 2);
	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	ck_assert_int_eq(sc_maps_find(&maps, code.text.start, &vma), 0);
	ck_assert_uint_eq(vma.start, code.text.start);
	ck_assert_uint_eq(vma.end, code.text.end);
	sc_maps_close(&maps);
}
END_TEST

/* The mappings of [@from, @to). */
static size_t count_mappings(uintptr_t from, uintptr_t to)
{
	struct sc_maps maps;
	struct sc_vma vma;
	size_t n = 0;

	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	for (; from < to; from = vma.end, n++) {
		ck_assert_int_eq(sc_maps_find(&maps, from, &vma), 0);
		ck_assert(sc_text_same_mapping(&code.text, from, &vma));
	}
	sc_maps_close(&maps);
	return n;
}

/*
 * What was writable is accounted by the kernel, so a range is a mapping of its
 * own after the first update.  Later ones add none.
 */
START_TEST(test_updates_add_few_mappings)
{
	size_t ranges = 0, mappings;
	int value;

	start();
	code_make(&code, shapes[_i].pages, shapes[_i].per_page);
	company_start();
	steps_clear();
	for (value = 2; value < 6; value++) {
		ck_assert_int_eq(code_update(&code, shapes[_i].first,
					     shapes[_i].step, value), 0);
		if (value > 2)
			continue;
		for (; strchr(steps_seen, 'D'); ranges++)
			*strchr(steps_seen, 'D') = '-';
	}
	mappings = count_mappings(code.text.start, code.text.end);
	ck_assert_uint_le(mappings, 2 * ranges + 1);
}
END_TEST

START_TEST(test_steps_of_an_update)
{
	start();
	begin(ALONE, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 2, 2), 0);
	ck_assert_str_eq(steps_seen, "A");
	company_start();
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 2, 3), 0);
	ck_assert_str_eq(steps_seen, "BCDEF");
	company_end();
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 2, 4), 0);
	ck_assert_str_eq(steps_seen, "A");
	finish();
}
END_TEST

/* Beside others it is closed at the end of the update, not of the visit. */
START_TEST(test_the_mem_file_is_closed)
{
	start();
	begin(COMPANY, 1, 4);
	sc_system.can_flip = false;
	ck_assert_int_eq(code_prepare(&code, 0, 1, 3), 0);
	ck_assert_int_ge(sc_tx->mem.fd, 0);
	sc_text_commit();
	ck_assert_int_lt(sc_tx->mem.fd, 0);
	sc_text_rest();
	expect_all(0, 1, 3);
	finish();
}
END_TEST

/* Pages between two places move along when they are few. */
START_TEST(test_near_places_move_as_one)
{
	start();
	begin(COMPANY, 30, 1);
	ck_assert_int_eq(code_update(&code, 0, 9, 3), 0);
	ck_assert_str_eq(steps_seen, "BCDEF");
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 10, 4), 0);
	ck_assert_str_eq(steps_seen, "BCCCDDDEFEFEF");
	finish();
}
END_TEST

START_TEST(test_nothing_to_do)
{
	start();
	begin(COMPANY, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, CODE_PRISTINE), 0);
	sc_text_commit();
	ck_assert_str_eq(steps_seen, "");
	finish();
}
END_TEST

/* From the first half on the places are right for old and new: pristine. */
START_TEST(test_prepared_is_pristine)
{
	start();
	begin(COMPANY, 2, 6);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_int_eq(code_prepare(&code, 0, 2, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	sc_text_commit();
	expect_all(0, 2, 3);
	expect_all(1, 2, 2);
	finish();
}
END_TEST

/* ------------------------------------------------ each step that fails */

#define FAULT	(-EPROTO)

/*
 * What is seen when the steps of @letters fail, after @skip others: an error
 * and nothing has changed, or 0 and each place that was to change is pristine
 * or changed.
 */
static const struct {
	const char *letters;
	int company, skip, times, err;
	const char *seen;
} faults[] = {
	/* In place: the places written before are put back; then the swap. */
	{ "A", ALONE, 0, 1, 0, "ABCDEFCDEF" },
	{ "A", ALONE, 2, 1, 0, "" },
	{ "A", ALONE, 3, 1, 0, "" },
	{ "B", COMPANY, 0, 1, FAULT, "B" },
	{ "C", COMPANY, 0, 1, FAULT, "BC" },
	{ "C", COMPANY, 1, 1, FAULT, "BCC" },
	{ "D", COMPANY, 0, 1, 0, "BCCDRDEF" },
	{ "D", COMPANY, 1, 1, 0, "BCCDDREF" },
	{ "D", COMPANY, 0, 2, 0, "BCCDRDR" },
	{ "DR", COMPANY, 0, 2, FAULT, "BCCDR" },
	{ "DR", COMPANY, 1, 2, FAULT, "" },
	{ "DR", COMPANY, 0, 4, FAULT, "BCCDR" },
	{ "E", COMPANY, 0, 1, 0, "BCCDDEEF" },
	{ "E", COMPANY, 1, 1, 0, "BCCDDEFE" },
	{ "E", COMPANY, 0, 2, 0, "BCCDDEE" },
	{ "F", COMPANY, 0, 1, 0, "BCCDDEFEF" },
	{ "F", COMPANY, 1, 1, 0, "BCCDDEFEF" },
	{ "F", COMPANY, 0, 2, 0, "BCCDDEFEF" },
	/* The undoing may fail too. */
	{ "DRF", COMPANY, 1, 3, FAULT, "BCCDDREF" },
};
#define N_FAULTS	((int)(sizeof(faults) / sizeof(faults[0])))

/* After a failed update: @value_a or @value_b, by which place it is. */
static void expect_each(size_t step, int was, int other)
{
	size_t i;

	for (i = 0; i < code.n; i += step) {
		int value = code_call(&code, i);

		ck_assert_msg(value == was || value == other ||
			      value == CODE_PRISTINE,
			      "place %zu: %d", i, value);
	}
}

/* Two ranges of places, all of them patched to 2; then half of them to 3. */
START_TEST(test_failing_step)
{
	int err;

	start();
	begin(faults[_i].company, 20, 4);
	/* only the first and the last page */
	code.n = 80;
	ck_assert_int_eq(code_update(&code, 0, 76, 2), 0);
	steps_fail(faults[_i].letters, faults[_i].skip, faults[_i].times,
		   FAULT);
	err = code_update(&code, 0, 76, 3);
	ck_assert_int_eq(err, faults[_i].err);
	if (faults[_i].seen[0] && faults[_i].company)
		ck_assert_str_eq(steps_seen, faults[_i].seen);
	steps_clear();
	expect_each(76, err ? 2 : 3, CODE_PRISTINE);
	finish();
	/* and it all works again */
	ck_assert_int_eq(code_update(&code, 0, 76, 4), 0);
	expect_all(0, 76, 4);
	finish();
}
END_TEST

/* What a failed update wanted is not done by the next one on that page. */
START_TEST(test_failed_update_is_forgotten)
{
	const char letter[2] = { "BCR"[_i], '\0' };

	start();
	begin(COMPANY, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	steps_fail(_i == 2 ? "DR" : letter, 0, 2, FAULT);
	ck_assert_int_eq(code_update(&code, 0, 2, 3), FAULT);
	steps_clear();
	ck_assert_int_eq(code_update(&code, 1, 2, 4), 0);
	expect_all(0, 2, 2);
	expect_all(1, 2, 4);
	finish();
}
END_TEST

/* Each single occurrence of each step, one after the other. */
START_TEST(test_every_step_once)
{
	const char letter[2] = { "ABCDREF"[_i / 2], '\0' };
	int company = _i & 1, n, value = 2;

	start();
	begin(company ? COMPANY : ALONE, 24, 3);
	for (n = 0; n < 12; n++) {
		int err;

		ck_assert_int_eq(code_update(&code, 0, 1, value), 0);
		expect_all(0, 1, value);
		steps_fail(letter, n, 1, FAULT);
		err = code_update(&code, 0, 35, value + 1);
		steps_clear();
		ck_assert(err == 0 || err == FAULT);
		expect_each(35, err ? value : value + 1, CODE_PRISTINE);
		finish();
		value += 2;
	}
}
END_TEST

/* ------------------------------------------------------ what is left of it */

/* Whatever the end: the steps that fail. */
static const char *const endings[] = { "", "B", "C", "D", "DR", "E", "F" };
#define N_ENDINGS	((int)(sizeof(endings) / sizeof(endings[0])))

static void expect_idle(void)
{
	size_t i;

	ck_assert_int_eq(sc_tx->mode, SC_IDLE);
	ck_assert_uint_eq(sc_tx->n_ranges, 0);
	ck_assert_int_lt(sc_tx->mem.fd, 0);
	for (i = 0; i < sc_tx->max_ranges; i++)
		ck_assert(!sc_tx->ranges[i].out);
}

START_TEST(test_nothing_is_left_of_a_transaction)
{
	start();
	begin(_i % 2 ? COMPANY : ALONE, 20, 1);
	ck_assert_int_eq(code_update(&code, 0, 19, 2), 0);
	expect_idle();
	steps_fail(endings[_i / 2], 1, 3, FAULT);
	code_update(&code, 0, 19, 3);
	expect_idle();
	finish();
}
END_TEST

static int n_asked;

static bool traced_and_counted(void)
{
	n_asked++;
	return true;
}

/* As it begins and in its middle, whatever the last one has found. */
START_TEST(test_debugger_is_asked_for_in_each_update)
{
	int value;

	start();
	begin(COMPANY, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	code_poke(code.places[1].addr, "\xcc", 1);
	wraps.traced = traced_and_counted;
	for (value = 3; value < 6; value++) {
		n_asked = 0;
		ck_assert_int_eq(code_update(&code, 0, 1, value), 0);
		ck_assert_int_eq(n_asked, 2);
	}
}
END_TEST

/* Two texts in one update: what of either cannot be used again is given up. */
START_TEST(test_arena_of_each_text_is_cleared)
{
	static struct code other;
	const struct code *first = &code, *second = &other;
	struct sc_change changes[2] = { 0 };
	size_t i;

	start();
	begin(COMPANY, 1, 1);
	code_make(&other, 1, 1);
	ck_assert_int_eq(sc_text_reserve(2), 0);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_int_eq(code_update(&other, 0, 1, 2), 0);
	ck_assert(code.text.littered && other.text.littered);
	code.text.torn = other.text.torn = true;
	if (other.text.start < code.text.start) {
		first = &other;
		second = &code;
	}
	changes[0].place = first->places;
	changes[1].place = second->places;
	for (i = 0; i < 2; i++) {
		changes[i].addr = (uintptr_t)changes[i].place->addr;
		memcpy(changes[i].wanted, "\xb8\3\0\0\0", 5);
	}
	ck_assert_int_eq(sc_text_prepare(changes, 2), 0);
	sc_text_commit();
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(code_call(i ? &other : &code, 0), 3);
		ck_assert(!changes[i].place->text->torn);
	}
}
END_TEST

/* ------------------------------------------------------- while they run */

/*
 * The callers and the updater share two numbers: the value of the last update
 * that has begun, and that has ended.  Each call returns one in between, or 1
 * where the place is pristine.
 */
static atomic_int begun, ended, stop;
static atomic_long calls, wrong;

/* That many calls before the updates end, and how often they are counted. */
#define ENOUGH	1000
#define STEP	100

static void *call_all(void *arg)
{
	long n = 0;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		size_t i = (size_t)n % code.n;
		int low = atomic_load(&ended);
		int got = code_call(&code, i);
		int high = atomic_load(&begun);

		if (got != CODE_PRISTINE && (got < low || got > high))
			atomic_fetch_add(&wrong, 1);
		if (++n % STEP == 0)
			atomic_fetch_add(&calls, STEP);
	}
	return arg;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

START_TEST(test_callers_see_old_or_new)
{
	pthread_t threads[2];
	double until = seconds() + (getenv("SC_TEST_SHORT") ? 0.1 : 1.0);
	int i, value = 2;

	start();
	if (_i)
		wraps.open = no_mem;
	code_make(&code, 6, 20);
	ck_assert_int_eq(code_update(&code, 0, 1, value), 0);
	atomic_store(&begun, value);
	atomic_store(&ended, value);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(threads + i, NULL, call_all,
						NULL), 0);
	while (seconds() < until || value <= 20 ||
	       atomic_load(&calls) < ENOUGH) {
		value++;
		atomic_store(&begun, value);
		ck_assert_int_eq(code_update(&code, 0, 1, value), 0);
		atomic_store(&ended, value);
	}
	atomic_store(&stop, 1);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(atomic_load(&wrong), 0);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("text");

	tcase_add_test(tc, test_start_leaves_nothing);
	tcase_add_test(tc, test_probe_has_a_page_of_its_own);
	tcase_add_loop_test(tc, test_update_alone, 0, N_SHAPES);
	tcase_add_loop_test(tc, test_update_in_company, 0, N_SHAPES);
	tcase_add_loop_test(tc, test_first_update_leaves_one_mapping, 0,
			    N_SHAPES);
	tcase_add_loop_test(tc, test_updates_add_few_mappings, 0, N_SHAPES);
	unit_add_if(tc, test_steps_of_an_update, 0, 1, can_be_alone);
	tcase_add_test(tc, test_the_mem_file_is_closed);
	tcase_add_test(tc, test_near_places_move_as_one);
	tcase_add_test(tc, test_nothing_to_do);
	tcase_add_test(tc, test_prepared_is_pristine);
	tcase_add_loop_test(tc, test_failing_step, 0, N_FAULTS);
	tcase_add_loop_test(tc, test_failed_update_is_forgotten, 0, 3);
	tcase_add_loop_test(tc, test_every_step_once, 0, 14);
	tcase_add_loop_test(tc, test_nothing_is_left_of_a_transaction, 0,
			    2 * N_ENDINGS);
	tcase_add_test(tc, test_debugger_is_asked_for_in_each_update);
	tcase_add_test(tc, test_arena_of_each_text_is_cleared);
	tcase_add_loop_test(tc, test_callers_see_old_or_new, 0, 2);
	return unit_end();
}
