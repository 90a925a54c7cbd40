/* SPDX-License-Identifier: MIT */
/*
 * stand_in.h - what these tests use of the unit-test library Check, for
 * architectures for which nobody has a copy of it.
 *
 * run.sh installs this as <check.h>.  The names and their meaning are Check's; a
 * test runs in a child of its own, or, with CK_FORK=no, in the program itself.
 */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ck_test {
	const char *name;
	void (*run)(int);
} TTest;
typedef struct ck_case TCase;
/* As here a program has one suite of one case. */
typedef struct ck_suite Suite;
typedef struct ck_runner SRunner;
enum print_output { CK_SILENT };

Suite *suite_create(const char *name);
void suite_add_tcase(Suite *s, TCase *tc);
TCase *tcase_create(const char *name);
void tcase_set_timeout(TCase *tc, double seconds);
void tcase_add_checked_fixture(TCase *tc, void (*setup)(void),
			       void (*teardown)(void));
void ck_add_test(TCase *tc, const TTest *test, int start, int end);
SRunner *srunner_create(Suite *s);
void srunner_set_tap(SRunner *sr, const char *file);
void srunner_run_all(SRunner *sr, enum print_output mode);
int srunner_ntests_run(SRunner *sr);
int srunner_ntests_failed(SRunner *sr);
void srunner_free(SRunner *sr);

/* The test that runs has failed: ends its process, or its part of it. */
void ck_fail(const char *file, int line, const char *format, ...)
	__attribute__((__noreturn__, __format__(__printf__, 3, 4)));

#define tcase_add_test(tc, test)	ck_add_test(tc, &test##_test, 0, 1)
#define tcase_add_loop_test(tc, test, start, end)			\
	ck_add_test(tc, &test##_test, start, end)

#define START_TEST(test)						\
	static void test##_run(int);					\
	static const TTest test##_test = { #test, test##_run };		\
	static void test##_run(int _i __attribute__((__unused__)))
#define END_TEST

#define ck_abort_msg(...)	ck_fail(__FILE__, __LINE__, __VA_ARGS__)
#define ck_abort()		ck_abort_msg("aborted")
#define ck_assert_msg(condition, ...)					\
	((condition) ? (void)0 : ck_abort_msg(__VA_ARGS__))
#define ck_assert(condition)						\
	ck_assert_msg(condition, "%s", "not so: " #condition)

/* Each argument is evaluated once. */
#define ck_compare(type, format, a, op, b)				\
	do {								\
		type ck_a_ = (a);					\
		type ck_b_ = (b);					\
		if (!(ck_a_ op ck_b_))					\
			ck_abort_msg("not so: %s (" format ", " format ")", \
				     #a " " #op " " #b, ck_a_, ck_b_);	\
	} while (0)
#define ck_int(a, op, b)		ck_compare(intmax_t, "%jd", a, op, b)
#define ck_uint(a, op, b)		ck_compare(uintmax_t, "%ju", a, op, b)
#define ck_ptr(a, op, b)		ck_compare(const void *, "%p", a, op, b)

#define ck_assert_int_eq(a, b)		ck_int(a, ==, b)
#define ck_assert_int_ne(a, b)		ck_int(a, !=, b)
#define ck_assert_int_lt(a, b)		ck_int(a, <, b)
#define ck_assert_int_le(a, b)		ck_int(a, <=, b)
#define ck_assert_int_gt(a, b)		ck_int(a, >, b)
#define ck_assert_int_ge(a, b)		ck_int(a, >=, b)
#define ck_assert_uint_eq(a, b)		ck_uint(a, ==, b)
#define ck_assert_uint_ne(a, b)		ck_uint(a, !=, b)
#define ck_assert_uint_lt(a, b)		ck_uint(a, <, b)
#define ck_assert_uint_le(a, b)		ck_uint(a, <=, b)
#define ck_assert_uint_gt(a, b)		ck_uint(a, >, b)
#define ck_assert_uint_ge(a, b)		ck_uint(a, >=, b)
#define ck_assert_double_eq(a, b)	ck_compare(double, "%g", a, ==, b)
#define ck_assert_ptr_eq(a, b)		ck_ptr(a, ==, b)
#define ck_assert_ptr_ne(a, b)		ck_ptr(a, !=, b)
#define ck_assert_ptr_null(a)		ck_ptr(a, ==, NULL)
#define ck_assert_ptr_nonnull(a)	ck_ptr(a, !=, NULL)
#define ck_assert_mem_eq(a, b, len)					\
	ck_assert_msg(memcmp(a, b, len) == 0, "%s", "differ: " #a ", " #b)
#define ck_assert_mem_ne(a, b, len)					\
	ck_assert_msg(memcmp(a, b, len) != 0, "%s", "same: " #a ", " #b)
/* Either may be NULL. */
#define ck_assert_pstr_eq(a, b)						\
	do {								\
		const char *ck_a_ = (a);				\
		const char *ck_b_ = (b);				\
		if (ck_a_ != ck_b_ &&					\
		    (!ck_a_ || !ck_b_ || strcmp(ck_a_, ck_b_) != 0))	\
			ck_abort_msg("'%s' and '%s' differ: " #a ", " #b, \
				     ck_a_ ? ck_a_ : "NULL",		\
				     ck_b_ ? ck_b_ : "NULL");		\
	} while (0)
#define ck_assert_str_eq(a, b)						\
	do {								\
		const char *ck_a_ = (a);				\
		const char *ck_b_ = (b);				\
		if (!ck_a_ || !ck_b_ || strcmp(ck_a_, ck_b_) != 0)	\
			ck_abort_msg("not so: %s is %s (%s)",		\
				     #a, #b, ck_a_ ? ck_a_ : "NULL");	\
	} while (0)

#ifdef __cplusplus
}
#endif

#endif /* STAND_IN_H */
