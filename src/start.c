/* SPDX-License-Identifier: MIT */
/*
 * start.c - the first use of the library: what the environment says, and what the
 * system allows.
 */
#include "sc_config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef HAVE_SYS_AUXV_H
#include <sys/auxv.h>
#endif

#include "backend.h"
#include "log.h"
#include "start.h"
#include "sync.h"

/*
 * Written once, with the lock held; read by anyone, without it.  Once it is
 * true, all that sc_backend_start() has found out can be seen.
 */
static atomic_bool started;

bool sc_has_started(void)
{
	return atomic_load(&started);
}

/* Whether this program has more rights than its user. */
static bool has_more_rights(void)
{
#ifdef AT_SECURE
	return getauxval(AT_SECURE) != 0;
#else
	return getuid() != geteuid() || getgid() != getegid();
#endif
}

/* Then the environment is that user's, and does not count. */
static bool is_set(const char *name, char value)
{
	const char *s = has_more_rights() ? NULL : getenv(name);

	return s && s[0] == value && s[1] == '\0';
}

void sc_start(void)
{
	bool patch;

	if (atomic_load(&started))
		return;
	patch = !is_set("STATIC_CALL_PATCH", '0');
	sc_log_enable(is_set("STATIC_CALL_DEBUG", '1'));
	/* A program that forbids patching may forbid the calls, too. */
	if (patch)
		sc_sync_init();
	sc_backend_start(patch);
	sc_log("backend", sc_backend_name(), sc_backend_reason(), 0);
	atomic_store(&started, true);
}
