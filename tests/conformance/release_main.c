/* SPDX-License-Identifier: MIT */
/*
 * release_main.c - the program of release.h.  With an argument: text may not be
 * patched, and every call must still be right.
 */
#include <stdio.h>
#include <string.h>

#include "release.h"

#if defined(HAVE_STATIC_CALL_INLINE)
#define SITES ((size_t)RELEASE_FILES * RELEASE_SITES)
#elif defined(HAVE_STATIC_CALL)
#define SITES ((size_t)RELEASE_FILES)
#else
#define SITES ((size_t)0)
#endif

int release_one_more(int x)
{
	return x + 1;
}

int release_ten_more(int x)
{
	return x + 10;
}

static int wrong;

static void expect(const char *what, size_t is, size_t should)
{
	if (is == should)
		return;
	printf("%s: %zu, should be %zu\n", what, is, should);
	wrong = 1;
}

static void expect_sums(int sum)
{
	expect("sum of old", (size_t)old_sum(0), (size_t)sum);
	expect("sum of now", (size_t)now_sum(0), (size_t)sum);
	expect("sum of new", (size_t)new_sum(0), (size_t)sum);
}

static void expect_seen(const char *who, int see(struct release_seen *),
			int patching)
{
	struct release_seen seen = { 0 };

	printf("%s\n", who);
	expect("fault", (size_t)see(&seen), 0);
	expect("keys", seen.keys, RELEASE_FILES);
	expect("keys named", seen.named, RELEASE_FILES);
	expect("sites", seen.sites, SITES);
	expect("sites that are patched or cross a page",
	       seen.patched + seen.crossing, patching ? SITES : seen.crossing);
}

int main(int argc, char **argv)
{
	(void)argv;
	expect_sums(3);
	expect("update of old", (size_t)old_update(), 0);
	expect_sums(12);
	expect("update of now", (size_t)now_update(), 0);
	expect_sums(21);
	expect("update of new", (size_t)new_update(), 0);
	expect_sums(30);
	expect_seen("old", old_see, argc == 1);
	expect_seen("now", now_see, argc == 1);
	expect_seen("new", new_see, argc == 1);
	return wrong;
}
