/* SPDX-License-Identifier: MIT */
/*
 * release.c - one release's part of a program: it defines a static call, calls
 * those of all parts, and asks the library in its own structures.
 *
 * RELEASE is old, now or new; IS_OLD or IS_NEW is defined for these.
 */
#include <string.h>

#include "release.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define CALL_(macro, r, ...) macro(r##_call, __VA_ARGS__)
#define CALL(macro, r, ...) CALL_(macro, r, __VA_ARGS__)

CALL(DEFINE_STATIC_CALL, RELEASE, release_one_more);

/*
 * A later release may bring notes of a new kind, and of a known kind in another
 * version.  The second would be one more static call, by the same key, if its
 * version were not looked at.
 */
#if defined(IS_NEW) && defined(HAVE_STATIC_CALL)
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define NOTE(type, text)                                              \
	".pushsection .note.static_call,\"a\",@note\n\t.balign 4\n\t" \
	".long 11, 772f-771f, " type "\n\t.asciz \"StaticCall\"\n\t"  \
	".balign 4\n771:\n\t" text "\n772:\n\t.balign 4\n\t"          \
	".popsection\n"
__asm__(NOTE("0x0002ffff", ".long 1, 2, 3")
		NOTE(TEXT(STATIC_CALL_NOTE_DEFINE) "+0x10000",
		     ".long __static_call_module_state-.\n\t"
		     ".long __SCT__new_call@GOTPCREL\n\t"
		     ".long __SCK__new_call@GOTPCREL\n\t"
		     ".long 0\n\t.asciz \"misread\""));
#endif

int JOIN(RELEASE, update)(void)
{
	return CALL(static_call_update, RELEASE, release_ten_more);
}

int JOIN(RELEASE, sum)(int x)
{
	int a = static_call(old_call)(x);
	int b = static_call(now_call)(x);

	return a + b + static_call(new_call)(x);
}

/* Counts the names; what this release lacks, or only it knows, is not read. */
static int walk(const struct static_call_key_info *info, void *named)
{
#ifdef IS_NEW
	if (info->size >= sizeof(*info))
		return -1;
#elif defined(IS_OLD)
	if (info->size <= sizeof(*info))
		return -2;
#endif
	if (!strcmp(info->name, "old_call") ||
	    !strcmp(info->name, "now_call") || !strcmp(info->name, "new_call"))
		++*(size_t *)named;
	return 0;
}

/* 0, or what is wrong.  Nothing may be written behind what this release knows. */
int JOIN(RELEASE, see)(struct release_seen *seen)
{
	struct {
		struct static_call_info info;
		unsigned char behind[64];
	} mine;
	size_t i;

	memset(&mine, 0x5a, sizeof(mine));
	mine.info.size = sizeof(mine.info);
	if (static_call_get_info(&mine.info))
		return 1;
	for (i = 0; i < sizeof(mine.behind); i++)
		if (mine.behind[i] != 0x5a)
			return 2;
#ifdef IS_NEW
	/* The size shows that the library did not know this member. */
	if (mine.info.size != offsetof(struct static_call_info, later))
		return 3;
#else
	if (mine.info.size != sizeof(mine.info))
		return 4;
#endif
	seen->keys = mine.info.keys;
	seen->sites = mine.info.sites;
	seen->patched = mine.info.sites_patched;
	seen->crossing = mine.info.sites_crossing;
	seen->named = 0;
	return static_call_for_each_key(walk, &seen->named) ? 5 : 0;
}
