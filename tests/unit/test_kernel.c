/* SPDX-License-Identifier: MIT */
/*
 * test_kernel.c - what the kernel itself may do to text while it changes: have no
 * memory for it, merge its pages, hand its faults to a thread, copy the process.
 *
 * Some of this changes the machine for a moment (a control group, the merging of
 * pages, huge pages).  Then a process of its own, which nobody stops, puts things
 * back as they were.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sample.h"
#include "maps.h"
#include "step.h"
#include "unit.h"
#include "wrap.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4U
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define BLOCK	(2ul << 20)

static bool rule_off;

/* ------------------------------------------------------- files of the kernel */

static bool put(const char *path, const char *text)
{
	int fd = __real_open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/* The first line; empty if there is none. */
static char *get(const char *path)
{
	static char text[64];
	int fd = __real_open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[got < 0 ? 0 : got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void wait_a_moment(void)
{
	const struct timespec moment = { 0, 2000000 };

	nanosleep(&moment, NULL);
}

/*
 * Runs @scenario as child_run() does, and @restore when it has ended, whatever
 * becomes of this process.  A signal counts as 128 and its number.
 */
static void (*the_scenario)(void), (*the_restore)(void);
static int the_seconds = 1000;

static void guard(void)
{
	int status;

	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	status = child_run_for(the_seconds, the_scenario);
	the_restore();
	_exit(status < 0 ? 128 - status : status);
}

static int guarded_run(void (*scenario)(void), void (*restore)(void))
{
	the_scenario = scenario;
	the_restore = restore;
	return child_run(guard);
}

/* -------------------------------------------------- no memory left */

/*
 * A control group of version 1 can refuse memory instead of killing.  The
 * process takes all memory up to the limit just before the copy moves in.
 */
static char group[512];

static void in_group(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", group, name);
}

static bool put_group(const char *name, const char *text)
{
	char path[600];

	in_group(path, sizeof(path), name);
	return put(path, text);
}

/* A group below that of this process. */
static bool make_group(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[400], *own;

	while (f && fgets(line, sizeof(line), f)) {
		own = strstr(line, ":memory:");
		if (!own)
			continue;
		own[strcspn(own, "\n")] = '\0';
		snprintf(group, sizeof(group), "/sys/fs/cgroup/memory%s/sc-%d",
			 own + 8, (int)getpid());
	}
	if (f)
		fclose(f);
	return group[0] && mkdir(group, 0700) == 0 &&
	       put_group("memory.oom_control", "1");
}

static void remove_group(void)
{
	int tries;

	for (tries = 0; tries < 100 && rmdir(group) && errno == EBUSY; tries++)
		wait_a_moment();
}

static bool can_limit_memory(void)
{
	bool can = make_group();

	remove_group();
	return can;
}

#define PLENTY	(256ul << 20)
static uint8_t *eaten;

/* Takes all memory there is, page by page, so that nothing is left over. */
static void eat(void)
{
	char path[600], limit[32];
	size_t at;

	in_group(path, sizeof(path), "memory.usage_in_bytes");
	snprintf(limit, sizeof(limit), "%lu",
		 strtoul(get(path), NULL, 10) + BLOCK);
	child_need(put_group("memory.limit_in_bytes", limit));
	for (at = 0; at < PLENTY; at += SC_PAGE)
		if (__real_madvise(eaten + at, SC_PAGE, MADV_POPULATE_WRITE))
			break;
	child_need(at > 0 && at < PLENTY);
}

static int meals;

static void eat_before_the_move(char step)
{
	if (step == 'F' && !meals++)
		eat();
	/* The place is lost: a caller runs it. */
	if (step == 'L')
		code_call(&code, 0);
}

static void enter_group(void)
{
	cpu_set_t one;

	/* The kernel sets memory aside for each processor. */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	child_need(put_group("cgroup.procs", "0"));
	/*
	 * At the limit the kernel also takes back pages of the program's file, and
	 * a page that this process has in common with its parent is copied when it
	 * is written to.  A thread that needs the page waits for ever.
	 */
	child_need(mlockall(MCL_CURRENT) == 0);
	eaten = mmap(NULL, PLENTY, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	child_need(eaten != MAP_FAILED);
	madvise(eaten, PLENTY, MADV_NOHUGEPAGE);
}

static void update_at_the_limit(void)
{
	child_need(code_update(&code, 0, 1, 2) == 0);
	steps_watch = eat_before_the_move;
	child_need(code_update(&code, 0, 1, 3) == 0);
	child_need(meals > 0);
	munmap(eaten, PLENTY);
	code_expect_consistent(&code);
}

static void whole_blocks(void)
{
	enter_group();
	start();
	begin(COMPANY, 6*256, 1);
	if (rule_off)
		sc_rules_off = 1u << 2;
	update_at_the_limit();
}

/* Where nothing else is in the block of 2 MB, or in many more. */
#define FAR	((void *)(1ul << 40))

static void lonely_text(void)
{
	size_t len = 8 * SC_PAGE;
	void *far;

	enter_group();
	start();
	code_map(&code, 8, 3);
	far = mmap(FAR, len, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	child_need(far == FAR);
	child_need(__real_mremap((void *)code.text.start, len, len,
				 MREMAP_MAYMOVE | MREMAP_FIXED, far) == far);
	code.text.start = (uintptr_t)far;
	code.text.end = code.text.start + len;
	code_register(&code);
	company_start();
	if (rule_off)
		sc_rules_off = 1u << 2;
	update_at_the_limit();
}

/*
 * A page of the file that the kernel took back at the limit cannot be read again.
 * A thread that needs it waits for ever; such a run is killed, and repeated.
 */
static int limited_run(void (*scenario)(void), bool without)
{
	int tries = 5, got;

	rule_off = without;
	the_seconds = 60;
	do {
		ck_assert(make_group());
		got = guarded_run(scenario, remove_group);
	} while (got == 128 + SIGKILL && --tries);
	return got;
}

START_TEST(test_memory_limit)
{
	ck_assert_int_eq(limited_run(_i ? lonely_text : whole_blocks, false),
			 CHILD_FINE);
}
END_TEST

/*
 * Whether memory comes back in time is a race.  Whole blocks that come from an
 * arena have not been seen to lose it; test_rules.c has a kernel that does.
 */
START_TEST(test_memory_limit_without_the_rule)
{
	int tries = 20, got;

	do
		got = limited_run(lonely_text, true);
	while (got == CHILD_FINE && --tries);
	ck_assert_int_eq(got, 128 + SIGSEGV);
}
END_TEST

/* ------------------------------------------------------------ merged pages */

/*
 * Where the kernel merges equal pages (KSM) a page of patched text can be one of
 * them.  All pages of this text are equal.
 */
#define KSM	"/sys/kernel/mm/ksm/"

static char ksm_was[3][16];
static const char *const ksm_files[3] = {
	KSM "sleep_millisecs", KSM "pages_to_scan", KSM "run",
};

static bool can_merge(void)
{
	char was[16];

	snprintf(was, sizeof(was), "%.15s", get(KSM "run"));
	return was[0] && put(KSM "run", was) &&
	       access("/proc/self/ksm_merging_pages", R_OK) == 0;
}

static void merge_eagerly(void)
{
	const char *values[3] = { "0", "5000", "1" };
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(ksm_was[i], sizeof(ksm_was[i]), "%.15s",
			 get(ksm_files[i]));
		put(ksm_files[i], values[i]);
	}
}

static void merge_as_before(void)
{
	int i;

	for (i = 0; i < 3; i++)
		put(ksm_files[i], ksm_was[i]);
}

/* The kernel's thread has low priority and may take long. */
static void wait_until_merged(void)
{
	while (atoi(get("/proc/self/ksm_merging_pages")) <= 0)
		wait_a_moment();
}

static char merge_at;
static int merged_in_window;

static void merge_in_the_window(char step)
{
	if (step != merge_at)
		return;
	wait_until_merged();
	merged_in_window++;
}

static void equal_pages(void)
{
	size_t len = 64 * SC_PAGE;
	int value;

	start();
	begin(COMPANY, 64, 4);
	child_need(code_update(&code, 0, 1, 2) == 0);
	child_need(madvise((void *)code.text.start, len, MADV_MERGEABLE) == 0);
	wait_until_merged();
	steps_watch = merge_in_the_window;
	for (value = 3; value < 6; value++) {
		/* before it moves out; before the edit; before it moves in */
		merge_at = "CEF"[value % 3];
		child_expect(code_update(&code, 0, 1, value) == 0);
		expect_all(0, 1, value);
		code_expect_consistent(&code);
	}
	child_need(merged_in_window == 3);
}

START_TEST(test_merged_pages)
{
	merge_eagerly();
	ck_assert_int_eq(guarded_run(equal_pages, merge_as_before),
			 CHILD_FINE);
}
END_TEST

/* --------------------------------------------------- faults that a thread answers */

/*
 * A thread of the program answers the page faults of text on tmpfs (userfaultfd),
 * also those of callers in the window.
 */
static atomic_int answers;
static int fault_fd = -1;

static void *answer_faults(void *arg)
{
	struct pollfd ready = { .fd = fault_fd, .events = POLLIN };
	struct uffd_msg msg;

	while (poll(&ready, 1, -1) == 1 &&
	       read(fault_fd, &msg, sizeof(msg)) == sizeof(msg)) {
		struct uffdio_continue go = {
			.range = { msg.arg.pagefault.address & ~(SC_PAGE - 1),
				   SC_PAGE },
		};

		atomic_fetch_add(&answers, 1);
		ioctl(fault_fd, UFFDIO_CONTINUE, &go);
	}
	return arg;
}

static bool answer_for(uintptr_t text, size_t len)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = UFFD_FEATURE_MINOR_SHMEM,
	};
	struct uffdio_register reg = {
		.range = { text, len }, .mode = UFFDIO_REGISTER_MODE_MINOR,
	};

	fault_fd = (int)__real_syscall(SYS_userfaultfd, O_CLOEXEC, 0, 0, 0, 0,
				       0);
	return fault_fd >= 0 && ioctl(fault_fd, UFFDIO_API, &api) == 0 &&
	       ioctl(fault_fd, UFFDIO_REGISTER, &reg) == 0;
}

static bool can_answer_faults(void)
{
	int fd = memfd_create("text", MFD_CLOEXEC);
	void *p;

	if (fd < 0 || ftruncate(fd, SC_PAGE))
		return false;
	p = mmap(NULL, SC_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	return p != MAP_FAILED && answer_for((uintptr_t)p, SC_PAGE) &&
	       chdir("/dev/shm") == 0 && access(".", W_OK) == 0;
}

static void call_in_the_window(char step)
{
	if (step == 'E')
		expect_all(0, 1, CODE_PRISTINE);
}

static void answered_faults(void)
{
	pthread_t thread;
	int value;

	child_need(chdir("/dev/shm") == 0);
	start();
	begin(COMPANY, 8, 4);
	for (value = 2; value < 8; value++) {
		child_need(answer_for(code.text.start, 8 * SC_PAGE));
		child_need(pthread_create(&thread, NULL, answer_faults, NULL)
			   == 0);
		steps_watch = call_in_the_window;
		child_expect(code_update(&code, 0, 1, value) == 0);
		expect_all(0, 1, value);
		code_expect_consistent(&code);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
		close(fault_fd);
	}
	child_need(atomic_load(&answers) > 0);
}

START_TEST(test_answered_faults)
{
	ck_assert_int_eq(child_run(answered_faults), CHILD_FINE);
}
END_TEST

/* -------------------------------------------------------- large pages for text */

/*
 * Text on pages of 2 MB (hugetlb) cannot be moved in parts, nor given back in
 * parts.  What was patched there in place could not be changed later.
 */
#define HUGE_TEXT	"/sys/kernel/mm/hugepages/hugepages-2048kB/"

static char huge_was[16];

static void huge_as_before(void)
{
	put(HUGE_TEXT "nr_hugepages", huge_was);
}

/* Two pages more than there are. */
static bool reserve_huge(void)
{
	char more[16];
	int was;

	snprintf(huge_was, sizeof(huge_was), "%.15s",
		 get(HUGE_TEXT "nr_hugepages"));
	was = atoi(huge_was);
	snprintf(more, sizeof(more), "%d", was + 3);
	return huge_was[0] && put(HUGE_TEXT "nr_hugepages", more) &&
	       atoi(get(HUGE_TEXT "nr_hugepages")) == was + 3;
}

static bool can_reserve_huge(void)
{
	bool can = reserve_huge();

	huge_as_before();
	return can;
}

/* The same text on a huge page, at a place that fits. */
static void map_huge(void)
{
	int fd = memfd_create("text", MFD_CLOEXEC | MFD_HUGETLB);
	void *p;

	child_need(fd >= 0 && ftruncate(fd, BLOCK) == 0);
	p = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	child_need(p != MAP_FAILED);
	memcpy(p, (void *)code.text.start, BLOCK);
	munmap(p, BLOCK);
	p = mmap(NULL, BLOCK, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	child_need(p != MAP_FAILED);
	snprintf(code.path, sizeof(code.path), "/proc/self/fd/%d", fd);
	code.text.start = (uintptr_t)p;
	code.text.end = code.text.start + BLOCK;
}

static void huge_text(void)
{
	start();
	code_map(&code, 512, 1);
	map_huge();
	sc_text_register(&code.text);
	child_expect(!code.text.usable);
}

START_TEST(test_huge_text)
{
	ck_assert(reserve_huge());
	ck_assert_int_eq(guarded_run(huge_text, huge_as_before), CHILD_FINE);
}
END_TEST

/* -------------------------------------------------------- a copy of the process */

/*
 * The system call itself makes a child in the middle of an update, unknown to the
 * library: all its calls are right.
 */
static int children;

static void clone_here(char step)
{
	int status;
	size_t i;
	long pid;

	pid = __real_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
	if (pid == 0) {
		for (i = 0; i < code.n; i++) {
			int late = i % 76 == 0 && strchr("EF", step);
			int got = code_call(&code, i);

			if (got != CODE_PRISTINE && got != (late ? 3 : 2))
				_exit(1);
		}
		_exit(0);
	}
	child_need(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid);
	child_expect(status == 0);
	children++;
}

/* Without the rule nothing is mapped where the pages were. */
static void *leave_a_hole(void *from, size_t len, int flags, void *to)
{
	if (!is_move_in(to))
		flags &= ~MREMAP_DONTUNMAP;
	return __real_mremap(from, len, len, flags, to);
}

static void cloned(void)
{
	start();
	begin(COMPANY, 20, 4);
	child_need(code_update(&code, 0, 1, 2) == 0);
	if (rule_off)
		wraps.mremap = leave_a_hole;
	steps_watch = clone_here;
	child_expect(code_update(&code, 0, 76, 3) == 0);
	steps_watch = NULL;
	child_need(children > 8);
	code_expect_consistent(&code);
}

START_TEST(test_raw_clone)
{
	ck_assert_int_eq(child_run(cloned), CHILD_FINE);
	rule_off = true;
	ck_assert_int_eq(child_run(cloned), CHILD_BROKEN);
}
END_TEST

/* The machine has these settings once: held until this and its children end. */
static void one_at_a_time(void)
{
	int fd = open("/sys/kernel/mm", O_RDONLY | O_DIRECTORY);

	if (fd >= 0)
		flock(fd, LOCK_EX);
}

int main(void)
{
	TCase *tc = unit_begin("kernel");

	one_at_a_time();

	unit_add_if(tc, test_memory_limit, 0, 2, can_limit_memory);
	unit_add_if(tc, test_memory_limit_without_the_rule, 0, 1,
		    can_limit_memory);
	unit_add_if(tc, test_merged_pages, 0, 1, can_merge);
	unit_add_if(tc, test_answered_faults, 0, 1, can_answer_faults);
	unit_add_if(tc, test_huge_text, 0, 1, can_reserve_huge);
	tcase_add_test(tc, test_raw_clone);
	return unit_end();
}
