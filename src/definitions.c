/* SPDX-License-Identifier: MIT */
/*
 * definitions.c - definitions that come by constructors of the header and go by
 * its destructors: those of the generic backend, which has no notes in the file.
 *
 * Part of that backend's library alone.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdbool.h>

#include <static_call/api.h>

#include "backend.h"
#include "enter.h"
#include "log.h"
#include "permanent.h"
#include "registry.h"

void static_call_define(struct static_call_definition *def)
{
	bool stays = sc_is_permanent(def);
	int saved = errno, err;

	static_call_init();
	if (sc_enter() == 0) {
		err = sc_registry_define_one(def->static_call_def_key,
					     def->static_call_def_name, stays);
		sc_log_error("key", def->static_call_def_name,
			     err ? "not added" : "added", NULL, err);
		sc_leave();
	}
	errno = saved;
}

/*
 * One that stays makes no system call: a sandbox may have come since.  That is
 * looked up without the lock, which would be a system call too; nobody but this
 * destructor ends the entry.
 */
void static_call_undefine(struct static_call_definition *def)
{
	struct sc_key *entry = sc_registry_find(def->static_call_def_key);
	int saved = errno;

	if (entry && entry->stays)
		return;
	if (sc_enter() == 0) {
		sc_registry_undefine(def->static_call_def_key);
		sc_leave();
	}
	sc_end_if_unloaded();
	errno = saved;
}
