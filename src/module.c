/* SPDX-License-Identifier: MIT */
/*
 * module.c - modules come and go: what the header's constructors and
 * destructors call.
 *
 * The dynamic loader's lock is held in all of these.
 */
#include "sc_config.h"

#include <errno.h>
#include <static_call.h>

#include "backend.h"
#include "enter.h"
#include "events.h"
#include "log.h"
#include "mem.h"
#include "registry.h"
#include "permanent.h"
#include "start.h"
#include "sync.h"

/* What the state byte of a module says; the header's constructor sets the first. */
#define HERE	1
#define STAYS	2	/* never leaves, so its destructors do nothing */

/*
 * @found is what the backend has read; it is copied if it is kept.  After an
 * error the module is not known, and its calls go through their keys.
 */
static int enter(const struct sc_module *found)
{
	struct sc_module *m = sc_alloc(sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	*m = *found;
	err = sc_enter();
	if (!err) {
		sc_start();
		err = sc_registry_add(m);
		sc_sync_threads();
		if (sc_log_enabled())
			sc_events_module(m, err ? "not added" : "added", err);
		m->image = NULL;
		sc_leave();
	}
	if (err)
		sc_free(m, sizeof(*m));
	return err;
}

/*
 * The name says which backend this library has; see static_call/api.h.  A module
 * that has the header and no static calls costs nothing.
 */
void __static_call_backend_enter(char *state)
{
	struct sc_module m = { .state = state };
	int saved = errno;

	if (sc_backend_read(&m) == 0) {
		enter(&m);
		sc_backend_forget(&m);
	}
	if (sc_is_permanent(state))
		*state = STAYS;
	errno = saved;
}

/*
 * A module that stays makes no system call: a sandbox may have come since its
 * start.  And its calls are updated rightly to the last instruction.
 *
 * The destructor of another cannot tell whether the module is unloaded or the
 * process ends, so it does what is right for both.
 */
void static_call_module_leave(char *state)
{
	struct sc_module *m;
	int saved = errno;

	if (*state != HERE)
		return;
	*state = 0;
	if (sc_enter() == 0) {
		m = sc_registry_remove(state);
		sc_sync_threads();
		sc_leave();
		sc_free(m, sizeof(*m));
	}
	sc_end_if_unloaded();
	errno = saved;
}
