/* SPDX-License-Identifier: MIT */
/*
 * callers.c - threads that call, and the check of each call.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id	_sigev_un._tid
#endif

static bool explained(const struct bracket *seen, const struct probe *p,
		      long result)
{
	long number;

	for (number = seen->from; number <= seen->to; number++)
		if (aim_explains(number, p->tag, result))
			return true;
	return false;
}

void check_key_call(hook_fn *fn, struct key_state *k, int form)
{
	struct probe p = { TAG_NONE };
	struct bracket seen;
	long result;

	seen.from = atomic_load(&k->done);
	result = fn(&p, ~(unsigned long)&p);
	seen.to = atomic_load(&k->begun);
	/* A caller that slept through all targets cannot tell. */
	if (seen.to - seen.from >= N_AIMS)
		count(UNCHECKED, 1);
	else if (!explained(&seen, &p, result))
		fault("place %p of form %d, key %d: tag %ld, result %ld, numbers %ld to %ld",
		      (void *)fn, form, (int)(k - keys), p.tag, result,
		      seen.from, seen.to);
}

void check_call(const struct place *place)
{
	check_key_call(place->fn, keys + place->key, place->form);
}

void check_all_exactly(void)
{
	size_t i;

	for (i = 0; i < n_all_places; i++) {
		struct key_state *k = keys + all_places[i]->key;

		if (atomic_load(&k->done) != atomic_load(&k->begun))
			fault("key %d is not at rest", (int)(k - keys));
		check_call(all_places[i]);
	}
}

/* ------------------------------------------------------------ callers */

#define HANDLER_CALLS	8

static void count_forms(long *forms)
{
	int i;

	for (i = 0; i < N_FORMS; i++)
		atomic_fetch_add_explicit(&record->forms[i], forms[i],
					  memory_order_relaxed);
	memset(forms, 0, N_FORMS * sizeof(*forms));
}

/*
 * Some threads walk through all places; others stay at one for a while, and so
 * are more often in it as it changes.
 */
static void call_until_stopped(enum counter counter)
{
	unsigned int seed = thread_seed();
	size_t at = next_random(&seed) % n_all_places;
	bool walks = next_random(&seed) & 1;
	long forms[N_FORMS] = { 0 };
	int i, stay = walks ? 1 : 500;

	while (!stopped()) {
		const struct place *place = all_places[at];

		for (i = 0; i < stay; i++)
			check_call(place);
		forms[place->form] += stay;
		count(counter, stay);
		at = walks ? (at + 1) % n_all_places :
			     next_random(&seed) % n_all_places;
		if (at % 64 == 0)
			count_forms(forms);
	}
	count_forms(forms);
}

void *caller_plain(void *arg)
{
	(void)arg;
	call_until_stopped(CALLS_PLAIN);
	return NULL;
}

/* This thread blocks all signals, so a trap in it kills the process. */
void *caller_blocked(void *arg)
{
	sigset_t all;

	(void)arg;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	call_until_stopped(CALLS_BLOCKED);
	return NULL;
}

/* The thread itself has the smallest stack that threads may have. */
void *caller_small(void *arg)
{
	(void)arg;
	call_until_stopped(CALLS_SMALL);
	return NULL;
}

/* ------------------------------------------------------ signal storms */

static __thread unsigned int handler_seed;

/*
 * An update in a handler.  The library blocks these signals in an update, so no
 * handler interrupts one, and none is refused.
 */
static void update_in_handler(void)
{
	struct key_state *k = keys + next_random(&handler_seed) %
				     (unsigned int)n_keys;

	if (next_random(&handler_seed) % 16 || !key_take(k))
		return;
	key_update(k);
	key_release(k);
	count(UPDATES_HANDLER, 1);
}

static void on_storm(int sig)
{
	int i;

	(void)sig;
	if (!handler_seed)
		return;
	update_in_handler();
	for (i = 0; i < HANDLER_CALLS; i++)
		check_call(all_places[next_random(&handler_seed) %
				      n_all_places]);
	count(CALLS_HANDLER, HANDLER_CALLS);
}

void callers_start(void)
{
	struct sigaction action = { .sa_handler = on_storm };

	action.sa_flags = SA_ONSTACK | SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
}

static void storm_begin(timer_t *timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID };
	struct itimerspec period = {
		.it_interval.tv_nsec = 200000,
		.it_value.tv_nsec = 200000,
	};

	event.sigev_signo = SIGUSR1;
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, timer) ||
	    timer_settime(*timer, 0, &period, NULL))
		fault("no timer");
}

/* Handlers run on an alternate stack of the usual, small size. */
void *caller_storm(void *arg)
{
	stack_t stack = { .ss_size = (size_t)sysconf(_SC_SIGSTKSZ) };
	timer_t timer;

	(void)arg;
	stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
		fault("no alternate stack");
	handler_seed = thread_seed();
	storm_begin(&timer);
	call_until_stopped(CALLS_STORM);
	timer_delete(timer);
	return NULL;
}
