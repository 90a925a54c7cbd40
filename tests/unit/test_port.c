/* SPDX-License-Identifier: MIT */
/*
 * test_port.c - the library on another processor: decode, plan, ranges and the
 * whole protocol with the port of tests/unit/port, whose instructions are words,
 * whose breakpoints are words too, and whose pages have 64, 16 or 4 KB.
 *
 * The words do not run.  The test compares all bytes of the text with those that
 * it has worked out itself.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <static_call/api.h>

#include "backend.h"
#include "engine.h"
#include "enter.h"
#include "places.h"
#include "registry.h"
#include "steps.h"
#include "unit.h"
#include "wrap.h"

/* Offsets in the text. */
#define PAGES		24
#define SIZE		(PAGES * SC_PAGE)
#define FUNC(n)		(10 * SC_PAGE + 0x20u * (unsigned int)(n))
#define TRAMP		(22 * SC_PAGE + 0x100)
#define PLT		(22 * SC_PAGE + 0x200)
#define VENEER		(22 * SC_PAGE + 0x240)
#define DATA		(26 * SC_PAGE)

enum { CALL, JUMP, LAST_OF_PAGE, FIRST_OF_PAGE, BY_PLT, BY_VENEER, NEAR,
       APART, N_GOOD };
enum { NO_CALL = N_GOOD, CROOKED, OUTSIDE, N_SITES };
/* Each of them is one write. */
#define N_PATCHED_PAGES	4

static const unsigned long page_sizes[] = { 65536, 16384, 4096 };
#define N_SIZES	((int)(sizeof(page_sizes) / sizeof(page_sizes[0])))

static uintptr_t base;
static uint8_t file[PAGES * FAKE_PAGE_MAX];
static char path[32];

/* What a linker would have put into the data of the module. */
static struct data {
	uintptr_t tramp_slot, key_slot;
	struct static_call_site sites[N_SITES];
	struct static_call_key the_key;
	uint8_t not_text[8];
} *data;
static struct static_call_key *key;

static struct sc_segment segment;
static struct sc_run run = { .n = N_SITES };
static struct sc_define define = { .name = "hand" };
static struct sc_load loads[2];
static struct sc_loaded loaded = { .loads = loads, .n_own = 2, .n_loads = 2,
				   .path = path };
static struct sc_image image = {
	.loaded = &loaded,
	.segments = &segment, .n_segments = 1,
	.runs = &run, .n_runs = 1, .n_sites = N_SITES,
	.defines = &define, .n_defines = 1,
};
static char state;
static struct sc_module module = { .state = &state, .image = &image };

static void *func(int n)
{
	return (void *)(base + FUNC(n));
}

/* ------------------------------------------------------- the module */

static uintptr_t site(int i)
{
	const uintptr_t at[N_SITES] = {
		[CALL] = 0x40,
		[JUMP] = 0x80,
		[NO_CALL] = 0xc0,
		[CROOKED] = 0x102,
		[LAST_OF_PAGE] = SC_PAGE - 4,
		[FIRST_OF_PAGE] = SC_PAGE,
		[BY_PLT] = SC_PAGE + 0x40,
		[BY_VENEER] = SC_PAGE + 0x80,
		[NEAR] = 6 * SC_PAGE,
		[APART] = 20 * SC_PAGE + SC_PAGE / 2,
		[OUTSIDE] = (uintptr_t)data->not_text - base,
	};

	return base + at[i];
}

static bool is_call(int i)
{
	return i != JUMP && i != FIRST_OF_PAGE && i != BY_VENEER;
}

/* The branch at @at to @to, as a linker encodes it. */
static uint32_t branch(bool call, uintptr_t at, uintptr_t to)
{
	return (call ? FAKE_CALL : FAKE_JUMP) |
	       ((uint32_t)((intptr_t)(to - at) >> 2) & 0x03ffffff);
}

