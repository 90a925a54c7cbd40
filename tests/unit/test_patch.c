/* SPDX-License-Identifier: MIT */
/*
 * test_patch.c - the inline backend on a module made by hand: a trampoline, call
 * sites of every form, and records that lead nowhere good.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <static_call/api.h>

#include "backend.h"
#include "sample.h"
#include "enter.h"
#include "mem.h"
#include "notes.h"
#include "registry.h"
#include "unit.h"
#include "wrap.h"

/* Offsets in the text. */
#define PAGES		6
#define TRAMP		0x100u
#define FUNC(n)		(SC_PAGE + 0x20u * (n))
#define CALL_AT(n)	(2 * SC_PAGE + 0x40u * (n))
#define CROSSING_AT	(4 * SC_PAGE - 2)
#define LAST_AT		(PAGES * SC_PAGE - 5)

enum { CALL, CALL6, JMP, JMP6, JCC, ADDR32, NOP_CALL, N_GOOD };
enum { CROSSING = N_GOOD, FOREIGN_BYTES, OUTSIDE, LAST, AGAIN, N_SITES };

static uintptr_t base;

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
static struct sc_loaded loaded = { .loads = loads, .n_own = 2, .n_loads = 2 };
static struct sc_image image = {
	.loaded = &loaded,
	.segments = &segment, .n_segments = 1,
	.runs = &run, .n_runs = 1, .n_sites = N_SITES,
	.defines = &define, .n_defines = 1,
};
static char state;
static struct sc_module module = { .state = &state, .image = &image };

static int far_function(void)
{
	return 77;
}

static void *func(int n)
{
	return (void *)(base + FUNC((unsigned int)n));
}

/* ------------------------------------------------------- the module */

/* @bytes at @at; the last 4 of @n lead to @to. */
static void put(uintptr_t at, const char *bytes, size_t n, uintptr_t to)
{
	uint8_t code_bytes[16];
	int32_t rel = (int32_t)(to - (at + n));

	memcpy(code_bytes, bytes, n);
	memcpy(code_bytes + n - 4, &rel, sizeof(rel));
	code_poke((void *)at, code_bytes, n);
}

static void put_tramp(void)
{
	const uint32_t magic = STATIC_CALL_TRAMP_MAGIC;
	uintptr_t at = base + TRAMP, slot = (uintptr_t)&data->key_slot;
	int32_t rel = (int32_t)(slot - (at + STATIC_CALL_TRAMP_KEY));

	put(at, "\x4c\x8b\x1d....", 7, slot);
	code_poke((void *)(at + 7), "\x41\xff\x23", 3);
	code_poke((void *)(at + STATIC_CALL_TRAMP_RET0), "\x31\xc0\xc3", 3);
	code_poke((void *)(at + STATIC_CALL_TRAMP_NULL), "\xc3", 1);
	code_poke((void *)(at + STATIC_CALL_TRAMP_KEY), &rel, sizeof(rel));
	code_poke((void *)(at + STATIC_CALL_TRAMP_SIGNATURE), &magic,
		  sizeof(magic));
}

/* Each site is a function, or the tail of one, that calls the trampoline. */
static void put_sites(void)
{
	uintptr_t tramp = base + TRAMP, slot = (uintptr_t)&data->tramp_slot;

	put(base + CALL_AT(CALL), "\xe8....", 5, tramp);
	code_poke((void *)(base + CALL_AT(CALL) + 5), "\xc3", 1);
	put(base + CALL_AT(CALL6), "\xff\x15....", 6, slot);
	code_poke((void *)(base + CALL_AT(CALL6) + 6), "\xc3", 1);
	put(base + CALL_AT(JMP), "\xe9....", 5, tramp);
	put(base + CALL_AT(JMP6), "\xff\x25....", 6, slot);
	/* xor %eax,%eax in front makes the condition true */
	code_poke((void *)(base + CALL_AT(JCC) - 2), "\x31\xc0", 2);
	put(base + CALL_AT(JCC), "\x0f\x84....", 6, tramp);
	put(base + CALL_AT(ADDR32), "\x67\xe8....", 6, tramp);
	code_poke((void *)(base + CALL_AT(ADDR32) + 6), "\xc3", 1);
	put(base + CALL_AT(NOP_CALL), "\x90\xe8....", 6, tramp);
	code_poke((void *)(base + CALL_AT(NOP_CALL) + 6), "\xc3", 1);
	put(base + CROSSING_AT, "\xe8....", 5, tramp);
	code_poke((void *)(base + CROSSING_AT + 5), "\xc3", 1);
	code_poke((void *)(base + CALL_AT(FOREIGN_BYTES)),
		  "\x0f\x1f\x44\x00\x00\xc3", 6);
	put(base + LAST_AT, "\xe9....", 5, tramp);
}

