/* SPDX-License-Identifier: MIT */
/*
 * core.c - the public functions: arguments, the lock, and the commit.
 *
 * An update stores keys with release; a call loads its key with acquire, or has
 * been changed to run the new target.  So a call that begins after an update
 * sees everything written before it.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <static_call/api.h>

#include "backend.h"
#include "enter.h"
#include "events.h"
#include "log.h"
#include "plan.h"
#include "registry.h"
#include "repatch.h"
#include "start.h"
#include "step.h"
#include "sync.h"
#include "targets.h"
#include "usdt.h"
#include "watch.h"
#include "world.h"

/* ------------------------------------------------------ initialisation */

/*
 * Runs from the first report, unless a module has come before.  If the lock
 * cannot be had nothing is lost: calls go through their keys, and the next
 * module or report tries again.
 */
int static_call_init(void)
{
	int saved = errno;

	if (sc_has_started() || sc_enter())
		return 0;
	sc_start();
	sc_leave();
	errno = saved;
	return 0;
}

int static_call_is_initialized(void)
{
	return sc_has_started();
}

/* -------------------------------------------------------------- update */

/* A key never holds NULL, so a call through it needs no test. */
static void *stored(void *func)
{
	return func ? func : (void *)&__static_call_nop;
}

/*
 * The key of one change, into the plan.  A key that another copy of the library
 * owns has places that only that copy knows; and what a stuck module calls
 * cannot be changed.  Either way 0 would be a lie, so both are errors.
 */
static int plan_key(struct sc_plan *plan,
		    const struct static_call_change *change)
{
	struct static_call_key *key = change->key;
	struct sc_key *entry;

	if (!key)
		return -EINVAL;
	if (sc_registry_is_foreign(key))
		return -EPERM;
	entry = sc_registry_lookup(key);
	if (entry && sc_registry_stuck(entry))
		return sc_registry_stuck(entry);
	plan->keys[plan->n_keys++] = (struct sc_plan_key){
		.key = key,
		.entry = entry,
		.func = stored(change->func),
	};
	return 0;
}

/* The keys of a batch, in order, each once. */
static int plan_keys(struct sc_plan *plan,
		     const struct static_call_change *changes, size_t n)
{
	size_t i;
	int err = sc_plan_reserve_keys(plan, n);

	sc_plan_clear(plan);
	for (i = 0; i < n && !err; i++)
		err = plan_key(plan, changes + i);
	if (!err && !sc_plan_sort_keys(plan))
		err = -EINVAL;
	return err;
}

/* What the system said, as one of the errors that an update may return. */
static int documented(int err)
{
	switch (-err) {
	case 0:
	case EINVAL:
	case ENOMEM:
	case EBUSY:
	case EDEADLK:
	case EPERM:
	case EACCES:
	case EMFILE:
	case ENFILE:
	case EIO:
	case ENOSYS:	/* as static_call_update(3) lists them */
		return err;
	default:
		/* ENOENT means that /proc is not mounted. */
		return -EACCES;
	}
}

/*
 * The commit: from the first store on the update cannot fail.  A child of fork()
 * that is born in between stores the rest.
 */
static void store_keys(struct sc_plan *plan)
{
	size_t i;

	/* Pairs with nothing in this process: a child of fork() reads it. */
	__atomic_store_n(&sc_world->storing, plan, __ATOMIC_RELEASE);
	for (i = 0; i < plan->n_keys; i++) {
		const struct sc_plan_key *k = plan->keys + i;

		(void)SC_STEP('K');
		SC_USDT4(update, k->entry ? k->entry->name : "", k->key,
			 k->key->func, k->func);
		sc_registry_store(k);
	}
	__atomic_store_n(&sc_world->storing, NULL, __ATOMIC_RELEASE);
}

/*
 * An update, with the lock held.  The order is the contract:
 *
 *   plan	names and targets; touches nothing
 *   prepare	all that can fail; after it each place is right for the old
 *		target and for the new one
 *   keys	the commit: each call that begins now reaches the new target
 *   commit	places become direct again, or stay pristine; cannot fail
 *   threads	a call that begins later in time sees all of it
 *
 * An error returns before the keys, and the plan is simply left as it is.  Where the
 * backend has a reason, @why is it: what it says at other times is of updates before.
 */
