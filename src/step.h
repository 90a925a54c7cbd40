/* SPDX-License-Identifier: MIT */
/*
 * step.h - the lettered steps of an update, where a test can stop, look, fork
 * or fail, and some rules that a test can switch off to see what breaks then.
 * doc/design.md and the unit tests use the same letters.
 *
 *   A  in place: one write to text, nobody else runs
 *   B  the views of this process are opened
 *   C  a range has passed its checks
 *   D  a range is moved out; its place shows the file
 *   R  instead of D: a range is given back to the file
 *   E  the moved copy is edited
 *   F  the copy is moved in
 *   L  a range was lost while it was moved in
 *   K  one key is stored
 *   M  a module comes: it is announced, its places are linked, it is known
 *   N  a module goes: it is announced, its places and then its keys are forgotten
 *
 *   2  a range never covers a whole block (SC_BLOCK)
 *   3  a place that crosses a page is never patched
 *   5  a write in place goes over no trap
 *   6  a patched place under a breakpoint is changed, not skipped
 */
#ifndef SC_STEP_H
#define SC_STEP_H

#ifdef SC_STEPS
/* Called before the step; a negative errno makes the step fail with it. */
extern int (*sc_step_hook)(char step);
#define SC_STEP(step)	(sc_step_hook ? sc_step_hook(step) : 0)
extern unsigned int sc_rules_off;
#define SC_RULE(n)	(!(sc_rules_off & 1u << (n)))
#else
#define SC_STEP(step)	0
#define SC_RULE(n)	1
#endif

#endif
