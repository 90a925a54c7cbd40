/* SPDX-License-Identifier: MIT */
/* confdso.c - a shared library that exports static calls. */
#include "dso.h"

int dso_one(int x)
{
	return x + 1;
}

int dso_two(int x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(dso_open, dso_one);
EXPORT_STATIC_CALL(dso_open);
DEFINE_STATIC_CALL(dso_open_gpl, dso_two);
EXPORT_STATIC_CALL_GPL(dso_open_gpl);
DEFINE_STATIC_CALL(dso_tramp, dso_one);
EXPORT_STATIC_CALL_TRAMP(dso_tramp);
DEFINE_STATIC_CALL(dso_tramp_gpl, dso_two);
EXPORT_STATIC_CALL_TRAMP_GPL(dso_tramp_gpl);
/* The program has another key of the same name. */
DEFINE_STATIC_CALL(private_call, dso_one);

/* volatile: something is left to do, so these are no tail calls */
int dso_calls_open(int x)
{
	volatile int r = static_call(dso_open)(x);

	return r;
}

int dso_tail_calls_open(int x)
{
	return static_call(dso_open)(x);
}

int dso_calls_tramp(int x)
{
	volatile int r = static_call(dso_tramp)(x);

	return r;
}

int dso_calls_private(int x)
{
	return static_call(private_call)(x);
}

int dso_updates_open(int (*func)(int))
{
	return static_call_update(dso_open, func);
}

int dso_updates_tramp(int (*func)(int))
{
	return static_call_update(dso_tramp, func);
}

int dso_updates_tramp_to_ret0(void)
{
	return static_call_update(dso_tramp, (void *)&__static_call_return0);
}

void *dso_return0(void)
{
	return (void *)&__static_call_return0;
}

const void *dso_place(void)
{
	static const char place;

	return &place;
}