static void put_records(void)
{
	size_t i;

	for (i = 0; i < N_SITES; i++) {
		uintptr_t at = base + (i == CROSSING ? CROSSING_AT :
				       i == LAST ? LAST_AT :
				       i == AGAIN ? CALL_AT(CALL) :
						    CALL_AT(i));
		struct static_call_site *site = data->sites + i;

		if (i == OUTSIDE)
			at = (uintptr_t)data->not_text;
		site->addr = (int32_t)(at - (uintptr_t)&site->addr);
		site->tramp = (int32_t)((uintptr_t)&data->tramp_slot -
					(uintptr_t)&site->tramp);
	}
}

/* What was poked becomes the file's, and the pages are given back to it. */
static void save_text(void)
{
	int fd = open(code.path, O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, (void *)base, PAGES * SC_PAGE),
			 PAGES * (long)SC_PAGE);
	close(fd);
	ck_assert_int_eq(madvise((void *)base, PAGES * SC_PAGE, MADV_DONTNEED),
			 0);
}

static void make_module(void)
{
	int n;

	code_map(&code, PAGES, 1);
	base = code.text.start;
	/* Near enough, wherever there is room. */
	data = mmap((void *)(base + 64 * SC_PAGE), SC_PAGE,
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(data != MAP_FAILED);
	ck_assert((uintptr_t)data - base + (1ul << 30) < 1ul << 31);
	key = &data->the_key;
	data->tramp_slot = base + TRAMP;
	data->key_slot = (uintptr_t)key;
	define.key = key;
	for (n = 1; n < 8; n++) {
		const uint8_t bytes[] = { 0xb8, (uint8_t)n, 0, 0, 0, 0xc3 };

		code_poke(func(n), bytes, sizeof(bytes));
	}
	put_tramp();
	put_sites();
	put_records();
	save_text();
	key->func = func(1);
	segment = (struct sc_segment){ base, base + PAGES * SC_PAGE, true };
	run.sites = data->sites;
	define.tramp = base + TRAMP;
	loaded.path = code.path;
	loads[0] = (struct sc_load){ base, base + PAGES * SC_PAGE,
				     SC_LOAD_READ | SC_LOAD_EXEC };
	loads[1] = (struct sc_load){ (uintptr_t)data,
				     (uintptr_t)data + SC_PAGE,
				     SC_LOAD_READ | SC_LOAD_WRITE };
}

static int add_module(void)
{
	int err;

	static_call_init();
	ck_assert_int_eq(sc_enter(), 0);
	err = sc_registry_add(&module);
	sc_leave();
	return err;
}

/* ------------------------------------------------------- what it is */

static int call_site(int i)
{
	uintptr_t at = base + (i == CROSSING ? CROSSING_AT :
			       i == LAST ? LAST_AT :
			       i == JCC ? CALL_AT(JCC) - 2 : CALL_AT(i));

	return ((int (*)(void))at)();
}

static const int running[] = { CALL, CALL6, JMP, JMP6, JCC, ADDR32, NOP_CALL,
			       CROSSING, LAST };
#define N_RUNNING ((int)(sizeof(running) / sizeof(running[0])))

static void expect_calls(int value)
{
	int i;

	for (i = 0; i < N_RUNNING; i++)
		ck_assert_int_eq(call_site(running[i]), value);
}

static struct static_call_info info_now(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	ck_assert_int_eq(static_call_get_info(&info), 0);
	return info;
}

static void expect_counts(size_t patched, size_t far, size_t waiting)
{
	struct static_call_info info = info_now();

	/* one record was there twice */
	ck_assert_uint_eq(info.sites, N_SITES - 1);
	ck_assert_uint_eq(info.sites_patched, patched);
	ck_assert_uint_eq(info.sites_far, far);
	ck_assert_uint_eq(info.sites_waiting, waiting);
	ck_assert_uint_eq(info.sites_crossing, 1);
	ck_assert_uint_eq(info.sites_foreign, 1);
	ck_assert_uint_eq(info.sites_unsafe, 1);
}

#define PATCHABLE	(N_GOOD + 1)

static bool is_pristine(void)
{
	static uint8_t file[PAGES * SC_PAGE];
	int fd = open(code.path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, file, sizeof(file)), (long)sizeof(file));
	close(fd);
	return memcmp(file, (void *)base, sizeof(file)) == 0;
}

