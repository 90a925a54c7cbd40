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
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "registry.h"
#include "sync.h"

/* The name says which backend this library has; see static_call/api.h. */
void SC_BACKEND_ENTER(char *state)
{
	struct sc_module *m;
	int saved = errno, err;

	static_call_init();
	m = sc_alloc(sizeof(*m));
	if (!m)
		goto out;
	m->state = state;
	err = sc_backend_read(m);
	if (!err)
		err = sc_lock();
	if (!err) {
		err = sc_registry_add(m);
		sc_sync_threads();
		sc_log("module", "added", NULL, err);
		sc_unlock();
	}
	sc_backend_forget(m);
	if (err)
		sc_free(m, sizeof(*m));
out:
	errno = saved;
}

void static_call_module_leave(char *state)
{
	struct sc_module *m;
	int saved = errno;

	if (sc_lock() == 0) {
		m = sc_registry_remove(state);
		sc_sync_threads();
		sc_log("module", "removed", NULL, 0);
		sc_unlock();
		sc_free(m, sizeof(*m));
	}
	errno = saved;
}