/* The load at @at of what lies at @from. */
static uint32_t load(uint32_t opcode, uintptr_t at, const void *from)
{
	intptr_t words = (intptr_t)((uintptr_t)from - at) / 4;

	return opcode | ((uint32_t)words & 0x7ffff) << 5;
}

static void put(uintptr_t at, uint32_t word)
{
	memcpy(file + (at - base), &word, sizeof(word));
}

static void put_tramp(void)
{
	uintptr_t at = base + TRAMP;

	put(at, FAKE_BTI);
	put(at + 4, load(FAKE_LOAD_KEY, at + 4, &data->key_slot));
	put(at + 8, FAKE_FOLLOW);
	put(at + 12, FAKE_BRANCH);
	put(at + SC_TRAMP_RET0, FAKE_ZERO);
	put(at + SC_TRAMP_NULL, FAKE_RET);
	put(at + SC_TRAMP_KEY, (uint32_t)((uintptr_t)&data->key_slot -
					  (at + SC_TRAMP_KEY)));
	put(at + SC_TRAMP_SIGNATURE, STATIC_CALL_TRAMP_MAGIC);
	put(base + PLT, load(FAKE_LOAD_PLT, base + PLT, &data->tramp_slot));
	put(base + PLT + 4, FAKE_BRANCH_PLT);
	put(base + VENEER, branch(false, base + VENEER, base + TRAMP));
}

static void put_sites(void)
{
	int i;

	for (i = 0; i < N_SITES; i++) {
		struct static_call_site *record = data->sites + i;
		uintptr_t to = base + (i == BY_PLT ? PLT :
				       i == BY_VENEER ? VENEER : TRAMP);

		record->addr = (int32_t)(site(i) - (uintptr_t)&record->addr);
		record->tramp = (int32_t)((uintptr_t)&data->tramp_slot -
					  (uintptr_t)&record->tramp);
		if (i != NO_CALL && i != OUTSIDE)
			put(site(i), branch(is_call(i), site(i), to));
	}
}