/* ---------------------------------------------------------------- tests */

START_TEST(test_unpatched_module_works)
{
	make_module();
	expect_calls(1);
	key->func = func(2);
	expect_calls(2);
	ck_assert(is_pristine());
}
END_TEST

START_TEST(test_sites_are_patched)
{
	int n;

	make_module();
	if (_i)
		company_start();
	ck_assert_int_eq(add_module(), 0);
	expect_counts(PATCHABLE, 0, 0);
	ck_assert(!is_pristine());
	expect_calls(1);
	for (n = 2; n < 7; n++) {
		ck_assert_int_eq(__static_call_update(key, NULL, func(n)), 0);
		expect_calls(n);
		expect_counts(PATCHABLE, 0, 0);
	}
	ck_assert_int_eq(__static_call_update(key, NULL,
					      (void *)&__static_call_return0),
			 0);
	expect_calls(0);
	ck_assert_int_eq(__static_call_update(key, NULL, NULL), 0);
	/* all come back, whatever they return */
	for (n = 0; n < N_RUNNING; n++)
		call_site(running[n]);
	expect_counts(PATCHABLE, 0, 0);
}
END_TEST

/* The very bytes: not through the key any more. */
START_TEST(test_sites_are_direct)
{
	make_module();
	ck_assert_int_eq(add_module(), 0);
	key->func = func(7);
	ck_assert_int_eq(call_site(CALL), 1);
	ck_assert_int_eq(call_site(CALL6), 1);
	ck_assert_int_eq(call_site(LAST), 1);
	ck_assert_int_eq(call_site(CROSSING), 7);
	ck_assert_mem_eq((void *)(base + CALL_AT(CALL6)), "\x67\xe8", 2);
	ck_assert_mem_eq((void *)(base + CALL_AT(NOP_CALL)), "\x90\xe8", 2);
	ck_assert_mem_eq((void *)(base + CALL_AT(FOREIGN_BYTES)),
			 "\x0f\x1f\x44\x00\x00\xc3", 6);
}
END_TEST

START_TEST(test_far_function)
{
	make_module();
	if (_i)
		company_start();
	ck_assert_int_eq(add_module(), 0);
	ck_assert_int_eq(__static_call_update(key, NULL,
					      (void *)far_function), 0);
	expect_calls(77);
	expect_counts(0, PATCHABLE, 0);
	ck_assert(is_pristine());
	ck_assert_int_eq(__static_call_update(key, NULL, func(3)), 0);
	expect_calls(3);
	expect_counts(PATCHABLE, 0, 0);
}
END_TEST

START_TEST(test_removed_module_is_pristine)
{
	make_module();
	ck_assert_int_eq(add_module(), 0);
	ck_assert_ptr_eq(sc_registry_remove(&state), &module);
	ck_assert(is_pristine());
	ck_assert_ptr_null(module.places);
	ck_assert_uint_eq(info_now().sites, 0);
	ck_assert_ptr_null(key->static_call_owner);
	key->func = func(4);
	expect_calls(4);
	/* and it may come again */
	ck_assert_int_eq(add_module(), 0);
	expect_counts(PATCHABLE, 0, 0);
	expect_calls(4);
}
END_TEST

