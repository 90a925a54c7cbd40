/* SPDX-License-Identifier: MIT */
/*
 * test_cxx.cc - static calls in C++: the header, exceptions and backtraces
 * through a call, and the spellings that only C++ has.
 */
#include <execinfo.h>
#include <stdint.h>
#include <stdexcept>
#include <string>

#include "cxx.h"
#include "suite.h"

extern "C" NOINLINE int cxx_default(int x)
{
	return x + 10;
}

static NOINLINE int twenty(int x)
{
	return x + 20;
}

DEFINE_STATIC_CALL(defined_in_cxx, cxx_default);

START_TEST(test_c_and_cxx_share_calls)
{
	ck_assert_int_eq(static_call_update(defined_in_cxx, cxx_default), 0);
	ck_assert_int_eq(static_call(defined_in_c)(1), 2);
	ck_assert_int_eq(c_calls_cxx(1), 11);
	ck_assert_int_eq(c_updates_cxx(twenty), 0);
	ck_assert_int_eq(static_call(defined_in_cxx)(1), 21);
	ck_assert_int_eq(static_call_update(defined_in_c, twenty), 0);
	ck_assert_int_eq(static_call(defined_in_c)(1), 21);
	ck_assert_int_eq(static_call_update(defined_in_c, cxx_in_c), 0);
}
END_TEST

START_TEST(test_templates_and_members_have_sites_in_each_file)
{
	holder h = { 5 };

	ck_assert_int_eq(static_call_update(defined_in_cxx, cxx_default), 0);
	ck_assert_int_eq(static_call_update(defined_in_c, cxx_in_c), 0);
	ck_assert_int_eq(add_n<1>(1), 12);
	ck_assert_int_eq(add_n<2>(1), 13);
	ck_assert_int_eq(h.call(1), 7);
	ck_assert_int_eq(other_file_calls(1), 1011 + 101);
	ck_assert_int_eq(static_call_update(defined_in_cxx, twenty), 0);
	ck_assert_int_eq(add_n<1>(1), 22);
	ck_assert_int_eq(other_file_calls(1), 1021 + 101);
}
END_TEST

static int destroyed;

struct guard {
	~guard()
	{
		destroyed++;
	}
};

static NOINLINE int thrower(int x)
{
	guard g;

	if (x > 0)
		throw std::runtime_error("thrown");
	return x;
}

static NOINLINE int passes(int x);

DEFINE_STATIC_CALL(throwing, twenty);
DEFINE_STATIC_CALL(passing, passes);

static NOINLINE int passes(int x)
{
	guard g;
	int r = static_call(throwing)(x);

	return r + destroyed * 0;
}

NOINLINE int tail_passes(int x);
NOINLINE int tail_passes(int x)
{
	return static_call(passing)(x);
}

static NOINLINE int catches(int x)
{
	try {
		return tail_passes(x);
	} catch (const std::runtime_error &e) {
		return e.what() == std::string("thrown") ? -1 : -2;
	}
}

START_TEST(test_exceptions_pass_through_static_calls)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(static_call_update(throwing, thrower), 0);
		destroyed = 0;
		ck_assert_int_eq(catches(1), -1);
		ck_assert_int_eq(destroyed, 2);
		ck_assert_int_eq(catches(0), 0);
		ck_assert_int_eq(destroyed, 4);
		ck_assert_int_eq(static_call_update(throwing, twenty), 0);
		ck_assert_int_eq(catches(1), 21);
		ck_assert_int_eq(destroyed, 5);
	}
}
END_TEST

/* The replaced function throws: the old frame unwinds all the same. */
static NOINLINE int replaces_and_throws(int)
{
	if (static_call_update(throwing, twenty))
		return -3;
	throw std::runtime_error("thrown");
}

START_TEST(test_exception_of_a_function_that_was_replaced_meanwhile)
{
	ck_assert_int_eq(static_call_update(throwing, replaces_and_throws), 0);
	ck_assert_int_eq(catches(1), -1);
	ck_assert_int_eq(catches(1), 21);
}
END_TEST

