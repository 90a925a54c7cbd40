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

/* @found is what the backend has read; it is copied if it is kept. */
static int enter(const struct sc_module *found)
{
	struct sc_module *m = sc_alloc(sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	*m = *found;
	err = sc_lock();
	if (!err) {
		err = sc_registry_add(m);
		sc_sync_threads();
		sc_log("module", "added", NULL, err);
		sc_unlock();
	}
	if (err)
		sc_free(m, sizeof(*m));
	else
		m->image = NULL;
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
		static_call_init();
		enter(&m);
		sc_backend_forget(&m);
	}
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