static int refuse_giving_back(void *p, size_t len, int advice)
{
	if (advice != MADV_DONTNEED && advice != MADV_DONTNEED_LOCKED)
		return __real_madvise(p, len, advice);
	errno = EPERM;
	return -1;
}

/* Where text cannot be given back it is made pristine all the same. */
START_TEST(test_removed_module_that_cannot_be_given_back)
{
	make_module();
	ck_assert_int_eq(add_module(), 0);
	if (_i)
		company_start();
	wraps.madvise = refuse_giving_back;
	ck_assert_ptr_eq(sc_registry_remove(&state), &module);
	ck_assert(is_pristine());
	key->func = func(4);
	expect_calls(4);
}
END_TEST

/* The key's module leaves, the sites stay: no key, no target. */
START_TEST(test_orphaned_sites_are_pristine)
{
	static struct sc_image definition = { .defines = &define,
					      .n_defines = 1 };
	static char other_state;
	static struct sc_module other = { .state = &other_state,
					  .image = &definition };

	make_module();
	image.n_defines = 0;
	definition.loaded = &loaded;
	static_call_init();
	ck_assert_int_eq(sc_registry_add(&other), 0);
	ck_assert_int_eq(add_module(), 0);
	expect_counts(PATCHABLE, 0, 0);
	ck_assert_ptr_eq(sc_registry_remove(&other_state), &other);
	ck_assert(is_pristine());
	expect_counts(0, 0, PATCHABLE);
	expect_calls(1);
	ck_assert_ptr_eq(sc_registry_remove(&state), &module);
	ck_assert_uint_eq(info_now().sites, 0);
}
END_TEST

/*
 * Each allocation in turn fails: nothing is added, nothing patched; and then it
 * can be added.  They are: entries of keys, the plan's changes, ranges, room to
 * find the places, and the places.
 */
#define N_ALLOCATIONS	5

START_TEST(test_add_without_memory)
{
	make_module();
	static_call_init();
	sc_alloc_fail_after = _i;
	if (_i < N_ALLOCATIONS) {
		ck_assert_int_eq(add_module(), -ENOMEM);
		ck_assert(is_pristine());
		ck_assert_uint_eq(info_now().sites, 0);
		ck_assert_uint_eq(info_now().keys, 0);
		ck_assert_uint_eq(info_now().modules, 0);
		ck_assert_ptr_null(key->static_call_owner);
		ck_assert_ptr_null(module.places);
		expect_calls(1);
	}
	ck_assert_int_eq(add_module(), 0);
	ck_assert_int_eq(sc_alloc_fail_after, _i < N_ALLOCATIONS ? -1 : 0);
	sc_alloc_fail_after = -1;
	expect_counts(PATCHABLE, 0, 0);
	expect_calls(1);
}
END_TEST

/* A failed update: the old target stays in force in every form. */
START_TEST(test_update_fails)
{
	const char letter[2] = { "BC"[_i], '\0' };

	make_module();
	company_start();
	ck_assert_int_eq(add_module(), 0);
	steps_fail(letter, 0, 1, -EBUSY);
	ck_assert_int_eq(__static_call_update(key, NULL, func(2)), -EBUSY);
	ck_assert_ptr_eq(key->func, func(1));
	expect_calls(1);
	expect_counts(PATCHABLE, 0, 0);
	steps_clear();
	ck_assert_int_eq(__static_call_update(key, NULL, func(2)), 0);
	expect_calls(2);
}
END_TEST

/* Where patching fails the call goes through the key, and is not forgotten. */
START_TEST(test_patching_fails_for_now)
{
	make_module();
	company_start();
	ck_assert_int_eq(add_module(), 0);
	steps_fail("E", 0, 99, -EIO);
	ck_assert_int_eq(__static_call_update(key, NULL, func(2)), 0);
	expect_calls(2);
	ck_assert(is_pristine());
	expect_counts(0, 0, PATCHABLE);
	steps_clear();
	ck_assert_int_eq(__static_call_update(key, NULL, func(3)), 0);
	expect_calls(3);
	expect_counts(PATCHABLE, 0, 0);
}
END_TEST

