#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# In code that looks for what a call has left below the stack pointer a site stays a
# call: clang's speculative load hardening.  The mark that the header makes there is
# written by hand besides, so that every compiler shows it.
. "$(dirname "$0")/annotate.sh"

cat >kept.c <<'END'
#include <stdio.h>
#include <string.h>
#include <static_call.h>
#ifdef MARK
__asm__(".pushsection .static_call_kept,\"e\",@progbits\n.byte 0\n.popsection");
#endif
static int one(int x) { return x + 1; }
DEFINE_STATIC_CALL(func, one);
DEFINE_STATIC_CALL_NULL(hook, void (*)(int));
DEFINE_STATIC_CALL_RET0(zero, int (*)(int));

__attribute__((noinline)) int run(const int *p, int n)
{
	int i, sum = 0;

	for (i = 0; i < n; i++) {
		static_call_cond(hook)(i);
		sum += p[i] + static_call(zero)(i);
		sum += static_call(func)(p[i]);
	}
	return sum;
}

/* The first byte of each place that is direct, by name. */
static int print(const struct static_call_site_info *site, void *arg)
{
	if (site->state == STATIC_CALL_SITE_PATCHED)
		printf("%s %02x%s\n", site->name,
		       *(const unsigned char *)site->addr,
		       site->kind == STATIC_CALL_KIND_CALL6 ? " of 6" : "");
	return 0;
}

int main(void)
{
	int array[] = { 1, 2, 3 };

	if (run(array, 3) != 15)
		return 1;
	static_call_for_each_site(print, NULL);
	return static_call_update(zero, one) || run(array, 3) != 21;
}
END
libs=$abs_top_builddir/src/.libs

# build COMPILER FLAG...
build()
{
	# shellcheck disable=SC2086 # a list of flags
	"$1" "@$hook/hook.rsp" -O2 -fPIC "${@:2}" $include kept.c -o kept \
		-L"$libs" -lstaticcall-inline -Wl,-rpath,"$libs"
}

# is_right COMPILER FUNC HOOK ZERO FLAG...: the first bytes of each
is_right()
{
	build "$1" "${@:5}" && ./kept >said || return
	sort -u said | sed 's/ of 6//' >got
	printf 'func %s\nhook %s\nzero %s\n' "$2" "$3" "$4" | diff - got
}

for compiler in $(compilers); do
	check "$compiler: as ever, a nop and an xor" \
		is_right "$compiler" e8 0f 2e
	check "$compiler: with the mark, calls" \
		is_right "$compiler" e8 e8 e8 -DMARK
	# clang keeps the address in a register there, which is no place.
	if [ "${compiler##*/}" != clang ]; then
		check "$compiler: through the table of offsets, a nop and an xor" \
			is_right "$compiler" 67 66 2e -fno-plt
		check "$compiler: the same with the mark" \
			is_right "$compiler" 67 67 67 -fno-plt -DMARK
		continue
	fi
	for flags in -g -O0 -flto -flto=thin; do
		check "$compiler: -mspeculative-load-hardening $flags" \
			is_right "$compiler" e8 e8 e8 \
			-mspeculative-load-hardening $flags
	done
done
finish
