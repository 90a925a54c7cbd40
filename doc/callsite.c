/* SPDX-License-Identifier: MIT */
/*
 * callsite.c - prints the bytes of one call site: with its first target, in the file,
 * and with its second target; callsite.sh makes a drawing of them.
 *
 * While an update is under way the address of the site shows what the file has.
 */
#include <stdio.h>
#include <string.h>

#include <static_call.h>

static int first(int x) { return x + 1; }
static int second(int x) { return x + 2; }

DEFINE_STATIC_CALL(work, first);

static int one_site(const struct static_call_site_info *site, void *arg)
{
	memcpy(arg, site, sizeof(*site));
	return 1;
}

static void print_bytes(const char *when, const unsigned char *bytes, size_t n)
{
	printf("%s", when);
	while (n--)
		printf(" %02x", *bytes++);
	printf("\n");
}

/* A program at a fixed address: its first segment begins where the file does. */
extern const char __ehdr_start[];

static int print_file(const struct static_call_site_info *site)
{
	FILE *in = fopen("/proc/self/exe", "rb");
	unsigned char bytes[16];
	long offset = (const char *)site->addr - __ehdr_start;

	if (!in || fseek(in, offset, SEEK_SET) ||
	    fread(bytes, 1, site->len, in) != site->len)
		return 1;
	fclose(in);
	print_bytes("file", bytes, site->len);
	return 0;
}

int main(void)
{
	struct static_call_site_info site;
	int x = static_call(work)(1);

	if (static_call_for_each_site(one_site, &site) != 1)
		return 1;
	print_bytes("first", site.addr, site.len);
	if (print_file(&site) || static_call_update(work, second))
		return 1;
	print_bytes("second", site.addr, site.len);
	return x != 2;
}
