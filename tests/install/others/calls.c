/* SPDX-License-Identifier: MIT */
/* calls.c - two static calls in C, for programs in other languages. */
#include <static_call.h>

int call_it(int x);
int change_it(void);
int missing_sites(void);

static int one_more(int x)
{
	return x + 1;
}

static int two_more(int x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(which, one_more);

int call_it(int x)
{
	return 2 * static_call(which)(x);
}

int change_it(void)
{
	return static_call_update(which, two_more);
}

/* With the backends that patch: how many are not patched; -1: none is there. */
int missing_sites(void)
{
	struct static_call_info info = { sizeof(info) };

	static_call_get_info(&info);
#ifdef HAVE_STATIC_CALL
	if (!info.sites)
		return -1;
#endif
	return (int)(info.sites - info.sites_patched - info.sites_crossing);
}
