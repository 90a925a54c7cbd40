/* SPDX-License-Identifier: MIT */
/* stopper.c - a thread that stops in the middle of what it does. */
#include <pthread.h>
#include <stdatomic.h>

#include "apart.h"
#include "stopper.h"

/* What the thread does: RUNNING to STOPPED to RELEASED, or at any time to DONE. */
enum { RUNNING, STOPPED, RELEASED, DONE };
static atomic_int state;
/* Its steps until it stops; 0: never. */
static __thread unsigned int steps_left;

void stop_is_here(void)
{
	if (!steps_left || --steps_left)
		return;
	atomic_store(&state, STOPPED);
	while (atomic_load(&state) == STOPPED)
		stop_yield();
}

/* -------------------------------------------------------------- the thread */

static struct {
	int (*run)(unsigned int n);
	unsigned int n, step;
	pthread_t thread;
} acting;

static void *run(void *arg)
{
	int err;

	steps_left = acting.step;
	err = acting.run(acting.n);
	steps_left = 0;
	atomic_store(&state, DONE);
	expect_equal(err, 0);
	return arg;
}

int stop_begin(unsigned int at, int (*act)(unsigned int n), unsigned int n)
{
	stop_find_library();
	acting.run = act;
	acting.n = n;
	acting.step = at;
	atomic_store(&state, RUNNING);
	expect_equal(pthread_create(&acting.thread, NULL, run, NULL), 0);
	while (atomic_load(&state) == RUNNING)
		stop_yield();
	return atomic_load(&state) == STOPPED;
}

void stop_no_longer(void)
{
	int stopped = STOPPED;

	atomic_compare_exchange_strong(&state, &stopped, RELEASED);
}

void stop_end(void)
{
	stop_no_longer();
	pthread_join(acting.thread, NULL);
}

int stop_at_step(unsigned int at, int (*act)(unsigned int n),
		 void (*meanwhile)(unsigned int n), unsigned int n)
{
	int stopped = stop_begin(at, act, n);

	if (stopped)
		meanwhile(n);
	stop_end();
	return stopped;
}

unsigned int stop_at_each_step(int (*act)(unsigned int n),
			       void (*meanwhile)(unsigned int n))
{
	unsigned int at = 1;

	while (stop_at_step(at, act, meanwhile, at))
		at++;
	return at - 1;
}
