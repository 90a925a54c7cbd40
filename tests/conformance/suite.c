/* SPDX-License-Identifier: MIT */
/* suite.c - runs the one case of a conformance program and writes TAP. */
#include <stdlib.h>

#if __has_include(<valgrind/helgrind.h>)
#include <valgrind/helgrind.h>
#endif

#include "suite.h"

static Suite *suite;

TCase *suite_begin_unchecked(const char *name)
{
	TCase *tc = tcase_create(name);

	suite = suite_create(name);
	suite_add_tcase(suite, tc);
	/* Ends what hangs; a busy machine is no fault. */
	tcase_set_timeout(tc, 1800);
	return tc;
}

TCase *suite_begin(const char *name)
{
	TCase *tc = suite_begin_unchecked(name);

	tcase_add_checked_fixture(tc, NULL, sites_match_their_keys);
	return tc;
}

int suite_end(void)
{
	SRunner *sr = srunner_create(suite);
	int failed, run;

	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	run = srunner_ntests_run(sr);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	/* A program that ran no test must not pass. */
	return failed || !run ? EXIT_FAILURE : EXIT_SUCCESS;
}

unsigned long suite_rounds(unsigned long full)
{
	const char *s = getenv("SC_TEST_SHORT");

	if (!s || s[0] != '1')
		return full;
	return full > 50 ? full / 50 : 1;
}

void suite_unwatched(void *start, size_t len)
{
#ifdef VALGRIND_HG_DISABLE_CHECKING
	VALGRIND_HG_DISABLE_CHECKING(start, len);
#endif
	(void)start;
	(void)len;
}
