/* SPDX-License-Identifier: MIT */
/*
 * test_foreign.c - others write text too: the kernel, debuggers, other patchers.
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sample.h"
#include "unit.h"
#include "wrap.h"

/* ----------------------------------------------- others who write text */

/* The program or the kernel gives pages back to the file at any time. */
START_TEST(test_text_given_back)
{
	start();
	begin(_i & 1 ? COMPANY : ALONE, 6, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_int_eq(madvise((void *)code.text.start, 4 * SC_PAGE,
				 MADV_DONTNEED), 0);
	ck_assert_int_eq(code_call(&code, 0), CODE_PRISTINE);
	ck_assert_int_eq(code_update(&code, 0, 2, 3), 0);
	expect_all(0, 2, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
	finish();
}
END_TEST

/* Just before a byte of live text is written, its page goes back to the file. */
static int given_back, touched_value;

static ssize_t give_back_before(int fd, const void *buf, size_t len, off_t at)
{
	uintptr_t page = (uintptr_t)at & ~(SC_PAGE - 1);
	bool live = page >= code.text.start && page < code.text.end;
	ssize_t done;
	size_t i;

	if (live) {
		given_back++;
		ck_assert_int_eq(madvise((void *)page, SC_PAGE, MADV_DONTNEED),
				 0);
	}
	done = __real_pwrite(fd, buf, len, at);
	for (i = 0; live && i < code.n; i++) {
		int value = code_call(&code, i);

		ck_assert_msg(value == CODE_PRISTINE || value == touched_value,
			      "place %zu: %#x", i, (unsigned int)value);
	}
	return done;
}

/*
 * Before several ranges move for the first time a byte of each is written over
 * itself.  Whatever the page shows by then, no place may become half one form
 * and half another.
 */
START_TEST(test_text_given_back_as_it_is_touched)
{
	/* Three bytes of the second are those of 1, and none of the first. */
	touched_value = _i ? 0x02 : 0x02020202;
	start();
	/* It is for copies that are written through the mem file. */
	sc_system.can_flip = false;
	code_make(&code, 20, 1);
	ck_assert_int_eq(code_update(&code, 0, 19, touched_value), 0);
	company_start();
	wraps.pwrite = give_back_before;
	ck_assert_int_eq(code_update(&code, 0, 19, 3), 0);
	wraps.pwrite = NULL;
	ck_assert_int_eq(given_back, _i ? 2 : 0);
	expect_all(0, 19, 3);
	company_end();
}
END_TEST

static const uint8_t ud2[2] = { 0x0f, 0x0b };

/* Bytes that are not ours, at a place that was never patched: left alone. */
START_TEST(test_foreign_place)
{
	start();
	begin(_i & 1 ? COMPANY : ALONE, 1, 4);
	code_poke(code.places[1].addr, ud2, 2);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_int_eq(code_call(&code, 0), 2);
	ck_assert_mem_eq(code.places[1].addr, ud2, 2);
	ck_assert_mem_eq(code.places[1].live, code.places[1].pristine, 5);
	ck_assert_int_eq(code_call(&code, 2), 2);
	/* it becomes ours again when they are gone */
	code_poke(code.places[1].addr, code.places[1].pristine, 2);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

/* At one that was patched: it would go on calling the old function. */
START_TEST(test_foreign_bytes_on_a_patched_place)
{
	start();
	begin(_i & 1 ? COMPANY : ALONE, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	code_poke(code.places[1].addr, ud2, 2);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EBUSY);
	ck_assert_mem_eq(code.places[1].addr, ud2, 2);
	code_poke(code.places[1].addr, code.places[1].live, 2);
	expect_all(0, 1, 2);
	finish();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

/* Half a breakpoint is none: neither another first byte, nor another rest. */
START_TEST(test_what_only_looks_like_a_breakpoint)
{
	const uint8_t *bytes = _i ? (const uint8_t *)"\xcc\x9" :
				    (const uint8_t *)"\xb9\x2";

	start();
	begin(COMPANY, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	code_poke(code.places[1].addr, bytes, 2);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EBUSY);
	ck_assert_mem_eq(code.places[1].addr, bytes, 2);
	code_poke(code.places[1].addr, code.places[1].live, 2);
	expect_all(0, 1, 2);
	finish();
}
END_TEST

/* Another patcher's work beside our places, even an int3's neighbour, stays. */
START_TEST(test_foreign_bytes_beside_places)
{
	const uint8_t nine[5] = { 0xb8, 9, 0, 0, 0 };
	int value;

	start();
	begin(_i & 1 ? COMPANY : ALONE, 3, 4);
	code_poke(code_neighbour(&code, 5), nine, 5);
	for (value = 2; value < 5; value++) {
		ck_assert_int_eq(code_update(&code, 0, 1, value), 0);
		expect_all(0, 1, value);
		ck_assert_int_eq(code_call_neighbour(&code, 5), 9);
		ck_assert_int_eq(code_call_neighbour(&code, 6), 7);
	}
	code_same();
}
END_TEST

/* ------------------------------------------------------------ debuggers */

static bool yes(void)
{
	return true;
}

static bool no(void)
{
	return false;
}

static const uint8_t int3 = 0xcc;

/* Under a debugger the int3 stays and the rest of the place is changed. */
START_TEST(test_breakpoint)
{
	int patched = _i & 1, beside = _i & 2;
	uint8_t *at;

	start();
	wraps.traced = yes;
	begin(COMPANY, 2, 4);
	if (patched)
		ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	at = beside ? code_neighbour(&code, 5) : code.places[5].addr;
	code_poke(at, &int3, 1);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_uint_eq(*at, int3);
	/* the debugger takes it out */
	code_poke(at, "\xb8", 1);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

static int n_asked;

static bool yes_and_count(void)
{
	n_asked++;
	return true;
}

/* As it begins, and again before it moves in, for many places. */
START_TEST(test_debugger_is_asked_for_twice)
{
	size_t i;

	start();
	begin(COMPANY, 2, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	for (i = 0; i < code.n; i++)
		code_poke(code.places[i].addr, &int3, 1);
	wraps.traced = yes_and_count;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_int_eq(n_asked, 2);
}
END_TEST

/* What a debugger does that stops the update while its range is away. */
static uint8_t *window_at;
static uint8_t window_byte;

static void in_the_window(char step)
{
	if (step == 'E')
		code_poke(window_at, &window_byte, 1);
}

/* A breakpoint that it makes then is there afterwards, beside and on a place. */
START_TEST(test_breakpoint_made_in_the_window)
{
	int beside = _i & 1;

	start();
	wraps.traced = yes;
	begin(COMPANY, 2, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	window_at = beside ? code_neighbour(&code, 5) : code.places[5].addr;
	window_byte = int3;
	steps_watch = in_the_window;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	steps_watch = NULL;
	ck_assert_uint_eq(*window_at, int3);
	code_poke(window_at, "\xb8", 1);
	code_expect_consistent(&code);
	ck_assert_int_eq(code_call_neighbour(&code, 5), CODE_NEIGHBOUR);
	/* It took the place for pristine; the next update does not mind. */
	ck_assert_int_eq(code_call(&code, 5), beside ? 3 : CODE_PRISTINE);
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
	finish();
}
END_TEST

/* One that it takes out then does not come back with the copy. */
START_TEST(test_breakpoint_taken_out_in_the_window)
{
	int beside = _i & 1;

	start();
	wraps.traced = yes;
	begin(COMPANY, 2, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	window_at = beside ? code_neighbour(&code, 5) : code.places[5].addr;
	window_byte = 0xb8;
	code_poke(window_at, &int3, 1);
	steps_watch = in_the_window;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	steps_watch = NULL;
	ck_assert_uint_eq(*window_at, 0xb8);
	expect_all(0, 1, 3);
	ck_assert_int_eq(code_call_neighbour(&code, 5), CODE_NEIGHBOUR);
	finish();
}
END_TEST

/* With nobody who could take it out it is a probe of the kernel, which may be
 * doing that now: it does not come back.
 */
START_TEST(test_int3_of_nobody)
{
	int patched = _i & 1, beside = _i & 2;

	start();
	wraps.traced = no;
	begin(_i & 4 ? ALONE : COMPANY, 2, 4);
	if (patched)
		ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	company_start();
	code_poke(beside ? code_neighbour(&code, 5) : code.places[5].addr,
		  &int3, 1);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	company_end();
	expect_all(0, 1, 3);
	code_expect_consistent(&code);
}
END_TEST

/*
 * An update that is undone moves the pages back: there too a probe that the
 * kernel takes out meanwhile must not come back.
 */
START_TEST(test_int3_of_nobody_and_an_update_undone)
{
	int on_place = _i & 1;
	uint8_t *at;

	start();
	wraps.traced = no;
	begin(COMPANY, 20, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	at = on_place ? code.places[0].addr : code_neighbour(&code, 1);
	code_poke(at, &int3, 1);
	/* The first range moves away; the second cannot. */
	steps_fail("DR", 1, 2, -EPROTO);
	ck_assert_int_eq(code_update(&code, 0, 76, 3), -EPROTO);
	steps_clear();
	ck_assert_uint_eq(*at, 0xb8);
	expect_all(0, 1, 2);
	ck_assert_int_eq(code_call_neighbour(&code, 1), CODE_NEIGHBOUR);
	finish();
}
END_TEST

/* A debugger that comes in the middle of an update is noticed. */
static bool attached;

static bool is_attached(void)
{
	return attached;
}

static void attach_in_the_window(char step)
{
	if (step == 'E')
		attached = true;
	in_the_window(step);
}

START_TEST(test_debugger_comes_in_the_window)
{
	start();
	wraps.traced = is_attached;
	begin(COMPANY, 2, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	/* An int3 at a place, so that the question is asked before. */
	code_poke(code.places[1].addr, &int3, 1);
	window_at = code_neighbour(&code, 2);
	window_byte = int3;
	steps_watch = attach_in_the_window;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	steps_watch = NULL;
	ck_assert_uint_eq(*window_at, int3);
}
END_TEST

/* In place no trap between places is written over, so it stays where it is. */
START_TEST(test_int3_beside_in_place)
{
	start();
	begin(ALONE, 1, 4);
	code_poke(code_neighbour(&code, 1), &int3, 1);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_ptr_null(strchr(steps_seen, 'D'));
	expect_all(0, 1, 2);
	ck_assert_uint_eq(*code_neighbour(&code, 1), int3);
}
END_TEST

static int asked;
static uint8_t asked_opcode;

/* mov $imm: with any opcode, or not with the one that must be kept. */
static int make_b8(enum sc_form form, uintptr_t addr,
		   const struct sc_target *target, const uint8_t *keep,
		   uint8_t *out)
{
	asked++;
	if (keep)
		asked_opcode = *keep;
	memcpy(out, "\xb9\5\0\0\0", 5);
	if (keep)
		out[0] = *keep;
	return 0;
}

static int refuse_shape(enum sc_form form, uintptr_t addr,
			const struct sc_target *target, const uint8_t *keep,
			uint8_t *out)
{
	asked++;
	if (keep)
		return -ERANGE;
	memcpy(out, "\xb9\5\0\0\0", 5);
	return 0;
}

/* mov $imm,%ecx: another opcode than the one that the debugger keeps. */
static int update_to_another_opcode(struct sc_place *p,
				    const struct sc_target *target)
{
	return code_change(p, "\xb9\5\0\0\0", target);
}

START_TEST(test_breakpoint_on_another_opcode)
{
	const struct sc_target target = { .kind = SC_TARGET_FUNC };
	struct sc_place *p;

	start();
	wraps.traced = yes;
	begin(COMPANY, 1, 4);
	p = code.places + 2;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	code_poke(p->addr, &int3, 1);
	ck_assert_int_eq(update_to_another_opcode(p, NULL), -EBUSY);
	wraps.encode = refuse_shape;
	ck_assert_int_eq(update_to_another_opcode(p, &target), -EBUSY);
	/* once to keep the opcode, once to see if it is out of reach */
	ck_assert_int_eq(asked, 2);
	ck_assert_mem_eq(p->addr, "\xcc\2\0\0\0", 5);
	ck_assert_mem_eq(p->live, "\xb8\2\0\0\0", 5);
	wraps.encode = make_b8;
	ck_assert_int_eq(update_to_another_opcode(p, &target), 0);
	ck_assert_int_eq(asked, 3);
	ck_assert_uint_eq(asked_opcode, 0xb8);
	ck_assert_mem_eq(p->addr, "\xcc\5\0\0\0", 5);
	code_poke(p->addr, "\xb8", 1);
	ck_assert_int_eq(code_call(&code, 2), 5);
	finish();
}
END_TEST

/* Where the form does not fit, a place that is pristine may stay so. */
START_TEST(test_breakpoint_on_a_pristine_place)
{
	struct sc_place *p;

	start();
	wraps.traced = yes;
	begin(COMPANY, 1, 4);
	p = code.places + 2;
	/* It was patched, and the program gave the page back. */
	if (_i) {
		ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
		ck_assert_int_eq(madvise((void *)code.text.start, SC_PAGE,
					 MADV_DONTNEED), 0);
	}
	code_poke(p->addr, &int3, 1);
	ck_assert_int_eq(update_to_another_opcode(p, NULL), 0);
	ck_assert_mem_eq(p->addr, "\xcc\1\0\0\0", 5);
	ck_assert(sc_place_is_pristine(p));
	code_poke(p->addr, "\xb8", 1);
	ck_assert_int_eq(code_call(&code, 2), CODE_PRISTINE);
	ck_assert_int_eq(code_update(&code, 2, 10, 5), 0);
	ck_assert_int_eq(code_call(&code, 2), 5);
}
END_TEST

/* ----------------------------------------- after the checks, in the copy */

static const void *late_bytes;
static size_t n_late;

/* Writes to a place that was checked, and that moves out next. */
static void write_late(char step)
{
	if (step == 'D')
		code_poke(window_at, late_bytes, n_late);
}

/*
 * The trap stays where the debugger puts back the first byte of the file;
 * else it would put back a byte that no form there begins with.
 */
START_TEST(test_breakpoint_after_the_checks)
{
	struct sc_place *p;

	start();
	wraps.traced = yes;
	begin(COMPANY, 1, 4);
	p = code.places + 2;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	if (_i)
		ck_assert_int_eq(update_to_another_opcode(p, NULL), 0);
	window_at = p->addr;
	late_bytes = &int3;
	n_late = 1;
	steps_watch = write_late;
	ck_assert_int_eq(code_change(p, _i ? "\xb8\6\0\0\0" : "\xb9\6\0\0\0",
				     NULL), 0);
	steps_watch = NULL;
	ck_assert_mem_eq(p->addr, _i ? "\xb8\1\0\0\0" : "\xcc\1\0\0\0", 5);
	ck_assert(sc_place_is_pristine(p));
	code_poke(p->addr, "\xb8", 1);
	ck_assert_int_eq(code_call(&code, 2), CODE_PRISTINE);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

/* The update cannot fail any more, and must not leave the old function there. */
START_TEST(test_foreign_bytes_after_the_checks)
{
	start();
	begin(COMPANY, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	window_at = code.places[2].addr;
	late_bytes = ud2;
	n_late = 2;
	steps_watch = write_late;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	steps_watch = NULL;
	ck_assert_int_eq(code_call(&code, 1), 3);
	ck_assert_int_eq(code_call(&code, 2), CODE_PRISTINE);
	ck_assert(sc_place_is_pristine(code.places + 2));
	finish();
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("foreign");

	tcase_add_loop_test(tc, test_text_given_back, 0, 2);
	tcase_add_loop_test(tc, test_text_given_back_as_it_is_touched, 0, 2);
	tcase_add_loop_test(tc, test_foreign_place, 0, 2);
	tcase_add_loop_test(tc, test_foreign_bytes_on_a_patched_place, 0, 2);
	tcase_add_loop_test(tc, test_what_only_looks_like_a_breakpoint, 0, 2);
	tcase_add_loop_test(tc, test_foreign_bytes_beside_places, 0, 2);
	tcase_add_loop_test(tc, test_breakpoint, 0, 4);
	tcase_add_test(tc, test_debugger_is_asked_for_twice);
	tcase_add_loop_test(tc, test_breakpoint_made_in_the_window, 0, 2);
	tcase_add_loop_test(tc, test_breakpoint_taken_out_in_the_window, 0, 2);
	tcase_add_loop_test(tc, test_int3_of_nobody, 0, 8);
	tcase_add_loop_test(tc, test_int3_of_nobody_and_an_update_undone, 0, 2);
	tcase_add_test(tc, test_debugger_comes_in_the_window);
	unit_add_if(tc, test_int3_beside_in_place, 0, 1, can_be_alone);
	tcase_add_test(tc, test_breakpoint_on_another_opcode);
	tcase_add_loop_test(tc, test_breakpoint_on_a_pristine_place, 0, 2);
	tcase_add_loop_test(tc, test_breakpoint_after_the_checks, 0, 2);
	tcase_add_test(tc, test_foreign_bytes_after_the_checks);
	return unit_end();
}