/* Address space for text and data, aligned for the largest page. */
static void reserve(void)
{
	uint8_t *p = mmap(NULL, DATA + 2 * FAKE_PAGE_MAX, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert(p != MAP_FAILED);
	base = ((uintptr_t)p + FAKE_PAGE_MAX - 1) & ~(FAKE_PAGE_MAX - 1);
	data = mmap((void *)(base + DATA), SC_PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ck_assert(data != MAP_FAILED);
}

static void map_file(void)
{
	char name[] = "unit-port-XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	unlink(name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ck_assert_int_eq(write(fd, file, SIZE), (ssize_t)SIZE);
	ck_assert(mmap((void *)base, SIZE, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_FIXED, fd, 0) == (void *)base);
}

static void make_module(void)
{
	uintptr_t at;

	reserve();
	key = &data->the_key;
	data->tramp_slot = base + TRAMP;
	data->key_slot = (uintptr_t)key;
	for (at = base; at < base + SIZE; at += 4)
		put(at, FAKE_NOP);
	put_tramp();
	put_sites();
	map_file();
	key->func = func(1);
	segment = (struct sc_segment){ base, base + SIZE, true };
	run.sites = data->sites;
	define.key = key;
	define.tramp = base + TRAMP;
	loads[0] = (struct sc_load){ base, base + SIZE,
				     SC_LOAD_READ | SC_LOAD_EXEC };
	loads[1] = (struct sc_load){ (uintptr_t)data,
				     (uintptr_t)data + SC_PAGE,
				     SC_LOAD_READ | SC_LOAD_WRITE };
}

/* The module is there and patched; a second thread too, unless @alone. */
static void begin(int size, bool alone)
{
	fake_page = page_sizes[size];
	make_module();
	if (!alone)
		company_start();
	static_call_init();
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_str_eq(sc_text_reason() ? sc_text_reason() : "", "");
	ck_assert_int_eq(sc_registry_add(&module), 0);
	sc_leave();
	steps_clear();
}

static int update(void *target)
{
	return __static_call_update(key, NULL, target);
}

#define RET0	((void *)&__static_call_return0)

/* ------------------------------------------------ what it must hold */

/* What site @i holds for @target, worked out without the port. */
static uint32_t word_for(int i, void *target)
{
	intptr_t far = (intptr_t)((uintptr_t)target - site(i));
	uint32_t word;

	if (!target)
		return is_call(i) ? FAKE_NOP : FAKE_RET;
	if (target == RET0)
		return is_call(i) ? FAKE_ZERO :
				    branch(false, site(i), base + TRAMP + 16);
	if (far >= -(128l << 20) && far < 128l << 20)
		return branch(is_call(i), site(i), (uintptr_t)target);
	memcpy(&word, file + (site(i) - base), sizeof(word));
	return word;
}

static uint32_t word_now(int i)
{
	return *(const volatile uint32_t *)site(i);
}

/* All of the text for @target, but for @other at the site @but. */
static bool text_is_but(void *target, int but, uint32_t other)
{
	static uint8_t want[sizeof(file)];
	int i;

	memcpy(want, file, SIZE);
	for (i = 0; i < N_GOOD; i++) {
		uint32_t word = word_for(i, target);

		memcpy(want + (site(i) - base), &word, sizeof(word));
	}
	if (but >= 0)
		memcpy(want + (site(but) - base), &other, sizeof(other));
	return memcmp(want, (void *)base, SIZE) == 0;
}

static bool text_is(void *target)
{
	return text_is_but(target, -1, 0);
}

static bool text_is_pristine(void)
{
	return memcmp(file, (void *)base, SIZE) == 0;
}

static uint32_t pristine(int i)
{
	uint32_t word;

	memcpy(&word, file + (site(i) - base), sizeof(word));
	return word;
}

static void poke(int i, uint32_t word)
{
	int fd = __real_open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(__real_pwrite(fd, &word, sizeof(word),
				       (off_t)site(i)), sizeof(word));
	close(fd);
}

/* ---------------------------------------------------------- the port */

START_TEST(test_the_probe_is_patched)
{
	struct traces traces;

	fake_page = page_sizes[_i];
	ck_assert_uint_eq((uintptr_t)sc_probe_function % FAKE_PAGE_MAX, 0);
	company_start();
	sc_text_start();
	ck_assert_str_eq(sc_text_reason() ? sc_text_reason() : "", "");
	ck_assert_int_eq(sc_probe_function(), 1);
	ck_assert_ptr_nonnull(fake_flushed);
	traces_look(&traces);
	sc_text_start();
	traces_same(&traces);
}
END_TEST

/* ------------------------------------------------------------- decode */

static int listed;

static int look_at_place(const struct static_call_site_info *info, void *arg)
{
	uintptr_t at = (uintptr_t)info->addr;
	int i;

	for (i = 0; i < N_GOOD && at != site(i); i++)
		;
	if (i == N_GOOD)
		return 0;
	listed++;
	ck_assert_uint_eq(info->len, 4);
	ck_assert_uint_eq(at / SC_PAGE, (at + 3) / SC_PAGE);
	ck_assert_int_eq(info->state, STATIC_CALL_SITE_PATCHED);
	ck_assert_int_eq(info->kind, is_call(i) ? STATIC_CALL_KIND_CALL :
						  STATIC_CALL_KIND_TAIL);
	return 0;
}

START_TEST(test_places_are_found)
{
	struct static_call_info info = { .size = sizeof(info) };

	begin(_i, false);
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.sites, N_SITES);
	ck_assert_uint_eq(info.sites_patched, N_GOOD);
	ck_assert_uint_eq(info.sites_foreign, 2);	/* NO_CALL, CROOKED */
	ck_assert_uint_eq(info.sites_unsafe, 1);
	ck_assert_uint_eq(info.sites_crossing, 0);
	ck_assert_int_eq(static_call_for_each_site(look_at_place, NULL), 0);
	ck_assert_int_eq(listed, N_GOOD);
	ck_assert(text_is(func(1)));
}
END_TEST

/* A branch that leads to a slot or a veneer of something else is no place. */
START_TEST(test_other_calls_are_left_alone)
{
	struct static_call_info info = { .size = sizeof(info) };

	fake_page = page_sizes[0];
	make_module();
	if (_i)
		put(base + VENEER, branch(false, base + VENEER, base + FUNC(1)));
	else
		put(base + PLT, load(FAKE_LOAD_PLT, base + PLT,
				     &data->key_slot));
	map_file();
	static_call_init();
	ck_assert_int_eq(sc_registry_add(&module), 0);
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.sites_patched, N_GOOD - 1);
	ck_assert_uint_eq(info.sites_foreign, 3);
	ck_assert_uint_eq(word_now(_i ? BY_VENEER : BY_PLT),
			  pristine(_i ? BY_VENEER : BY_PLT));
}
END_TEST

