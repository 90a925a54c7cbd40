/* SPDX-License-Identifier: MIT */
/* report.c - the numbers of a run, and faults. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

struct record *record;

long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000l + t.tv_nsec;
}

unsigned int next_random(unsigned int *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

unsigned int thread_seed(void)
{
	static atomic_uint last = 2463534242u;
	unsigned int seed = atomic_fetch_add(&last, 0x9e3779b9u);
	int i;

	if (!seed)
		seed = 1;
	for (i = 0; i < 8; i++)
		next_random(&seed);
	return seed;
}

/* May run in a child, in a handler, beside the thread it was cloned from. */
void fault(const char *format, ...)
{
	va_list args;

	if (atomic_fetch_add(&record->faults, 1) == 0) {
		va_start(args, format);
		vsnprintf(record->fault, sizeof(record->fault), format, args);
		va_end(args);
		atomic_store(&record->fault_ns, now_ns());
	}
	_exit(1);
}

long counted(enum counter which)
{
	return atomic_load(&record->counts[which]);
}

static long calls(void)
{
	int which;
	long sum = 0;

	for (which = CALLS_PLAIN; which <= CALLS_THREAD; which++)
		sum += counted((enum counter)which);
	return sum;
}

static void print_updates(void)
{
	long singles = counted(UPDATES_SINGLE), batches = counted(UPDATES_BATCH);

	printf("updates  %ld: single %ld, batch %ld (of %ld keys), child %ld, plugin %ld, handler %ld; "
	       "refused and tried again %ld\n",
	       singles + batches + counted(UPDATES_CHILD) +
		       counted(UPDATES_PLUGIN) + counted(UPDATES_HANDLER),
	       singles, batches, counted(KEYS_BATCH), counted(UPDATES_CHILD),
	       counted(UPDATES_PLUGIN), counted(UPDATES_HANDLER),
	       counted(RETRIES));
	printf("each     single %ld us, batch %ld us, beside all else\n",
	       singles ? counted(NS_SINGLE) / singles / 1000 : 0,
	       batches ? counted(NS_BATCH) / batches / 1000 : 0);
}

static void print_forms(void)
{
	static const char *const names[N_FORMS] = {
		[FORM_CALL] = "call", [FORM_TAIL] = "tail",
		[FORM_COND] = "conditional tail",
		[FORM_CALL_RELAXED] = "call, slot relaxed",
		[FORM_CALL_SLOT] = "call, slot",
		[FORM_TAIL_RELAXED] = "tail, slot relaxed",
		[FORM_TAIL_SLOT] = "tail, slot",
		[FORM_COMPILED] = "compiled",
	};
	int i;

	printf("forms    ");
	for (i = 0; i < N_FORMS; i++)
		printf("%s%s %ld", i ? "; " : "", names[i],
		       atomic_load(&record->forms[i]));
	printf("\n");
}

void report_print(double seconds)
{
	printf("time     %.1f s\n", seconds);
	printf("calls    %ld: plain %ld, all signals blocked %ld, in a storm of signals %ld, "
	       "small stack %ld, in handlers %ld, in other processes %ld, in plugins %ld, "
	       "in short threads %ld; unchecked %ld\n",
	       calls(), counted(CALLS_PLAIN), counted(CALLS_BLOCKED),
	       counted(CALLS_STORM), counted(CALLS_SMALL),
	       counted(CALLS_HANDLER), counted(CALLS_CHILD),
	       counted(CALLS_PLUGIN), counted(CALLS_THREAD),
	       counted(UNCHECKED));
	print_forms();
	print_updates();
	printf("beside   forks %ld, raw clones %ld, vfork children %ld, peers in this memory %ld, "
	       "spawns %ld, loads %ld, mappings %ld, pages given back %ld, runs of pages locked %ld, threads %ld, "
	       "looks at the map %ld\n",
	       counted(FORKS), counted(RAW_FORKS), counted(VFORKS),
	       counted(PEERS), counted(SPAWNS), counted(LOADS),
	       counted(MAPPINGS), counted(GIVEN_PAGES), counted(LOCKED), counted(THREADS),
	       counted(LOOKS));
	if (counted(COPIES))
		printf("soak     plugins with a copy %ld, namespaces %ld, famines %ld\n",
		       counted(COPIES), counted(NAMESPACES), counted(FAMINES));
	if (record->fault[0])
		printf("fault    %s\n", record->fault);
}
