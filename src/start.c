/* SPDX-License-Identifier: MIT */
/*
 * start.c - the first use of the library: what the environment says, and what the
 * system allows.
 */
#include "sc_config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
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
static const char *value_of(const char *name)
{
	return has_more_rights() ? NULL : getenv(name);
}

/*
 * Why text must not be patched; NULL: it may be.  Who writes "no" wants no
 * patching, so what is not understood forbids it, too.
 */
static const char *forbidden(void)
{
	const char *reason = "STATIC_CALL_PATCH is neither 0 nor 1";
	const char *value = value_of("STATIC_CALL_PATCH");

	if (!value || !value[0] || strcmp(value, "1") == 0)
		return NULL;
	if (strcmp(value, "0") == 0)
		reason = "STATIC_CALL_PATCH=0";
	return reason;
}

static void tell(void)
{
	const char *reason = sc_backend_reason();

	sc_log_error("started, backend", sc_backend_name(),
		     reason ? "text is not patched" : "text is patched", reason,
		     0);
}

void sc_start(void)
{
	const char *why;

	if (atomic_load(&started))
		return;
	why = forbidden();
	sc_log_to(value_of("STATIC_CALL_DEBUG"));
	/* A program that forbids patching may forbid the calls, too. */
	if (!why)
		sc_sync_init();
	sc_backend_start(why);
	tell();
	atomic_store(&started, true);
}