START_TEST(test_text_relocations)
{
	struct static_call_info info;

	make_module();
	image.text_relocations = true;
	ck_assert_int_eq(add_module(), 0);
	info = info_now();
	ck_assert_uint_eq(info.sites_patched, 0);
	ck_assert_uint_eq(info.sites_unsafe, N_SITES - 2);
	ck_assert(is_pristine());
	ck_assert_int_eq(__static_call_update(key, NULL, func(2)), 0);
	expect_calls(2);
}
END_TEST

/* A record whose slot leads to no trampoline, or to one without its mark. */
START_TEST(test_no_trampoline)
{
	make_module();
	if (_i == 0)
		data->tramp_slot = 0;
	else if (_i == 1)
		data->tramp_slot = base + FUNC(1);
	else
		data->tramp_slot += 1;
	ck_assert_int_eq(add_module(), 0);
	ck_assert_uint_eq(info_now().sites, 0);
	ck_assert_uint_eq(info_now().modules, 1);
	ck_assert(is_pristine());
}
END_TEST

static int listed;

static int look_at_site(const struct static_call_site_info *site, void *arg)
{
	static const struct {
		int kind;
		size_t len;
	} want[] = {
		[CALL] = { STATIC_CALL_KIND_CALL, 5 },
		[CALL6] = { STATIC_CALL_KIND_CALL6, 6 },
		[JMP] = { STATIC_CALL_KIND_TAIL, 5 },
		[JMP6] = { STATIC_CALL_KIND_TAIL6, 6 },
		[JCC] = { STATIC_CALL_KIND_COND, 6 },
		[ADDR32] = { STATIC_CALL_KIND_CALL6, 6 },
		[NOP_CALL] = { STATIC_CALL_KIND_CALL, 5 },
	};
	int i;

	ck_assert_ptr_eq(site->key, key);
	ck_assert_str_eq(site->name, "hand");
	for (i = 0; i < N_GOOD; i++)
		if ((uintptr_t)site->addr ==
		    base + CALL_AT(i) + (i == NOP_CALL)) {
			ck_assert_int_eq(site->kind, want[i].kind);
			ck_assert_uint_eq(site->len, want[i].len);
			ck_assert_int_eq(site->state,
					 STATIC_CALL_SITE_PATCHED);
			listed++;
		}
	return 0;
}

START_TEST(test_list)
{
	make_module();
	ck_assert_int_eq(add_module(), 0);
	ck_assert_int_eq(static_call_for_each_site(look_at_site, NULL), 0);
	ck_assert_int_eq(listed, N_GOOD);
}
END_TEST

START_TEST(test_reserved)
{
	const char *p;

	make_module();
	p = (const char *)base + CALL_AT(CALL6);
	ck_assert_int_eq(static_call_text_reserved(p, p + 5), 0);
	ck_assert_int_eq(add_module(), 0);
	ck_assert_int_eq(static_call_text_reserved(p, p), 1);
	ck_assert_int_eq(static_call_text_reserved(p + 5, p + 5), 1);
	ck_assert_int_eq(static_call_text_reserved(p + 6, p + 20), 0);
	ck_assert_int_eq(static_call_text_reserved(p - 20, p - 1), 0);
	ck_assert_int_eq(static_call_text_reserved(p - 20, p), 1);
	ck_assert_int_eq(static_call_text_reserved(p - 20, p + 50), 1);
	/* one that is never patched is free */
	p = (const char *)base + CROSSING_AT;
	ck_assert_int_eq(static_call_text_reserved(p - 9, p + 9), 0);
}
END_TEST

/* A breakpoint on each site: NULL and 0 are reached through the stubs. */
static bool yes(void)
{
	return true;
}