START_TEST(test_trampoline_is_a_place)
{
	struct sc_target target;
	struct sc_place p;
	uint32_t word = 0;
	uintptr_t at;

	begin(0, false);
	at = base + TRAMP;
	sc_place_decode(&p, &image, module.places->texts, at, at,
			key->static_call_entry);
	ck_assert_ptr_eq(p.addr, (uint8_t *)at + 4);
	ck_assert_uint_eq(p.form, SC_FORM_TRAMP);
	ck_assert_uint_eq(p.len, 4);
	target = sc_target_of(func(2), at);
	ck_assert_int_eq(sc_place_encode(&p, &target, (uint8_t *)&word), 0);
	ck_assert_uint_eq(word, branch(false, at + 4, base + FUNC(2)));
	target = sc_target_of(RET0, at);
	ck_assert_int_eq(sc_place_encode(&p, &target, (uint8_t *)&word), 0);
	ck_assert_uint_eq(word, branch(false, at + 4, at + 16));
}
END_TEST

/* ------------------------------------------------------------- update */

static void update_all(const char *steps)
{
	void *const targets[] = { func(2), func(3), NULL, func(4), RET0, NULL,
				  RET0, func(5), func(1) };
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct traces traces;

		traces_look(&traces);
		steps_clear();
		ck_assert_int_eq(update(targets[i]), 0);
		ck_assert(text_is(targets[i]));
		ck_assert_str_eq(steps_seen, steps);
		if (i > 1)
			traces_same(&traces);
	}
}

START_TEST(test_update_in_company)
{
	begin(_i, false);
	update_all("BCCDDKEFEF");
}
END_TEST

START_TEST(test_update_alone)
{
	begin(_i, true);
	update_all("AAAAK");
}
END_TEST

/* Written through the mem file, where mprotect is refused. */
START_TEST(test_update_without_mprotect)
{
	begin(_i, false);
	sc_system.can_flip = false;
	ck_assert_int_eq(update(func(2)), 0);
	ck_assert(text_is(func(2)));
	ck_assert_int_eq(update(RET0), 0);
	ck_assert(text_is(RET0));
}
END_TEST

static int n_moved;

/* Each copy was flushed at its own address before it moves in. */
static void look_at_flush(char step)
{
	const struct sc_range *r = sc_tx->ranges + n_moved;

	if (step == 'E')
		fake_flushed = NULL;
	if (step != 'F')
		return;
	ck_assert_ptr_eq(fake_flushed,
			 (void *)sc_arena_of(r->text, r->start));
	ck_assert_uint_eq(fake_flushed_len, r->len);
	n_moved++;
}

START_TEST(test_copies_are_flushed)
{
	begin(_i, false);
	steps_watch = look_at_flush;
	ck_assert_int_eq(update(func(2)), 0);
	ck_assert_int_eq(n_moved, 2);
}
END_TEST

