/* SPDX-License-Identifier: MIT */
/*
 * stress.h - what the parts of the stress program share.
 *
 * Each key has a number for each update, and each number has its target.  An
 * updater says a number is begun, updates, and says it is done.  A caller reads
 * the done number, calls, reads the begun number: what it ran must be the
 * target of a number in between.  A smaller number is a stale call, any other
 * result a torn one.
 */
#ifndef STRESS_H
#define STRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <static_call.h>

/* What a target leaves behind: its tag, if it was given what was passed. */
struct probe {
	long tag;
};

#define TAG_NONE	(-1)	/* nothing ran */
#define TAG_GARBLED	(-2)	/* the arguments did not arrive */

typedef long hook_fn(struct probe *p, unsigned long check);

/* ------------------------------------------------------ aims.c: targets */

/* Targets repeat after this many numbers; neighbours all differ. */
#define N_AIMS	64

void *aim_of(long number);
/* Whether @tag and @result are what the target of @number leaves. */
bool aim_explains(long number, long tag, long result);

/* ---------------------------------------------------------- keys.c */

#define FOR_EACH_KEY(do)						\
	do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10)

/* The ones above, the one shared with plugins, and the far library's. */
#define KEY_SHARED	11
#define KEY_FAR		12
#define N_KEYS		13

DECLARE_STATIC_CALL(stress_shared, hook_fn);

/* A caller's bracket of numbers: from before the call, to after it. */
struct bracket {
	long from, to;
};

struct key_state {
	struct static_call_key *key;
	_Atomic long begun, done;
	atomic_flag busy;		/* one updater at a time */
} __attribute__((aligned(64)));

extern struct key_state keys[N_KEYS];
/* The first so many are called and updated. */
extern int n_keys;

void keys_start(void);
/* Updates until it succeeds; the caller is the key's only updater. */
void key_update(struct key_state *k);
/* All of them in one transaction. */
void keys_update(struct key_state **k, size_t n);
/* Updates may be refused. */
extern bool steps_fail;
bool key_take(struct key_state *k);
void key_release(struct key_state *k);

/* -------------------------------------------------- places.c: call sites */

enum place_form {
	FORM_CALL,
	FORM_TAIL,
	FORM_COND,
	FORM_CALL_RELAXED,	/* -fno-plt; the linker made it direct */
	FORM_CALL_SLOT,		/* -fno-plt; through the table for ever */
	FORM_TAIL_RELAXED,
	FORM_TAIL_SLOT,
	FORM_COMPILED,		/* as the compiler likes */
	N_FORMS,
};

struct place {
	hook_fn *fn;		/* makes the call at this place */
	int key;
	int form;
};

/* Where the places of places.c are. */
extern const char places_text[];
extern const struct place places_asm[], places_asm_end[];
extern const struct place places_c[];
extern const size_t n_places_c;

extern const struct place *all_places[];
extern size_t n_all_places;

void places_start(void);

/* ---------------------------------------------------- callers.c: checking */

/* Makes the call at @place and checks it; a wrong result is a fault. */
void check_call(const struct place *place);
void check_key_call(hook_fn *fn, struct key_state *k, int form);
/* The one right result, when no update is under way. */
void check_all_exactly(void);

void *caller_plain(void *arg);
void *caller_blocked(void *arg);
void *caller_storm(void *arg);
void *caller_small(void *arg);
void callers_start(void);

/* ------------------------------------------------- the other threads */

void *updater_single(void *arg);
void *updater_batch(void *arg);
void *forker(void *arg);
void *sharer(void *arg);
void *cloner(void *arg);
void *loader(void *arg);
void *mapper(void *arg);
void *giver(void *arg);
void *locker(void *arg);
void *spawner(void *arg);
void *watcher(void *arg);
void churn_start(void);
/* After the last thread has ended. */
void churn_end(void);

/* --------------------------------------------------- report.c, stress.c */

enum counter {
	CALLS_PLAIN, CALLS_BLOCKED, CALLS_STORM, CALLS_SMALL, CALLS_HANDLER,
	CALLS_CHILD, CALLS_PLUGIN, CALLS_THREAD,
	UPDATES_SINGLE, UPDATES_BATCH, UPDATES_CHILD, UPDATES_PLUGIN,
	UPDATES_HANDLER,
	KEYS_BATCH, NS_SINGLE, NS_BATCH,
	FORKS, VFORKS, RAW_FORKS, PEERS, SPAWNS,
	COPIES, NAMESPACES, FAMINES,
	LOADS, MAPPINGS, GIVEN_PAGES, LOCKED, THREADS, LOOKS,
	UNCHECKED, RETRIES,
	N_COUNTERS,
};

/* Survives a crash, and counts children too. */
struct record {
	_Atomic long counts[N_COUNTERS];
	_Atomic long forms[N_FORMS];
	_Atomic int stop;
	_Atomic int faults;
	_Atomic long fault_ns;
	char fault[400];	/* the first */
};

extern struct record *record;

static inline bool stopped(void)
{
	return atomic_load_explicit(&record->stop, memory_order_relaxed);
}

static inline void count(enum counter which, long n)
{
	atomic_fetch_add_explicit(&record->counts[which], n,
				  memory_order_relaxed);
}

/* Notes the fault and ends this process. */
__attribute__((noreturn, format(printf, 1, 2)))
void fault(const char *format, ...);

long counted(enum counter which);
long now_ns(void);
unsigned int next_random(unsigned int *state);

void report_print(double seconds);

/* A seed of its own for each thread. */
unsigned int thread_seed(void);

#endif /* STRESS_H */
