/* SPDX-License-Identifier: MIT */
/*
 * textrel.c - a program with text relocations: the file lacks the bytes that must
 * run, so the library never patches the text, nor gives it back to the file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "calls.h"

/* An address in text, which only a relocation can make right. */
__asm__(".text\n\t.balign 8\n\t.quad main\n\t.previous");

int main(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	change_and_check(20, 0);
	if (static_call_get_info(&info))
		fault("static_call_get_info() failed");
	if (!info.patching)
		fault("patching is off: %s", info.reason);
	if (!info.sites || info.sites_unsafe != info.sites)
		fault("%zu of %zu sites are unsafe", info.sites_unsafe,
		      info.sites);
	return faults() ? EXIT_FAILURE : EXIT_SUCCESS;
}
