/* SPDX-License-Identifier: MIT */
/*
 * machine.h - a port for tests: pages of a size that is known at run time, as on
 * a processor whose kernels differ in it.  src/x86_64/machine.h says what each
 * function promises.
 */
#ifndef SC_MACHINE_H
#define SC_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* At most 64 KB; a test sets it before the library starts. */
extern unsigned long fake_page;
#define FAKE_PAGE_MAX	65536ul

/* What was flushed last; NULL: nothing yet. */
extern const void *fake_flushed;
extern size_t fake_flushed_len;

static inline unsigned long fake_page_size(void)
{
	return fake_page;
}

#define SC_PAGE		fake_page_size()
/* A page table has as many entries of 8 bytes as fit a page. */
#define SC_BLOCK	(SC_PAGE / 8 * SC_PAGE)

void sc_machine_copy(void *to, const void *from, size_t len);
void sc_machine_serialize(void);
void sc_machine_flush(const void *start, size_t len);

int sc_probe_function(void);
#define SC_PROBE_LEN	4
extern const uint8_t sc_probe_one[SC_PROBE_LEN];
extern const uint8_t sc_probe_two[SC_PROBE_LEN];

#endif