static void look_at_ranges(char step)
{
	if (step != 'D')
		return;
	ck_assert_uint_eq(sc_tx->n_ranges, 2);
	ck_assert_uint_eq(sc_tx->ranges[0].start, base);
	ck_assert_uint_eq(sc_tx->ranges[0].len, 7 * SC_PAGE);
	ck_assert_uint_eq(sc_tx->ranges[0].n, N_GOOD - 1);
	ck_assert_uint_eq(sc_tx->ranges[1].start, base + 20 * SC_PAGE);
	ck_assert_uint_eq(sc_tx->ranges[1].len, SC_PAGE);
}

START_TEST(test_ranges_are_whole_pages)
{
	begin(_i, false);
	steps_watch = look_at_ranges;
	ck_assert_int_eq(update(func(2)), 0);
	ck_assert_ptr_nonnull(strstr(steps_seen, "DD"));
}
END_TEST

/*
 * A trampoline is common where a call reaches 128 MB: a far target is reached
 * through the key, also by some places of a module alone.
 */
START_TEST(test_target_out_of_reach)
{
	const uintptr_t reach = 128ul << 20;
	size_t i;

	begin(_i, false);
	for (i = 0; i < 4; i++) {
		/* reached by all, by all but the first, by the last, by none */
		const uintptr_t offsets[] = { 0x40 + reach - 4, 0x40 + reach,
					      10 * SC_PAGE + reach, 2 * reach };
		const size_t far[] = { 0, 1, N_GOOD - 1, N_GOOD };
		void *target = (void *)(base + offsets[i]);
		struct static_call_info info = { .size = sizeof(info) };
		size_t n = 0;
		int s;

		ck_assert_int_eq(update(target), 0);
		ck_assert_ptr_eq(key->func, target);
		ck_assert(text_is(target));
		for (s = 0; s < N_GOOD; s++)
			n += word_now(s) == pristine(s);
		ck_assert_uint_eq(n, far[i]);
		ck_assert_int_eq(static_call_get_info(&info), 0);
		ck_assert_uint_eq(info.sites_far, far[i]);
		ck_assert_int_eq(update(func(2)), 0);
		ck_assert(text_is(func(2)));
	}
}
END_TEST

/* ------------------------------------------------ each step that fails */

#define FAULT	(-EIO)

/* As in test_text.c: two ranges, the steps that fail, and what is seen. */
static const struct {
	const char *letters;
	int skip, times, err;
	const char *seen;
} faults[] = {
	{ "B", 0, 1, FAULT, "B" },
	{ "C", 0, 1, FAULT, "BC" },
	{ "C", 1, 1, FAULT, "BCC" },
	{ "D", 0, 1, 0, "BCCDRDKEF" },
	{ "D", 1, 1, 0, "BCCDDRKEF" },
	{ "D", 0, 2, 0, "BCCDRDRK" },
	{ "DR", 0, 2, FAULT, "BCCDR" },
	{ "DR", 1, 2, FAULT, "BCCDDREF" },
	{ "E", 0, 1, 0, "BCCDDKEEF" },
	{ "E", 1, 1, 0, "BCCDDKEFE" },
	{ "F", 0, 1, 0, "BCCDDKEFEF" },
	{ "F", 1, 1, 0, "BCCDDKEFEF" },
	{ "DRF", 1, 3, FAULT, "BCCDDREF" },
};
#define N_FAULTS	((int)(sizeof(faults) / sizeof(faults[0])))

