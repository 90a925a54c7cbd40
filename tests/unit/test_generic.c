/* SPDX-License-Identifier: MIT */
/* test_generic.c - the backend that patches nothing, and what it says of that. */
#include "sc_config.h"

#include <static_call/api.h>

#include "backend.h"
#include "registry.h"
#include "unit.h"

static struct static_call_key key;

static int visit(const struct static_call_site_info *info, void *arg)
{
	ck_abort();
}

START_TEST(test_nothing_is_patched)
{
	struct static_call_info info = { .size = sizeof(info) };

	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_str_eq(info.backend, "generic");
	ck_assert_int_eq(info.patching, 0);
	ck_assert_ptr_nonnull(info.reason);
	ck_assert_uint_eq(info.sites, 0);
	ck_assert_int_eq(static_call_for_each_site(visit, NULL), 0);
	ck_assert_int_eq(static_call_text_reserved(&key, &key + 1), 0);
	ck_assert(!sc_backend_retry());
}
END_TEST

/* An update is the store of the key. */
START_TEST(test_an_update_stores_the_key)
{
	struct static_call_definition def = {
		.static_call_def_key = &key,
		.static_call_def_name = "x",
	};

	static_call_define(&def);
	ck_assert_int_eq(__static_call_update(&key, NULL, (void *)visit), 0);
	ck_assert_ptr_eq(__static_call_query(&key), (void *)visit);
	ck_assert_uint_eq(sc_backend_patched(sc_registry_find(&key)), 0);
}
END_TEST

/* No module keeps anything when it is gone: none is stuck. */
START_TEST(test_modules_leave_nothing)
{
	struct sc_module module = { .state = NULL };

	ck_assert_int_eq(sc_backend_read(&module), 0);
	ck_assert(!sc_backend_is_mapped(&module));
	ck_assert_int_eq(sc_backend_remove(&module, NULL), 0);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("generic");

	tcase_add_test(tc, test_nothing_is_patched);
	tcase_add_test(tc, test_an_update_stores_the_key);
	tcase_add_test(tc, test_modules_leave_nothing);
	return unit_end();
}
