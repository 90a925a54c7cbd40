/* SPDX-License-Identifier: MIT */
/*
 * test_probes.c - probes of the kernel (uprobes) that come and go beside places
 * while these change, with and without the rule about int3 (see test_rules.c).
 *
 * Needs the right to set them, so it is left out for ordinary users.
 */
#include "sc_config.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sample.h"
#include "maps.h"
#include "unit.h"
#include "wrap.h"
#include "insn.h"

#define CYCLES	40

/* Shared by the process that sets probes and the one that has them. */
struct progress {
	atomic_int cycles;
	atomic_bool enough;
};

static bool rule_off;
static struct progress *progress;

static bool yes(void)
{
	return true;
}

static int probe_type(void)
{
	char text[16] = "";
	int fd = open("/sys/bus/event_source/devices/uprobe/type", O_RDONLY);

	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return text[0] ? atoi(text) : -1;
}

static int open_probe(const char *path, uint64_t offset, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = (uint32_t)probe_type(),
		.size = sizeof(attr),
		.config1 = (uint64_t)(uintptr_t)path,
		.config2 = offset,
	};

	return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

static bool can_probe(void)
{
	uintptr_t at = (uintptr_t)sc_probe_function;
	struct sc_maps maps;
	struct sc_vma vma;

	/* Not every instruction can be probed; this one is a mov. */
	return probe_type() >= 0 && sc_maps_open(&maps, false) == 0 &&
	       sc_maps_find(&maps, at, &vma) == 0 &&
	       open_probe("/proc/self/exe", vma.offset + (at - vma.start),
			  getpid()) >= 0;
}

/*
 * Sets a probe on the neighbour of each place in turn, and takes it out.  A busy
 * machine may run one of the two processes much more than the other, so both go
 * on until both have done enough.
 */
static void set_probes(pid_t target)
{
	const struct timespec moment = { 0, 300000 };
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; !atomic_load(&progress->enough); i++) {
		uint64_t offset = (uint64_t)(code_neighbour(&code,
							    (size_t)i % code.n)
					     - (uint8_t *)code.text.start);
		int fd = open_probe(code.path, offset, target);

		if (fd < 0)
			_exit(1);
		nanosleep(&moment, NULL);
		close(fd);
		nanosleep(&moment, NULL);
		atomic_fetch_add(&progress->cycles, 1);
	}
	_exit(0);
}

static atomic_int stop;

static void *call_neighbours(void *arg)
{
	size_t i = 0;

	while (!atomic_load(&stop)) {
		child_expect(code_call_neighbour(&code, i % code.n) ==
			     CODE_NEIGHBOUR);
		i++;
	}
	return arg;
}

static void probes_come_and_go(void)
{
	pthread_t caller;
	pid_t pid, target = getpid();
	int value = 2, status;

	start();
	code_make(&code, 2, 4);
	progress = mmap(NULL, SC_PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	child_need(progress != MAP_FAILED);
	pid = fork();
	if (pid == 0)
		set_probes(target);
	child_need(pid > 0);
	if (rule_off)
		wraps.traced = yes;
	child_need(pthread_create(&caller, NULL, call_neighbours, NULL) == 0);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		child_expect(code_update(&code, 0, 1, value++) == 0);
		if (value > CYCLES && atomic_load(&progress->cycles) >= CYCLES)
			atomic_store(&progress->enough, true);
	}
	child_need(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	child_need(value > CYCLES);
	child_need(atomic_load(&progress->cycles) >= CYCLES);
	atomic_store(&stop, 1);
	pthread_join(caller, NULL);
	code_expect_consistent(&code);
}

START_TEST(test_probes)
{
	ck_assert_int_eq(child_run(probes_come_and_go), CHILD_FINE);
}
END_TEST

/* A race, which is lost within a few of these cycles. */
START_TEST(test_probes_without_the_rule)
{
	int tries = 20, got;

	rule_off = true;
	do
		got = child_run(probes_come_and_go);
	while (got == CHILD_FINE && --tries);
	ck_assert_int_eq(got, -SIGTRAP);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("probes");

	unit_add_if(tc, test_probes, 0, 3, can_probe);
	unit_add_if(tc, test_probes_without_the_rule, 0, 1, can_probe);
	return unit_end();
}
