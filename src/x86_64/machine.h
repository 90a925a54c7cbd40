/* SPDX-License-Identifier: MIT */
/*
 * machine.h - what the processor and its ABI give to the text engine: the size
 * of a page, code that is copied, what was fetched ahead, a function to try
 * patching on.  Each port has a file of this name.
 */
#ifndef SC_MACHINE_H
#define SC_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* A port whose kernels differ in it may call a function here. */
#define SC_PAGE		4096ul

/*
 * A range never covers a whole block: the kernel frees the page table of such a
 * block as it moves it.
 */
#define SC_BLOCK	(2ul << 20)

/*
 * Copies code.  memcpy() with AddressSanitizer refuses what the sanitizer guards
 * in a page that text shares with data.
 */
void sc_machine_copy(void *to, const void *from, size_t len);

/*
 * Discards whatever this processor has fetched ahead.  For the thread that has
 * written in place and is alone.
 */
void sc_machine_serialize(void);

/* Makes code that was written at [@start, @start + @len) seen by fetches. */
void sc_machine_flush(const void *start, size_t len);

/*
 * A function to try patching on, alone on its page; returns 1, or 2 with the
 * second bytes.
 */
int sc_probe_function(void);
#define SC_PROBE_LEN	5
extern const uint8_t sc_probe_one[SC_PROBE_LEN];
extern const uint8_t sc_probe_two[SC_PROBE_LEN];

#endif
