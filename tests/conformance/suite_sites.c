/* SPDX-License-Identifier: MIT */
/*
 * suite_sites.c - compares the bytes of every place that the library patches with
 * what the key of that place asks for.
 *
 * This decides for itself what correct machine code is; it must not ask the
 * library for more than where the places are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define PAGE	4096

struct tally {
	size_t sites, patched, far, crossing, other;
	size_t kind[STATIC_CALL_KIND_TRAMP + 1];
};

static int expects_no_patching(void)
{
	const char *s = getenv("STATIC_CALL_PATCH");

	return s && !strcmp(s, "0");
}

/* Where the system forbids things, a place may go through its key. */
static int may_be_unpatched(void)
{
	return expects_no_patching() || getenv("SC_TEST_CONFINED");
}

int text_is_patched(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	ck_assert_int_eq(static_call_get_info(&info), 0);
	return info.patching;
}

static const unsigned char *branch_target(const unsigned char *end)
{
	int32_t rel;

	memcpy(&rel, end - 4, sizeof(rel));
	return end + rel;
}

static int starts_with(const unsigned char *p, const char *bytes, size_t n)
{
	return !memcmp(p, bytes, n);
}

/* A branch that may not fall through: its RET0 and NULL are stubs. */
static int branch_is_right(const unsigned char *end, const void *func)
{
	const unsigned char *to = branch_target(end);

	if (!func)
		return starts_with(to, "\xc3", 1);
	if (func == (void *)&__static_call_return0)
		return to == func || starts_with(to, "\x31\xc0\xc3", 3);
	return to == func;
}

static int call_is_right(const unsigned char *p, size_t len, const void *func)
{
	const unsigned char *body = p + len - 5;

	if (!func)
		return len == 5 ? starts_with(p, "\x0f\x1f\x44\0\0", 5) :
				  starts_with(p, "\x66\x0f\x1f\x44\0\0", 6);
	if (func == (void *)&__static_call_return0)
		return starts_with(p, &"\x2e\x2e\x2e\x2e\x31\xc0"[6 - len],
				   len);
	if (len == 6 && p[0] != 0x67)
		return 0;
	return body[0] == 0xe8 && branch_target(body + 5) == func;
}

static int jump_is_right(const unsigned char *p, size_t len, const void *func)
{
	if (!func)
		return starts_with(p, "\xc3\xcc\xcc\xcc\xcc\xcc", len);
	if (len == 6 && p[5] != 0x90)
		return 0;
	return p[0] == 0xe9 && branch_is_right(p + 5, func);
}

static int tramp_is_right(const unsigned char *p, const void *func)
{
	if (!func)
		return p[0] == 0xc3;
	return p[0] == 0xe9 && branch_is_right(p + 5, func);
}

static int place_is_right(const struct static_call_site_info *s,
			  const void *func)
{
	const unsigned char *p = s->addr;

	switch (s->kind) {
	case STATIC_CALL_KIND_CALL:
		return s->len == 5 && call_is_right(p, 5, func);
	case STATIC_CALL_KIND_CALL6:
		return s->len == 6 && call_is_right(p, 6, func);
	case STATIC_CALL_KIND_TAIL:
		return s->len == 5 && jump_is_right(p, 5, func);
	case STATIC_CALL_KIND_TAIL6:
		return s->len == 6 && jump_is_right(p, 6, func);
	case STATIC_CALL_KIND_COND:
		return s->len == 6 && p[0] == 0x0f && (p[1] & 0xf0) == 0x80 &&
		       branch_is_right(p + 6, func);
	case STATIC_CALL_KIND_TRAMP:
		return tramp_is_right(p, func);
	default:
		return 0;
	}
}

static void fail_at(const struct static_call_site_info *s, const char *what)
{
	const unsigned char *p = s->addr;

	ck_abort_msg("%s: %s, kind %d, state %d, %p: %02x %02x %02x %02x %02x",
		     s->name, what, s->kind, s->state, s->addr, p[0], p[1],
		     p[2], p[3], p[4]);
}

static int out_of_reach(const struct static_call_site_info *s, const void *to)
{
	intptr_t d = (intptr_t)to - ((intptr_t)s->addr + (intptr_t)s->len);

	return d != (int32_t)d;
}

/*
 * Jumps reach RET0, and conditional ones NULL too, through a stub beside the
 * trampoline, which is in the module of the key.
 */
static int is_far(const struct static_call_site_info *s, const void *func)
{
	int is_jump = s->kind != STATIC_CALL_KIND_CALL &&
		      s->kind != STATIC_CALL_KIND_CALL6;

	if (func == (void *)&__static_call_return0)
		return is_jump && out_of_reach(s, s->key);
	if (!func)
		return s->kind == STATIC_CALL_KIND_COND &&
		       out_of_reach(s, s->key);
	return out_of_reach(s, func);
}

static int look_at(const struct static_call_site_info *s, void *arg)
{
	struct tally *t = arg;
	const void *func;

	t->sites++;
	t->kind[s->kind]++;
	if (!s->key)
		fail_at(s, "has no key");
	func = __static_call_query(s->key);
	switch (s->state) {
	case STATIC_CALL_SITE_PATCHED:
		t->patched++;
		if (!place_is_right(s, func))
			fail_at(s, "wrong bytes");
		break;
	case STATIC_CALL_SITE_FAR:
		t->far++;
		if (!is_far(s, func))
			fail_at(s, "is in reach");
		break;
	case STATIC_CALL_SITE_CROSSING:
		t->crossing++;
		if ((uintptr_t)s->addr / PAGE ==
		    ((uintptr_t)s->addr + s->len - 1) / PAGE)
			fail_at(s, "crosses no page boundary");
		break;
	default:
		t->other++;
		if (!may_be_unpatched())
			fail_at(s, "was not patched");
	}
	return 0;
}

/* SC_TEST_KINDS=13: places of kinds 1 and 3 must be there. */
static void expect_kinds(const struct tally *t)
{
	const char *s = getenv("SC_TEST_KINDS");

	for (; s && *s; s++)
		if (!t->kind[*s - '0'])
			ck_abort_msg("no place of kind %c", *s);
}

void sites_match_their_keys(void)
{
	struct static_call_info info = { .size = sizeof(info) };
	struct tally t = { 0 };

	ck_assert_int_eq(static_call_for_each_site(look_at, &t), 0);
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.sites, t.sites);
	ck_assert_uint_eq(info.sites_patched, t.patched);
	ck_assert_uint_eq(info.sites_far, t.far);
	ck_assert_uint_eq(info.sites_crossing, t.crossing);
	ck_assert_uint_eq(t.patched + t.far + t.crossing + t.other, t.sites);
	expect_kinds(&t);
#ifdef HAVE_STATIC_CALL
	if (getenv("SC_TEST_NO_SITES")) {
		ck_assert_uint_eq(t.sites, 0);
		return;
	}
	/* No site at all means that the build went past the annotator. */
	ck_assert_uint_gt(t.sites, 0);
	if (expects_no_patching())
		ck_assert_uint_eq(t.patched, 0);
	else if (!may_be_unpatched())
		ck_assert_uint_gt(t.patched, 0);
#else
	ck_assert_uint_eq(t.sites, 0);
#endif
}
