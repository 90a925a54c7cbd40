/* SPDX-License-Identifier: MIT */
/* sample.c - text to patch. */
#include "sc_config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sample.h"
#include "unit.h"
#include "wrap.h"

struct code code;
uint8_t code_padding = 0x90;
struct traces traces;

/* mov $value,%eax; ret */
static void put_function(uint8_t *at, int value)
{
	at[0] = 0xb8;
	memcpy(at + 1, &value, sizeof(value));
	at[5] = 0xc3;
}

static size_t offset_of(const struct code *c, size_t i)
{
	size_t stride = SC_PAGE / c->per_page & ~(size_t)15;

	return i / c->per_page * SC_PAGE + i % c->per_page * stride;
}

static void write_file(const struct code *c, int fd)
{
	size_t size = c->pages * SC_PAGE, i;
	uint8_t *image = malloc(size);

	ck_assert_ptr_nonnull(image);
	memset(image, code_padding, size);
	for (i = 0; i < c->n; i++) {
		put_function(image + offset_of(c, i), CODE_PRISTINE);
		put_function(image + offset_of(c, i) + 8, CODE_NEIGHBOUR);
	}
	ck_assert_int_eq(write(fd, image, size), (ssize_t)size);
	free(image);
}

void code_map(struct code *c, size_t pages, size_t per_page)
{
	char name[] = "unit-code-XXXXXX";
	void *p;
	int fd;

	*c = (struct code){
		.n = pages * per_page, .pages = pages, .per_page = per_page,
	};
	fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	unlink(name);
	write_file(c, fd);
	/* Nothing lies behind it: who reads beyond the end finds out. */
	p = mmap(NULL, (pages + 1) * SC_PAGE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(p != MAP_FAILED);
	ck_assert(mmap(p, pages * SC_PAGE, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_FIXED, fd, 0) == p);
	/* A name by which the file can still be opened. */
	snprintf(c->path, sizeof(c->path), "/proc/self/fd/%d", fd);
	c->text.start = (uintptr_t)p;
	c->text.end = c->text.start + pages * SC_PAGE;
	c->text.path = c->path;
}

void code_register(struct code *c)
{
	size_t i;

	sc_text_register(&c->text);
	ck_assert(c->text.usable);
	ck_assert_int_eq(sc_text_reserve(c->n), 0);
	c->places = calloc(c->n, sizeof(*c->places));
	c->changes = calloc(c->n, sizeof(*c->changes));
	ck_assert(c->places && c->changes);
	for (i = 0; i < c->n; i++) {
		struct sc_place *p = c->places + i;
		uint8_t pristine[6];

		put_function(pristine, CODE_PRISTINE);
		p->addr = (uint8_t *)c->text.start + offset_of(c, i);
		p->text = &c->text;
		p->len = 5;
		memcpy(p->pristine, pristine, p->len);
		memcpy(p->live, pristine, p->len);
	}
	c->text.places = c->places;
	c->text.n_places = c->n;
}

void code_make(struct code *c, size_t pages, size_t per_page)
{
	code_map(c, pages, per_page);
	code_register(c);
}

int code_call(const struct code *c, size_t i)
{
	return ((int (*)(void))(uintptr_t)c->places[i].addr)();
}

uint8_t *code_neighbour(const struct code *c, size_t i)
{
	return c->places[i].addr + 8;
}

int code_call_neighbour(const struct code *c, size_t i)
{
	return ((int (*)(void))(uintptr_t)code_neighbour(c, i))();
}

int code_prepare(struct code *c, size_t first, size_t step, int value)
{
	uint8_t want[SC_WANTED_MAX] = { 0 };
	size_t i, n = 0;

	put_function(want, value);
	want[5] = 0;
	for (i = first; i < c->n; i += step) {
		struct sc_place *p = c->places + i;
		struct sc_change *change = c->changes + n;

		change->addr = (uintptr_t)p->addr;
		change->place = p;
		change->target = NULL;
		memcpy(change->wanted, want, sizeof(want));
		n += memcmp(want, p->live, p->len) != 0;
	}
	return sc_text_prepare(c->changes, n);
}

int code_change(struct sc_place *p, const void *bytes,
		const struct sc_target *target)
{
	struct sc_change change = {
		.addr = (uintptr_t)p->addr, .place = p, .target = target,
	};
	int err;

	memcpy(change.wanted, bytes, p->len);
	err = sc_text_prepare(&change, 1);
	if (!err)
		sc_text_commit();
	sc_text_rest();
	return err;
}

int code_update(struct code *c, size_t first, size_t step, int value)
{
	int err = code_prepare(c, first, step, value);

	if (!err)
		sc_text_commit();
	sc_text_rest();
	return err;
}

bool is_move_in(const void *to)
{
	uintptr_t page = (uintptr_t)to;

	return page >= code.text.start && page < code.text.end;
}

void code_poke(const void *at, const void *bytes, size_t n)
{
	int fd = __real_open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(__real_pwrite(fd, bytes, n, (off_t)(uintptr_t)at),
			 (ssize_t)n);
	close(fd);
}

void code_expect_consistent(const struct code *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct sc_place *p = c->places + i;
		int value;

		ck_assert_uint_eq(p->live[0], 0xb8);
		memcpy(&value, p->live + 1, sizeof(value));
		ck_assert_int_eq(code_call(c, i), value);
		ck_assert_int_eq(code_call_neighbour(c, i), CODE_NEIGHBOUR);
	}
}

/* ------------------------------------------------------------- a test */

const struct shape shapes[N_SHAPES] = {
	{ 1, 1, 0, 1 },
	{ 1, 128, 0, 1 },
	{ 1, 128, 77, 500 },
	{ 8, 5, 0, 1 },
	{ 8, 5, 3, 7 },
	{ 40, 1, 0, 13 },	/* further apart than one range spans */
	{ 40, 1, 0, 1 },
	{ 700, 2, 0, 1 },	/* more than one range may hold */
	{ 700, 2, 1, 3 },
};

void start_and_swap(void)
{
	sc_text_start();
	if (sc_system.untried)
		sc_text_try_swap();
	sc_text_rest();
}

void start(void)
{
	start_and_swap();
	steps_clear();
	ck_assert_str_eq(sc_text_reason() ? sc_text_reason() : "", "");
	ck_assert(sc_text_enabled());
}

/* The first swap maps the file once more, for good: not what is looked for. */
void begin(int mode, size_t pages, size_t per_page)
{
	code_make(&code, pages, per_page);
	company_start();
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	sc_text_restore(&code.text);
	expect_all(0, 1, CODE_PRISTINE);
	if (mode == ALONE)
		company_end();
	steps_clear();
	code_look();
}

void code_look(void)
{
	sc_arena_clear(&code.text);
	traces_look(&traces);
}

void code_same(void)
{
	sc_arena_clear(&code.text);
	traces_same(&traces);
}

void finish(void)
{
	code_expect_consistent(&code);
	code_same();
}

void expect_all(size_t first, size_t step, int value)
{
	size_t i;

	for (i = first; i < code.n; i += step)
		ck_assert_int_eq(code_call(&code, i), value);
}
