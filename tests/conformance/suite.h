/* SPDX-License-Identifier: MIT */
/*
 * suite.h - what every program of the conformance suite has in common.
 *
 * A program is one Check case.  After each test the bytes of every call site
 * of the process are compared with what its key asks for (suite_sites.c), so that
 * each test is also a test of patching where the backend patches.
 */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include <check.h>
#include <static_call.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The one case of this program; add tests to it with tcase_add_test(). */
TCase *suite_begin(const char *name);
/* The same, but only the test itself checks the sites. */
TCase *suite_begin_unchecked(const char *name);
/* Runs the tests, writes TAP to stdout, returns what main() returns. */
int suite_end(void);

/* @full, or a small part of it where time is short (SC_TEST_SHORT=1). */
unsigned long suite_rounds(unsigned long full);

/* Hides memory from helgrind; the caller says why. */
void suite_unwatched(void *start, size_t len);

/* Every call site holds what its key asks for; fails the test if not. */
void sites_match_their_keys(void);
/* Nonzero where the backend writes call sites (or trampolines) now. */
int text_is_patched(void);

#ifdef __cplusplus
}
#endif

#define NOINLINE __attribute__((noinline))

#endif /* CONFORMANCE_SUITE_H */
