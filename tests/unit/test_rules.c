/* SPDX-License-Identifier: MIT */
/*
 * test_rules.c - ten ways in which changing running text can go wrong, some in
 * which it only loses something, and the rule that prevents each.
 *
 * A scenario runs in two child processes: with the rule, and it ends well; with
 * the rule switched off, and it is seen to break.  A rule is switched off in the
 * engine (sc_rules_off), or by a hook that takes the engine's precaution away or
 * answers its question wrongly.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"
#include "maps.h"
#include "step.h"
#include "unit.h"
#include "wrap.h"
#include "places.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#define BLOCK	(2ul << 20)

static bool rule_off;

/* @broken: what the child ends with when the rule is off. */
static void with_and_without(void (*scenario)(void), int broken)
{
	rule_off = false;
	ck_assert_int_eq(child_run(scenario), CHILD_FINE);
	rule_off = true;
	ck_assert_int_eq(child_run(scenario), broken);
}

static bool yes(void)
{
	return true;
}

static bool no(void)
{
	return false;
}

/* ---------------------------------------------------------------------- 1 */

/*
 * Locked pages are unlocked before they move, and locked again.  Else each move
 * leaks what the kernel counts as locked, and the text is locked no more.
 */
static int do_not_unlock(const void *p, size_t len)
{
	return 0;
}

static void locked_text(void)
{
	struct traces now;
	int value;

	start();
	begin(COMPANY, 4, 3);
	ck_assert_int_eq(mlock((void *)code.text.start, 4 * SC_PAGE), 0);
	traces_look(&traces);
	if (rule_off)
		wraps.munlock = wraps.mlock = do_not_unlock;
	for (value = 2; value < 20; value++)
		child_need(code_update(&code, 0, 3, value) == 0);
	traces_look(&now);
	child_expect(now.locked_kb == traces.locked_kb);
	child_expect(sc_maps_has_flag(code.text.start, "lo") == 1);
}

START_TEST(test_rule_1_locked_text)
{
	with_and_without(locked_text, CHILD_BROKEN);
}
END_TEST

/* ---------------------------------------------------------------------- 2 */

/*
 * The second move may fail after it has unmapped the place: where the kernel
 * counts each page and the moved ones are counted, or where it freed the page
 * table of a whole block and has no memory for another.  The hooks are such a
 * kernel; the file cannot be had back either.
 */
static bool counts_pages, frees_tables;