static int throw_name(const struct static_call_key_info *k, void *)
{
	throw std::string(k->name);
}

START_TEST(test_exception_ends_a_walk)
{
	for (int i = 0; i < 100; i++) {
		std::string name;

		try {
			static_call_for_each_key(throw_name, nullptr);
		} catch (const std::string &s) {
			name = s;
		}
		ck_assert_int_gt((int)name.size(), 0);
	}
	/* nothing is held */
	ck_assert_int_eq(static_call_update(throwing, twenty), 0);
	ck_assert_int_eq(catches(1), 21);
}
END_TEST

static void *return_address_of_caller;
static int found;

static NOINLINE int look_back(int x)
{
	void *pc[64];
	int n = backtrace(pc, 64);

	found = 0;
	/* On ARM the lowest bit says which instruction set is returned to. */
	for (int i = 0; i < n; i++)
		found += ((uintptr_t)pc[i] | 1) ==
			 ((uintptr_t)__builtin_extract_return_addr(
				  return_address_of_caller) | 1);
	return x;
}

DEFINE_STATIC_CALL(traced, look_back);

static NOINLINE int traced_caller(int x)
{
	int r;

	return_address_of_caller = __builtin_return_address(0);
	r = static_call(traced)(x);
	return r + found;
}

NOINLINE int traced_tail_caller(int x);
NOINLINE int traced_tail_caller(int x)
{
	return_address_of_caller = __builtin_return_address(0);
	return static_call(traced)(x);
}

START_TEST(test_backtrace_passes_through_static_calls)
{
	ck_assert_int_eq(traced_caller(1), 2);
	ck_assert_int_eq(traced_tail_caller(1), 1);
	ck_assert_int_eq(found, 1);
	ck_assert_int_eq(static_call_update(traced, NULL), 0);
	ck_assert_int_eq(static_call_update(traced, look_back), 0);
	found = 0;
	ck_assert_int_eq(traced_caller(1), 2);
}
END_TEST

static int overloaded(int x)
{
	return x + 30;
}

static int overloaded(const char *s)
{
	return s[0];
}

DEFINE_STATIC_CALL(by_lambda, twenty);
DEFINE_STATIC_CALL_NULL(null_in_cxx, int (*)(const char *));
DEFINE_STATIC_CALL_RET0(ret0_in_cxx, int (*)(int));

START_TEST(test_update_takes_every_form_of_a_target)
{
	const void *untyped = reinterpret_cast<const void *>(twenty);

	ck_assert_int_eq(static_call_update(by_lambda, overloaded), 0);
	ck_assert_int_eq(static_call(by_lambda)(1), 31);
	ck_assert_int_eq(static_call_update(by_lambda, nullptr), 0);
	ck_assert(static_call_query(by_lambda) == nullptr);
	ck_assert_int_eq(static_call_update(by_lambda, NULL), 0);
	ck_assert(static_call_query(by_lambda) == nullptr);
	ck_assert_int_eq(static_call_update(by_lambda,
			[](int x) { return x * 7; }), 0);
	ck_assert_int_eq(static_call(by_lambda)(2), 14);
	ck_assert_int_eq(static_call_update(by_lambda,
			+[](int x) { return x * 9; }), 0);
	ck_assert_int_eq(static_call(by_lambda)(2), 18);
	ck_assert_int_eq(static_call_update(by_lambda, &twenty), 0);
	ck_assert(static_call_query(by_lambda) == twenty);
	ck_assert_int_eq(static_call_update(by_lambda,
			(void *)&__static_call_return0), 0);
	ck_assert_int_eq(static_call(by_lambda)(2), 0);
	ck_assert_int_eq(static_call_update(by_lambda, untyped), 0);
	ck_assert_int_eq(static_call(by_lambda)(2), 22);
}
END_TEST