static int update(const struct static_call_change *changes, size_t n,
		  const char **why)
{
	struct sc_plan *plan = &sc_world->plan;
	int err;

	sc_registry_purge();
	if (sc_backend_retry())
		sc_patch_again();
	err = plan_keys(plan, changes, n);
	if (err)
		return documented(err);
	err = sc_backend_prepare(plan);
	if (err) {
		*why = sc_backend_trouble();
		return documented(err);
	}
	if (sc_log_enabled())
		sc_events_before(plan);
	store_keys(plan);
	sc_backend_commit();
	sc_sync_threads();
	return 0;
}

/* The same, told to the log: the time does not count the wait for the lock. */
static int update_and_tell(const struct static_call_change *changes, size_t n)
{
	unsigned long begun = sc_events_now();
	const char *why = NULL;
	int err = update(changes, n, &why);
	unsigned long us = sc_events_now() - begun;

	if (err)
		sc_events_refused(changes, n, why, err);
	else
		sc_events_updated(&sc_world->plan, us);
	return err;
}

/*
 * errno is kept: the program may update between a call that failed and its look
 * at the error, for example from a hook in its allocator.
 */
int static_call_update_batch(const struct static_call_change *changes, size_t n)
{
	int saved = errno, err;
	const char *why;

	if (!n)
		return 0;
	if (!changes)
		return -EINVAL;
	err = sc_enter();
	if (!err) {
		err = sc_log_enabled() ? update_and_tell(changes, n) :
					 update(changes, n, &why);
		if (err)
			sc_world->n_refused++;
		else
			sc_world->n_updates++;
		sc_leave();
	} else if (sc_log_enabled()) {
		sc_events_refused(changes, n, NULL, err);
	}
	if (err)
		SC_USDT4(update_failed, changes->key, changes->func, n, err);
	else if (sc_log_enabled())
		sc_watch_targets(changes, n);
	errno = saved;
	return err;
}

int __static_call_update(struct static_call_key *key, void *tramp, void *func)
{
	struct static_call_change change = { key, func };

	(void)tramp;
	return static_call_update_batch(&change, 1);
}

/*
 * Without the lock, so it may run anywhere.  The acquire pairs with the release
 * in sc_registry_store(): what was written before the update can be seen through
 * the pointer that is returned.
 */
void *__static_call_query(const struct static_call_key *key)
{
	void *func = __atomic_load_n(&key->func, __ATOMIC_ACQUIRE);

	return sc_target_kind(func) == SC_TARGET_NULL ? NULL : func;
}

/* ----------------------------------------------------------- reporting */

const char *static_call_backend(void)
{
	return sc_backend_name();
}

/*
 * The caller says how large its structure is, and gets no more than that: it may
 * have been compiled with an older header.
 */
int static_call_get_info(struct static_call_info *info)
{
	struct static_call_info now = { .backend = sc_backend_name() };
	size_t size;
	int err;

	if (!info || info->size < offsetof(struct static_call_info, reason))
		return -EINVAL;
	static_call_init();
	err = sc_enter();
	if (err)
		return err;
	now.reason = sc_backend_reason();
	now.patching = !now.reason;
	if (!now.reason)
		now.reason = sc_backend_trouble();
	now.updates = sc_world->n_updates;
	now.updates_refused = sc_world->n_refused;
	sc_registry_count(&now);
	sc_backend_count(&now);
	if (!now.reason && now.modules_without_hook)
		now.reason = "a program or library was " SC_WITHOUT_HOOK;
	if (!now.reason && sc_registry_edited())
		now.reason = "a program or library was " SC_EDITED;
	sc_leave();
	size = info->size < sizeof(now) ? info->size : sizeof(now);
	now.size = size;
	memcpy(info, &now, size);
	return 0;
}

/* As in the kernel, @end is included. */
int static_call_text_reserved(const void *start, const void *end)
{
	int ret;

	if ((const char *)start > (const char *)end)
		return -EINVAL;
	ret = sc_enter();
	if (ret)
		return ret;
	ret = sc_backend_reserved(start, end);
	sc_leave();
	return ret;
}
