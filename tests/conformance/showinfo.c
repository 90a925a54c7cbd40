/* SPDX-License-Identifier: MIT */
/* showinfo.c - prints what the library says, for the shell tests. */
#include <stdio.h>

#include <static_call.h>

static int one(int x)
{
	return x + 1;
}

static int two(int x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(shown, one);

int main(void)
{
	struct static_call_info info = { .size = sizeof(info) };
	int before = static_call(shown)(1), after;

	if (static_call_update(shown, two) || static_call_get_info(&info))
		return 1;
	after = static_call(shown)(1);
	printf("backend=%s patching=%d sites=%zu patched=%zu calls=%d,%d\n",
	       info.backend, info.patching, info.sites, info.sites_patched,
	       before, after);
	printf("reason=%s\n", info.reason ? info.reason : "");
	return before != 2 || after != 3;
}