START_TEST(test_failing_step)
{
	void *old, *new;
	int err, i;

	begin(0, false);
	old = func(2);
	new = func(3);
	ck_assert_int_eq(update(old), 0);
	steps_fail(faults[_i].letters, faults[_i].skip, faults[_i].times,
		   FAULT);
	err = update(new);
	ck_assert_int_eq(err, faults[_i].err);
	ck_assert_str_eq(steps_seen, faults[_i].seen);
	steps_clear();
	ck_assert_ptr_eq(key->func, err ? old : new);
	for (i = 0; i < N_GOOD; i++)
		ck_assert(word_now(i) == word_for(i, err ? old : new) ||
			  word_now(i) == pristine(i));
	/* what was wanted is forgotten, and all works again */
	ck_assert_int_eq(update(func(4)), 0);
	ck_assert(text_is(func(4)));
}
END_TEST

/* In place: what was written before is written back, then the swap. */
START_TEST(test_failing_write)
{
	begin(0, true);
	ck_assert_int_eq(update(func(2)), 0);
	steps_fail("A", _i, 1, FAULT);
	ck_assert_int_eq(update(func(3)), 0);
	ck_assert_ptr_nonnull(strstr(steps_seen, "BCCDDKEFEF"));
	ck_assert(text_is(func(3)));
}
END_TEST

/* -------------------------------------------------- under a debugger */

static bool yes(void)
{
	return true;
}

/* The page at a place shows the file, but for what a test pokes there. */
static int private_copy;

static int is_private(uintptr_t addr)
{
	return private_copy;
}

static void begin_traced(void)
{
	begin(0, false);
	wraps.traced = yes;
	wraps.is_private_copy = is_private;
}

/*
 * The debugger will write the whole word back, and with it the old target; so
 * the place cannot change, and nothing does.
 */
START_TEST(test_trap_on_a_patched_place)
{
	begin_traced();
	ck_assert_int_eq(update(func(2)), 0);
	poke(_i, FAKE_TRAP);
	ck_assert_int_eq(update(func(3)), -EBUSY);
	ck_assert_ptr_eq(key->func, func(2));
	ck_assert(text_is_but(func(2), _i, FAKE_TRAP));
	poke(_i, word_for(_i, func(2)));
	ck_assert_int_eq(update(func(3)), 0);
	ck_assert(text_is(func(3)));
}
END_TEST

/* Pristine text is right for any target: that place stays, the others change. */
START_TEST(test_trap_on_a_pristine_place)
{
	begin_traced();
	ck_assert_int_eq(update((void *)(base + (1ul << 32))), 0);
	ck_assert(text_is_pristine());
	poke(_i, FAKE_TRAP);
	ck_assert_int_eq(update(func(3)), 0);
	ck_assert(text_is_but(func(3), _i, FAKE_TRAP));
	poke(_i, pristine(_i));
	ck_assert_int_eq(update(func(4)), 0);
	ck_assert(text_is(func(4)));
}
END_TEST

START_TEST(test_trap_beside_the_places)
{
	begin_traced();
	poke(NO_CALL, FAKE_TRAP);
	ck_assert_int_eq(update(func(3)), 0);
	ck_assert(text_is_but(func(3), NO_CALL, FAKE_TRAP));
}
END_TEST

/* With no debugger it is a probe of the kernel that is being taken out. */
START_TEST(test_trap_that_nobody_holds)
{
	begin(0, false);
	ck_assert_int_eq(update(func(2)), 0);
	poke(CALL, FAKE_TRAP);
	ck_assert_int_eq(update(func(3)), 0);
	ck_assert(text_is(func(3)));
}
END_TEST

static void set_trap(char step)
{
	if (step != 'K')
		return;
	poke(CALL, FAKE_TRAP);
	private_copy = 1;
}

/* Set while the place shows the file: that word is what will be put back. */
START_TEST(test_trap_set_meanwhile)
{
	begin_traced();
	ck_assert_int_eq(update(func(2)), 0);
	steps_watch = set_trap;
	ck_assert_int_eq(update(func(3)), 0);
	steps_watch = NULL;
	ck_assert(text_is_but(func(3), CALL, FAKE_TRAP));
	poke(CALL, pristine(CALL));
	private_copy = 0;
	ck_assert_int_eq(update(func(4)), 0);
	ck_assert(text_is(func(4)));
}
END_TEST

