/* SPDX-License-Identifier: MIT */
/* plugsum.c - a plugin of plughost: adds the numbers up while it is loaded. */
#include <stdatomic.h>
#include <stdio.h>

#include "plughost.h"

__attribute__((visibility("default"))) plugin_start_fn plugin_start;
__attribute__((visibility("default"))) plugin_stop_fn plugin_stop;

static atomic_ulong numbers, sum;

static void add(unsigned long number)
{
	atomic_fetch_add(&numbers, 1);
	atomic_fetch_add(&sum, number);
}

int plugin_start(void)
{
	return static_call_update(on_number, add);
}

/* The host has taken the hook back, and nobody is in add() any more. */
void plugin_stop(void)
{
	printf("the plugin has got numbers: %s\n", numbers && sum ? "yes" : "no");
}
