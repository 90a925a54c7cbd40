/* SPDX-License-Identifier: MIT */
/*
 * test_trampoline.c - the places of the trampoline backend: the trampolines that
 * the module defines, but for those of another copy of the library.
 */
#include "sc_config.h"

#include <string.h>

#include <static_call/api.h>

#include "enter.h"
#include "notes.h"
#include "places.h"
#include "unit.h"

#define N	3

static struct module {
	uint8_t text[N * SC_TRAMP_SIZE]
		__attribute__((aligned(SC_TRAMP_SIZE)));
	uintptr_t slots[N];
	struct static_call_key keys[N];
} m;

static struct sc_define defines[N];
static struct sc_load load = {
	(uintptr_t)&m, (uintptr_t)(&m + 1),
	SC_LOAD_READ | SC_LOAD_WRITE | SC_LOAD_EXEC,
};
static struct sc_loaded loaded = { .loads = &load, .n_own = 1, .n_loads = 1 };
static struct sc_image image = {
	.loaded = &loaded, .n_segments = 1,
	.defines = defines, .n_defines = N,
};
static struct sc_text text = {
	.start = (uintptr_t)m.text, .end = (uintptr_t)m.slots, .readable = true,
};

static void put_tramp(size_t i)
{
	uint8_t *at = m.text + i * SC_TRAMP_SIZE;
	int32_t rel = (int32_t)((uintptr_t)(m.slots + i) - (uintptr_t)(at + 7));

	memcpy(at, "\x4c\x8b\x1d", 3);
	memcpy(at + 3, &rel, sizeof(rel));
	memcpy(at + 7, "\x41\xff\x23", 3);
	m.slots[i] = (uintptr_t)(m.keys + i);
	defines[i] = (struct sc_define){ (uintptr_t)at, m.keys + i, "hand" };
}

START_TEST(test_places)
{
	struct sc_place places[N];
	size_t i, n = 0;

	for (i = 0; i < N; i++)
		put_tramp(i);
	m.keys[1].static_call_owner = &text;
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_str_eq(sc_backend_name(), "trampoline");
	ck_assert_uint_eq(sc_places_max(&image), N);
	ck_assert_uint_eq(sc_places_find(&image, &text, places), N - 1);
	for (i = 0; i < N; i += 2) {
		const struct sc_place *p = places + n++;

		ck_assert_ptr_eq(p->addr, m.text + i * SC_TRAMP_SIZE);
		ck_assert_int_eq(p->form, SC_FORM_TRAMP);
		ck_assert_uint_eq(p->len, 5);
		ck_assert_ptr_eq(p->key->key, m.keys + i);
		ck_assert_uint_eq(p->key->tramp, (uintptr_t)p->addr);
	}
	sc_leave();
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("trampoline");

	tcase_add_test(tc, test_places);
	return unit_end();
}