/* --------------------------------------------- the way back, and forks */

static int refuse_giving_back(void *p, size_t len, int advice)
{
	if (advice != MADV_DONTNEED && advice != MADV_DONTNEED_LOCKED)
		return __real_madvise(p, len, advice);
	errno = EPERM;
	return -1;
}

START_TEST(test_module_leaves)
{
	begin(_i / 2, false);
	ck_assert_int_eq(update(func(2)), 0);
	if (_i % 2)
		wraps.madvise = refuse_giving_back;
	steps_clear();
	ck_assert_ptr_eq(sc_registry_remove(&state), &module);
	ck_assert_ptr_null(module.places);
	ck_assert(text_is_pristine());
	ck_assert(!strchr(steps_seen, 'E') == !(_i % 2));
}
END_TEST

static char fork_at;
static int child_status = -1;

/* The child mends what its parent was doing, updates, and has the new words. */
static void in_child(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	steps_clear();
	child_expect(static_call_get_info(&info) == 0);
	child_expect(info.sites == N_SITES);
	child_expect(text_is(key->func));
	child_expect(update(func(5)) == 0);
	child_expect(text_is(func(5)));
	child_expect(update(NULL) == 0);
	child_expect(text_is(NULL));
}

static void *fork_beside(void *arg)
{
	child_status = child_run(in_child);
	return arg;
}

/* Another thread forks, while the one that updates stands at the step. */
static void fork_once(char step)
{
	pthread_t thread;

	if (step != fork_at)
		return;
	fork_at = 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, fork_beside, NULL), 0);
	pthread_join(thread, NULL);
}

START_TEST(test_child_of_an_update)
{
	begin(_i / 6, false);
	ck_assert_int_eq(update(func(2)), 0);
	fork_at = "BCDKEF"[_i % 6];
	steps_watch = fork_once;
	ck_assert_int_eq(update(func(3)), 0);
	ck_assert_int_eq(fork_at, 0);
	ck_assert_int_eq(child_status, CHILD_FINE);
	ck_assert(text_is(func(3)));
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("port");

	tcase_add_loop_test(tc, test_the_probe_is_patched, 0, N_SIZES);
	tcase_add_loop_test(tc, test_places_are_found, 0, N_SIZES);
	tcase_add_loop_test(tc, test_other_calls_are_left_alone, 0, 2);
	tcase_add_test(tc, test_trampoline_is_a_place);
	tcase_add_loop_test(tc, test_update_in_company, 0, N_SIZES);
	unit_add_if(tc, test_update_alone, 0, N_SIZES, can_be_alone);
	tcase_add_loop_test(tc, test_update_without_mprotect, 0, N_SIZES);
	tcase_add_loop_test(tc, test_copies_are_flushed, 0, N_SIZES);
	tcase_add_loop_test(tc, test_ranges_are_whole_pages, 0, N_SIZES);
	tcase_add_loop_test(tc, test_target_out_of_reach, 0, N_SIZES);
	tcase_add_loop_test(tc, test_failing_step, 0, N_FAULTS);
	unit_add_if(tc, test_failing_write, 0, N_PATCHED_PAGES,
		    can_be_alone);
	tcase_add_loop_test(tc, test_trap_on_a_patched_place, 0, N_GOOD);
	tcase_add_loop_test(tc, test_trap_on_a_pristine_place, 0, N_GOOD);
	tcase_add_test(tc, test_trap_beside_the_places);
	tcase_add_test(tc, test_trap_that_nobody_holds);
	tcase_add_test(tc, test_trap_set_meanwhile);
	tcase_add_loop_test(tc, test_module_leaves, 0, 2 * N_SIZES);
	tcase_add_loop_test(tc, test_child_of_an_update, 0, 6 * N_SIZES);
	return unit_end();
}