START_TEST(test_under_a_debugger)
{
	static const uint8_t int3 = 0xcc;
	uint8_t *at, opcode;

	make_module();
	company_start();
	ck_assert_int_eq(add_module(), 0);
	wraps.traced = yes;
	at = (uint8_t *)base + CALL_AT(_i % N_GOOD) + (_i % N_GOOD == NOP_CALL);
	opcode = *at;
	code_poke(at, &int3, 1);
	ck_assert_int_eq(__static_call_update(key, NULL, _i < N_GOOD ?
				(void *)&__static_call_return0 : NULL), 0);
	ck_assert_uint_eq(*at, int3);
	code_poke(at, &opcode, 1);
	if (_i < N_GOOD)
		expect_calls(0);
	else
		call_site(_i % N_GOOD);
	code_poke(at, &int3, 1);
	ck_assert_int_eq(__static_call_update(key, NULL, func(5)), 0);
	code_poke(at, &opcode, 1);
	expect_calls(5);
}
END_TEST

static int moves_out;

static void *refuse_second_move(void *from, size_t len, int flags, void *to)
{
	if (is_move_in(to) || !(flags & MREMAP_FIXED) || moves_out++ != 1)
		return __real_mremap(from, len, len, flags, to);
	errno = ENOMEM;
	return MAP_FAILED;
}

/* As if the mapping ended behind the first pages. */
static int find_parts(struct sc_maps *maps, uintptr_t addr, struct sc_vma *vma)
{
	uintptr_t cut = base + 3 * SC_PAGE;
	int err = __real_sc_maps_find(maps, addr, vma);

	if (!err && addr >= base && addr < cut && vma->end > cut)
		vma->end = cut;
	return err;
}

/*
 * A call of NULL whose page was given back, and then a breakpoint on it.  An
 * update that fails half way must not leave its target behind the breakpoint.
 */
START_TEST(test_failed_update_under_a_debugger)
{
	uint8_t *at;

	make_module();
	company_start();
	ck_assert_int_eq(add_module(), 0);
	ck_assert_int_eq(__static_call_update(key, NULL, NULL), 0);
	at = (uint8_t *)base + CALL_AT(CALL);
	ck_assert_int_eq(madvise((void *)(base + 2 * SC_PAGE), SC_PAGE,
				 MADV_DONTNEED), 0);
	wraps.traced = yes;
	code_poke(at, "\xcc", 1);
	wraps.find = find_parts;
	wraps.mremap = refuse_second_move;
	wraps.madvise = refuse_giving_back;
	ck_assert_int_lt(__static_call_update(key, NULL, func(2)), 0);
	/* the debugger leaves */
	code_poke(at, "\xe8", 1);
	key->func = func(5);
	ck_assert_int_eq(call_site(CALL), 5);
}
END_TEST

/* What was refused is forgotten: no later update of the page brings it. */
START_TEST(test_refused_target_is_forgotten)
{
	struct static_call_change twice[2] = { { NULL, NULL }, { NULL, NULL } };
	struct sc_key *entry;

	make_module();
	twice[0].key = twice[1].key = key;
	ck_assert_int_eq(add_module(), 0);
	entry = key->static_call_entry;
	ck_assert_int_eq(static_call_update_batch(twice, 2), -EINVAL);
	ck_assert_ptr_eq(entry->target, func(1));
	ck_assert_ptr_eq(key->func, func(1));
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("patch");

	tcase_add_test(tc, test_unpatched_module_works);
	tcase_add_loop_test(tc, test_sites_are_patched, 0, 2);
	tcase_add_test(tc, test_sites_are_direct);
	tcase_add_loop_test(tc, test_far_function, 0, 2);
	tcase_add_test(tc, test_removed_module_is_pristine);
	tcase_add_loop_test(tc, test_removed_module_that_cannot_be_given_back,
			    0, 2);
	tcase_add_test(tc, test_orphaned_sites_are_pristine);
	tcase_add_loop_test(tc, test_add_without_memory, 0, N_ALLOCATIONS + 1);
	tcase_add_loop_test(tc, test_update_fails, 0, 2);
	tcase_add_test(tc, test_patching_fails_for_now);
	tcase_add_test(tc, test_text_relocations);
	tcase_add_loop_test(tc, test_no_trampoline, 0, 3);
	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_reserved);
	tcase_add_loop_test(tc, test_under_a_debugger, 0, 2 * N_GOOD);
	tcase_add_test(tc, test_failed_update_under_a_debugger);
	tcase_add_test(tc, test_refused_target_is_forgotten);
	return unit_end();
}