START_TEST(test_null_and_ret0)
{
	ck_assert(static_call_query(null_in_cxx) == nullptr);
	static_call_cond(null_in_cxx)("x");
	ck_assert_int_eq(static_call_update(null_in_cxx, overloaded), 0);
	ck_assert_int_eq(static_call(null_in_cxx)("A"), 'A');
	ck_assert_int_eq(static_call_update(null_in_cxx, nullptr), 0);
	ck_assert_int_eq(static_call_update(ret0_in_cxx, twenty), 0);
	ck_assert_int_eq(static_call(ret0_in_cxx)(5), 25);
	ck_assert_int_eq(static_call_update(ret0_in_cxx,
			(void *)&__static_call_return0), 0);
	ck_assert_int_eq(static_call(ret0_in_cxx)(5), 0);
}
END_TEST

static NOINLINE std::string concatenate(const std::string &a, std::string b)
{
	return a + b;
}

static NOINLINE std::string reversed(const std::string &a, std::string b)
{
	return b + a;
}

static int referred = 1, other_referred = 2;

static NOINLINE int &refer(int &x)
{
	x++;
	return referred;
}

static NOINLINE int &refer_other(int &)
{
	return other_referred;
}

DEFINE_STATIC_CALL(strings, concatenate);
DEFINE_STATIC_CALL(references, refer);

START_TEST(test_objects_with_destructors_and_references)
{
	int x = 5;

	ck_assert_int_eq(static_call_update(strings, concatenate), 0);
	ck_assert(static_call(strings)("a", std::string(100, 'b')) ==
		  "a" + std::string(100, 'b'));
	ck_assert_int_eq(static_call_update(strings, reversed), 0);
	ck_assert(static_call(strings)("a", "b") == "ba");
	ck_assert_int_eq(static_call_update(references, refer), 0);
	ck_assert_ptr_eq(&static_call(references)(x), &referred);
	ck_assert_int_eq(x, 6);
	ck_assert_int_eq(static_call_update(references, refer_other), 0);
	ck_assert_ptr_eq(&static_call(references)(x), &other_referred);
}
END_TEST

namespace inner {
static int in_namespace(int x)
{
	return x + 40;
}

DEFINE_STATIC_CALL(of_namespace, in_namespace);

/* Calls and updates in initialisers, before main(). */
static int initialised = static_call(of_namespace)(2);
static int updated = static_call_update(of_namespace, twenty);
} // namespace inner

START_TEST(test_calls_at_namespace_scope)
{
	ck_assert_int_eq(inner::initialised, 42);
	ck_assert_int_eq(inner::updated, 0);
}
END_TEST

#if defined(__cpp_noexcept_function_type)
static NOINLINE int quiet(int x) noexcept
{
	return x + 1;
}

static NOINLINE int quiet_other(int x) noexcept
{
	return x + 2;
}

DEFINE_STATIC_CALL(is_noexcept, quiet);

START_TEST(test_noexcept_is_part_of_the_type)
{
	static_assert(noexcept(static_call(is_noexcept)(1)), "noexcept");
	ck_assert_int_eq(static_call(is_noexcept)(1), 2);
	ck_assert_int_eq(static_call_update(is_noexcept, quiet_other), 0);
	ck_assert_int_eq(static_call(is_noexcept)(1), 3);
}
END_TEST
#endif

int main()
{
	TCase *tc = suite_begin("cxx");

	tcase_add_test(tc, test_c_and_cxx_share_calls);
	tcase_add_test(tc, test_templates_and_members_have_sites_in_each_file);
	tcase_add_test(tc, test_exceptions_pass_through_static_calls);
	tcase_add_test(tc,
		test_exception_of_a_function_that_was_replaced_meanwhile);
	tcase_add_test(tc, test_exception_ends_a_walk);
	tcase_add_test(tc, test_backtrace_passes_through_static_calls);
	tcase_add_test(tc, test_update_takes_every_form_of_a_target);
	tcase_add_test(tc, test_null_and_ret0);
	tcase_add_test(tc, test_objects_with_destructors_and_references);
	tcase_add_test(tc, test_calls_at_namespace_scope);
#if defined(__cpp_noexcept_function_type)
	tcase_add_test(tc, test_noexcept_is_part_of_the_type);
#endif
	return suite_end();
}
