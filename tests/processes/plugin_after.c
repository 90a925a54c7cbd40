/* SPDX-License-Identifier: MIT */
/* plugin_after.c - what a plugin's own library calls back after the plugin has left. */
#include "late.h"

void plugin_after(void (*func)(void));
__attribute__((visibility("default"))) void plugin_after(void (*func)(void))
{
	late_set(func);
}
