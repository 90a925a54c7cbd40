/* SPDX-License-Identifier: MIT */
/*
 * sample.h - text to patch: a file made by the test, mapped like a program's.
 *
 * Each place is the mov of a function that returns a number: as linked it is 1.
 * Behind each place lies a function that nobody patches and that returns 7, and
 * then padding.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "engine.h"
#include "steps.h"

#define CODE_PRISTINE	1
#define CODE_NEIGHBOUR	7

struct code {
	struct sc_text text;
	struct sc_place *places;
	struct sc_change *changes;
	size_t n, pages, per_page;
	char path[32];
};

/* Maps @pages pages of code with @per_page (1 to 128) places each. */
void code_make(struct code *c, size_t pages, size_t per_page);
/* The same before it is registered with the engine. */
void code_map(struct code *c, size_t pages, size_t per_page);
void code_register(struct code *c);

int code_call(const struct code *c, size_t i);
int code_call_neighbour(const struct code *c, size_t i);
uint8_t *code_neighbour(const struct code *c, size_t i);

/* Makes every @step-th place from @first return @value; 0 or an error. */
int code_update(struct code *c, size_t first, size_t step, int value);
/* Its first half. */
int code_prepare(struct code *c, size_t first, size_t step, int value);

/* For a hook of mremap(): whether a copy moves in to @to. */
bool is_move_in(const void *to);

/* Writes over text as a debugger would. */
void code_poke(const void *at, const void *bytes, size_t n);

/* One change, to @bytes; @target is for the encoder under a trap, or NULL. */
int code_change(struct sc_place *p, const void *bytes,
		const struct sc_target *target);

/* Every place returns what the engine believes it does. */
void code_expect_consistent(const struct code *c);

/* ------------------------------------------------------------ a test */

/* What the next code is padded with: nops; or CODE_TRAPS, as by some linkers. */
extern uint8_t code_padding;
#define CODE_TRAPS	0xcc

/* What most tests patch, and what it was like before. */
extern struct code code;
extern struct traces traces;

/* The engine is started, and the swap is tried, as by the first update. */
void start_and_swap(void);
/* The same, and all is well. */
void start(void);
/* Makes the code, in a process that runs one thread or two. */
enum { ALONE, COMPANY };
void begin(int mode, size_t pages, size_t per_page);
/* What the next update removes from the arena first is no trace. */
void code_look(void);
void code_same(void);
/* Every value is what the engine says, and nothing is left behind. */
void finish(void);
/* Every @step-th place from @first returns @value. */
void expect_all(size_t first, size_t step, int value);

struct shape {
	size_t pages, per_page, first, step;
};
#define N_SHAPES	9
extern const struct shape shapes[N_SHAPES];

#endif