static void *no_memory_left(void *from, size_t len, int flags, void *to)
{
	uintptr_t block = ((uintptr_t)to + BLOCK - 1) & ~(BLOCK - 1);
	bool whole_block = block + BLOCK <= (uintptr_t)to + len;

	if (is_move_in(to) &&
	    ((frees_tables && whole_block) ||
	     (counts_pages &&
	      sc_maps_has_flag((uintptr_t)from, "ac") == 1))) {
		munmap(to, len);
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return __real_mremap(from, len, len, flags, to);
}

static void update_without_memory(void)
{
	code.text.path = "/nonexistent";
	wraps.mremap = no_memory_left;
	child_need(code_update(&code, 0, 1, 3) == 0);
	code_expect_consistent(&code);
}

static void accounted_text(void)
{
	void *text;

	start();
	begin(COMPANY, 2, 3);
	text = (void *)code.text.start;
	/* Somebody once made it writable. */
	child_need(mprotect(text, 2 * SC_PAGE, PROT_READ | PROT_WRITE) == 0);
	child_need(mprotect(text, 2 * SC_PAGE, PROT_READ | PROT_EXEC) == 0);
	child_need(sc_maps_has_flag(code.text.start, "ac") == 1);
	counts_pages = true;
	wraps.strict_overcommit = rule_off ? no : yes;
	update_without_memory();
}

START_TEST(test_rule_2_accounted_text)
{
	with_and_without(accounted_text, -SIGSEGV);
}
END_TEST

/* The engine itself makes the copy accounted where it edits by mprotect. */
static void edited_by_mprotect(void)
{
	start();
	begin(COMPANY, 2, 3);
	counts_pages = true;
	wraps.open = no_mem;
	wraps.strict_overcommit = rule_off ? no : yes;
	update_without_memory();
}

START_TEST(test_rule_2_edited_by_mprotect)
{
	with_and_without(edited_by_mprotect, -SIGSEGV);
}
END_TEST

static void whole_blocks(void)
{
	start();
	begin(COMPANY, 6 * 256, 1);
	frees_tables = true;
	if (rule_off)
		sc_rules_off = 1u << 2;
	update_without_memory();
}

START_TEST(test_rule_2_whole_blocks)
{
	with_and_without(whole_blocks, -SIGSEGV);
}
END_TEST

/* ---------------------------------------------------------------------- 3 */

/*
 * A call that crosses a page.  Anybody may give one of its two pages back to
 * the file, and with it half of the displacement.
 */
#define OLD_FUNC	0x8000u
#define NEW_FUNC	0x29100u
#define SITE		(2 * SC_PAGE - 3)

static void poke_function(uintptr_t at, uint8_t value)
{
	const uint8_t bytes[] = { 0xb8, value, 0, 0, 0, 0xc3 };

	code_poke((void *)at, bytes, sizeof(bytes));
}

/* A file that holds the call and all that it may lead to. */
static void map_crossing_call(void)
{
	const uint32_t old = OLD_FUNC - (SITE + 5), new = NEW_FUNC - (SITE + 5);
	const uint32_t mixed = (new & 0xffff) | (old & 0xffff0000);
	uint8_t site[6] = { 0xe8, [5] = 0xc3 };
	char path[sizeof(code.path)];
	uintptr_t text;
	int fd;

	code_map(&code, 64, 1);
	text = code.text.start;
	memcpy(site + 1, &old, sizeof(old));
	code_poke((void *)(text + SITE), site, sizeof(site));
	poke_function(text + OLD_FUNC, 1);
	poke_function(text + NEW_FUNC, 2);
	poke_function(text + SITE + 5 + mixed, 3);
	/* What was poked becomes the file's. */
	memcpy(path, code.path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	child_need(fd >= 0);
	child_need(write(fd, (void *)text, 64 * SC_PAGE) == 64 * SC_PAGE);
	close(fd);
	child_need(madvise((void *)text, 64 * SC_PAGE, MADV_DONTNEED) == 0);
	sc_text_register(&code.text);
	child_need(code.text.usable);
}

static void crossing_call(void)
{
	static struct sc_segment segment;
	static struct sc_loaded loaded;
	static struct sc_image image = { .segments = &segment,
					 .n_segments = 1, .loaded = &loaded };
	static struct sc_place found;
	uint8_t bytes[5] = { 0xe8 };
	const uint32_t new = NEW_FUNC - (SITE + 5);
	uintptr_t site;
	int got;

	start();
	map_crossing_call();
	if (rule_off)
		sc_rules_off = 1u << 3;
	site = code.text.start + SITE;
	sc_place_decode(&found, &image, &code.text, site,
			code.text.start + OLD_FUNC, NULL);
	child_need(found.addr == (void *)site);
	code.text.places = &found;
	code.text.n_places = 1;
	child_need(sc_text_reserve(1) == 0);
	if (found.len) {
		memcpy(bytes + 1, &new, sizeof(new));
		child_need(code_change(&found, bytes, NULL) == 0);
	}
	child_need(((int (*)(void))site)() == (found.len ? 2 : 1));
	child_need(madvise((void *)((site + SC_PAGE) & ~(SC_PAGE - 1)),
			   SC_PAGE, MADV_DONTNEED) == 0);
	got = ((int (*)(void))site)();
	child_expect(got == 1 || got == 2);
}

START_TEST(test_rule_3_crossing)
{
	with_and_without(crossing_call, CHILD_BROKEN);
}
END_TEST

/* ---------------------------------------------------------------------- 4 */

static const uint8_t int3 = 0xcc;

/*
 * A probe of the kernel is taken out while the copy is away: the pristine page
 * has lost its int3 and the copy brings it back, with nobody to catch it.
 */
static void probe_is_removed(void)
{
	start();
	begin(COMPANY, 1, 4);
	code_poke(code_neighbour(&code, 1), &int3, 1);
	wraps.traced = rule_off ? yes : no;
	child_need(code_update(&code, 0, 1, 3) == 0);
	child_expect(code_call_neighbour(&code, 1) == CODE_NEIGHBOUR);
	code_expect_consistent(&code);
}

START_TEST(test_rule_4_probe)
{
	with_and_without(probe_is_removed, -SIGTRAP);
}
END_TEST

static void probe_on_a_place_is_removed(void)
{
	start();
	begin(COMPANY, 1, 4);
	child_need(code_update(&code, 0, 1, 2) == 0);
	code_poke(code.places[1].addr, &int3, 1);
	wraps.traced = rule_off ? yes : no;
	child_need(code_update(&code, 0, 1, 3) == 0);
	code_expect_consistent(&code);
}

START_TEST(test_rule_4_probe_on_a_place)
{
	with_and_without(probe_on_a_place_is_removed, -SIGTRAP);
}
END_TEST

/* ---------------------------------------------------------------------- 5 */

/*
 * In place too a probe may be taken out between a read and a write; so what is
 * written between places has no trap in it.
 */
static ssize_t probe_leaves_before_write(int fd, const void *buf, size_t len,
					 off_t at)
{
	code_poke(code_neighbour(&code, 1), "\xb8", 1);
	return __real_pwrite(fd, buf, len, at);
}

static void probe_beside_in_place(void)
{
	start();
	begin(ALONE, 1, 4);
	code_poke(code_neighbour(&code, 1), &int3, 1);
	wraps.pwrite = probe_leaves_before_write;
	if (rule_off)
		sc_rules_off = 1u << 5;
	child_need(code_update(&code, 0, 1, 3) == 0);
	child_need(strcmp(steps_seen, rule_off ? "A" : "AA") == 0);
	child_expect(code_call_neighbour(&code, 1) == CODE_NEIGHBOUR);
	code_expect_consistent(&code);
}

START_TEST(test_rule_5_in_place)
{
	with_and_without(probe_beside_in_place, -SIGTRAP);
}
END_TEST

/* ---------------------------------------------------------------------- 6 */

/*
 * A breakpoint on a patched place: to skip it would leave the old target behind
 * the opcode that the debugger puts back.
 */
static void breakpoint_on_a_place(void)
{
	start();
	begin(COMPANY, 1, 4);
	child_need(code_update(&code, 0, 1, 2) == 0);
	wraps.traced = yes;
	code_poke(code.places[1].addr, &int3, 1);
	if (rule_off)
		sc_rules_off = 1u << 6;
	child_need(code_update(&code, 0, 1, 3) == 0);
	code_poke(code.places[1].addr, "\xb8", 1);
	child_expect(code_call(&code, 1) == 3);
}

START_TEST(test_rule_6_breakpoint)
{
	with_and_without(breakpoint_on_a_place, CHILD_BROKEN);
}
END_TEST

/* ---------------------------------------------------------------------- 7 */

/*
 * The disk fails: from the moment the pages of the file are asked for there are
 * none.  The hook is what a reader is told; truncation is what a caller meets.
 */
static int disk_fails(void *p, size_t len, int advice)
{
	if (advice != MADV_POPULATE_READ)
		return __real_madvise(p, len, advice);
	if (rule_off)
		return 0;
	errno = EFAULT;
	return -1;
}

static void file_is_gone(char step)
{
	if (step != 'E')
		return;
	child_need(truncate(code.path, 0) == 0);
	/* a caller comes */
	code_call(&code, 0);
}

static void unreadable_file(void)
{
	start();
	begin(COMPANY, 1, 4);
	child_need(code_update(&code, 0, 1, 2) == 0);
	wraps.madvise = disk_fails;
	steps_watch = file_is_gone;
	child_expect(code_update(&code, 0, 1, 3) == -EIO);
	expect_all(0, 1, 2);
}

START_TEST(test_rule_7_disk)
{
	with_and_without(unreadable_file, -SIGBUS);
}
END_TEST

/* ---------------------------------------------------------------------- 8 */

/* The wrong question: is this the only thread of its process? */
static long count_threads(long number, long a, long b, long c, long d)
{
	struct stat st;

	if (number == SYS_unshare)
		return stat("/proc/self/task", &st) == 0 && st.st_nlink == 3 ?
			       0 : -1;
	return __real_syscall(number, a, b, c, d, 0, 0);
}

static char peer_stack[65536];

static int peer(void *arg)
{
	for (;;)
		pause();
	return 0;
}

/* Another process that shares this memory runs this text too. */
static void peer_process(void)
{
	pid_t pid;

	start();
	begin(ALONE, 1, 4);
	pid = clone(peer, peer_stack + sizeof(peer_stack),
		    CLONE_VM | SIGCHLD, NULL);
	child_need(pid > 0);
	if (rule_off)
		wraps.syscall = count_threads;
	child_need(code_update(&code, 0, 1, 3) == 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	expect_all(0, 1, 3);
	/* Text that another runs was not written in place. */
	child_expect(strchr(steps_seen, 'A') == NULL);
}

START_TEST(test_rule_8_alone)
{
	with_and_without(peer_process, CHILD_BROKEN);
}
END_TEST

/* ---------------------------------------------------------------------- 9 */

/*
 * A function called at a place changes that place, and returns into it.
 *
 *	site:	call *slot(%rip)	6 bytes, or a direct call
 *		ret
 *		mov $99,%eax; ret	for whom returns in the middle
 *	func:	a call of the function below, with the stack as it wants it
 */
#define CALLS		0x100u
#define CALLED		0x200u
#define SLOT		0x300u

static struct sc_place returning;

static int change_under_the_caller(void)
{
	child_need(code_change(&returning, returning.pristine, NULL) == 0);
	child_need(memcmp(returning.addr, returning.pristine, 6) == 0);
	return 5;
}

static int encode_two_instructions(enum sc_form form, uintptr_t addr,
				   const struct sc_target *target,
				   const uint8_t *keep, uint8_t *out)
{
	out[5] = 0x90;
	return __real_sc_insn_encode(SC_FORM_CALL, addr, target, keep, out);
}

static void poke_call(uintptr_t text)
{
	int (*to)(void) = change_under_the_caller;
	uint8_t site[] = { 0xff, 0x15, 0, 0, 0, 0, 0xc3,
			   0xb8, 99, 0, 0, 0, 0xc3 };
	/* mov $to,%rax; call *%rax; ret: a multiple of 16 below the caller. */
	uint8_t thunk[] = { 0x48, 0xb8, [10] = 0xff, 0xd0, 0xc3 };
	uint32_t rel = SLOT - (CALLS + 6);
	uintptr_t called = text + CALLED;

	memcpy(site + 2, &rel, sizeof(rel));
	memcpy(thunk + 2, &to, sizeof(to));
	code_poke((void *)(text + CALLS), site, sizeof(site));
	code_poke((void *)called, thunk, sizeof(thunk));
	code_poke((void *)(text + SLOT), &called, sizeof(called));
}

static void return_into_a_place(void)
{
	struct sc_target target = { .kind = SC_TARGET_FUNC };
	uint8_t bytes[SC_INSN_ROOM];
	struct sc_insn insn;
	uintptr_t text;
	int got;

	start();
	begin(ALONE, 1, 1);
	text = code.text.start;
	poke_call(text);
	child_need(sc_insn_decode((void *)(text + CALLS), 6, &insn) == 0);
	returning.addr = (uint8_t *)text + CALLS;
	returning.text = &code.text;
	returning.len = (uint8_t)insn.len;
	memcpy(returning.pristine, returning.addr, insn.len);
	memcpy(returning.live, returning.addr, insn.len);
	memcpy(bytes, returning.addr, insn.len);
	target.func = text + CALLED;
	if (rule_off)
		wraps.encode = encode_two_instructions;
	child_need(sc_insn_encode(insn.form, text + CALLS, &target, NULL,
				  bytes) == 0);
	child_need(code_change(&returning, bytes, NULL) == 0);
	got = ((int (*)(void))(text + CALLS))();
	child_expect(got == 5);
}

START_TEST(test_rule_9_one_instruction)
{
	with_and_without(return_into_a_place, CHILD_BROKEN);
}
END_TEST

/* --------------------------------------------------------------------- 10 */

/* Without the rule any mapping will do. */
static int find_the_registered(struct sc_maps *maps, uintptr_t addr,
			       struct sc_vma *vma)
{
	int err = __real_sc_maps_find(maps, addr, vma);

	vma->inode = code.text.inode;
	vma->major = code.text.major;
	vma->minor = code.text.minor;
	vma->offset = code.text.offset + (vma->start - code.text.start);
	vma->flags = SC_VMA_READ | SC_VMA_EXEC;
	return err;
}

/*
 * Text that somebody has replaced by a copy in memory of its own: moved away it
 * shows zeros.
 */
static void text_of_no_file(void)
{
	static uint8_t bytes[SC_PAGE];
	void *text;

	start();
	begin(COMPANY, 1, 4);
	child_need(code_update(&code, 0, 1, 2) == 0);
	text = (void *)code.text.start;
	memcpy(bytes, text, SC_PAGE);
	child_need(mmap(text, SC_PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		   text);
	memcpy(text, bytes, SC_PAGE);
	child_need(mprotect(text, SC_PAGE, PROT_READ | PROT_EXEC) == 0);
	if (rule_off)
		wraps.find = find_the_registered;
	child_expect(code_update(&code, 0, 1, 3) == (rule_off ? 0 : -EBUSY));
	child_expect(memcmp(text, bytes, SC_PAGE) == 0);
	code_expect_consistent(&code);
}

START_TEST(test_rule_10_not_a_file)
{
	with_and_without(text_of_no_file, CHILD_BROKEN);
}
END_TEST

/* --------------------------------------------- what is lost without a rule */

/* Kernels before 6.17 move no more than one mapping. */
static void *one_mapping_only(void *from, size_t len, int flags, void *to)
{
	struct sc_maps maps;
	struct sc_vma vma = { 0 };

	if (flags && !sc_maps_open(&maps, false)) {
		__real_sc_maps_find(&maps, (uintptr_t)from, &vma);
		sc_maps_close(&maps);
		if (vma.end < (uintptr_t)from + len) {
			errno = EFAULT;
			return MAP_FAILED;
		}
	}
	return __real_mremap(from, len, len, flags, to);
}

/* Without the rule text is one mapping to its end. */
static int find_one_mapping(struct sc_maps *maps, uintptr_t addr,
			    struct sc_vma *vma)
{
	int err = __real_sc_maps_find(maps, addr, vma);

	vma->end = code.text.end;
	return err;
}

/* A range that spans two mappings cannot be moved: its calls become slow. */
static void split_text(void)
{
	start();
	begin(COMPANY, 12, 3);
	child_need(madvise((void *)(code.text.start + 4 * SC_PAGE), 3 * SC_PAGE,
			   MADV_DONTFORK) == 0);
	wraps.mremap = one_mapping_only;
	if (rule_off)
		wraps.find = find_one_mapping;
	child_need(code_update(&code, 0, 1, 3) == 0);
	code_expect_consistent(&code);
	child_expect(code_call(&code, 0) == 3);
	child_expect(strchr(steps_seen, 'R') == NULL);
}

START_TEST(test_rule_one_mapping)
{
	with_and_without(split_text, CHILD_BROKEN);
}
END_TEST

static uint8_t *window_at;
static uint8_t window_byte;

static void debugger_writes(char step)
{
	if (step == 'E')
		code_poke(window_at, &window_byte, 1);
}

/* What a debugger does while the page is away: sets a breakpoint, ... */
static void breakpoint_is_set(void)
{
	start();
	begin(COMPANY, 2, 4);
	child_need(code_update(&code, 0, 1, 2) == 0);
	window_at = code_neighbour(&code, 5);
	window_byte = int3;
	steps_watch = debugger_writes;
	wraps.traced = rule_off ? no : yes;
	child_need(code_update(&code, 0, 1, 3) == 0);
	expect_all(0, 1, 3);
	child_expect(*window_at == int3);
}

START_TEST(test_rule_breakpoint_set_in_the_window)
{
	with_and_without(breakpoint_is_set, CHILD_BROKEN);
}
END_TEST

static int page_of_the_file(uintptr_t addr)
{
	return 0;
}

/* ... or takes one out. */
static void breakpoint_is_removed(void)
{
	start();
	begin(COMPANY, 2, 4);
	child_need(code_update(&code, 0, 1, 2) == 0);
	window_at = code_neighbour(&code, 5);
	window_byte = *window_at;
	code_poke(window_at, &int3, 1);
	steps_watch = debugger_writes;
	wraps.traced = yes;
	if (rule_off)
		wraps.is_private_copy = page_of_the_file;
	child_need(code_update(&code, 0, 1, 3) == 0);
	expect_all(0, 1, 3);
	child_need(code_call_neighbour(&code, 5) == CODE_NEIGHBOUR);
}

START_TEST(test_rule_breakpoint_removed_in_the_window)
{
	with_and_without(breakpoint_is_removed, -SIGTRAP);
}
END_TEST

/* Sealed text that is patched while alone cannot be changed beside others. */
static bool seal(void *p, size_t len)
{
	return __real_syscall(SYS_mseal, (long)p, (long)len, 0, 0, 0, 0) == 0;
}

static bool can_seal(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, SC_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd,
		       0);

	return p != MAP_FAILED && seal(p, SC_PAGE);
}

/* Not all kernels do this, and some let sealed text be given back. */
static int not_given_back(void *p, size_t len, int advice)
{
	if (advice == MADV_POPULATE_READ)
		return __real_madvise(p, len, advice);
	errno = EPERM;
	return -1;
}

static void *all_can_move(void *from, size_t len, int flags, void *to)
{
	if (!flags)
		return from;
	return __real_mremap(from, len, len, flags, to);
}

static void sealed_text(void)
{
	start();
	code_map(&code, 2, 3);
	child_need(seal((void *)code.text.start, 2 * SC_PAGE));
	wraps.madvise = not_given_back;
	if (rule_off)
		wraps.mremap = all_can_move;
	sc_text_register(&code.text);
	if (!code.text.usable)
		return;
	code_register(&code);
	child_need(code_update(&code, 0, 1, 2) == 0);
	company_start();
	child_expect(code_update(&code, 0, 1, 3) == 0);
}

START_TEST(test_rule_sealed_text)
{
	with_and_without(sealed_text, CHILD_BROKEN);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("rules");

	tcase_add_test(tc, test_rule_1_locked_text);
	tcase_add_test(tc, test_rule_2_accounted_text);
	tcase_add_test(tc, test_rule_2_edited_by_mprotect);
	tcase_add_test(tc, test_rule_2_whole_blocks);
	unit_add_if(tc, test_rule_3_crossing, 0, 1, can_be_alone);
	tcase_add_test(tc, test_rule_4_probe);
	tcase_add_test(tc, test_rule_4_probe_on_a_place);
	unit_add_if(tc, test_rule_5_in_place, 0, 1, can_be_alone);
	tcase_add_test(tc, test_rule_6_breakpoint);
	tcase_add_test(tc, test_rule_7_disk);
	unit_add_if(tc, test_rule_8_alone, 0, 1, can_be_alone);
	unit_add_if(tc, test_rule_9_one_instruction, 0, 1, can_be_alone);
	tcase_add_test(tc, test_rule_10_not_a_file);
	tcase_add_test(tc, test_rule_one_mapping);
	tcase_add_test(tc, test_rule_breakpoint_set_in_the_window);
	tcase_add_test(tc, test_rule_breakpoint_removed_in_the_window);
	unit_add_if(tc, test_rule_sealed_text, 0, 1, can_seal);
	return unit_end();
}
