/* SPDX-License-Identifier: MIT */
/*
 * machine.c - a port for tests.  Of all its code only the function to probe
 * runs, so that is x86's: in four bytes, as the other instructions.
 */
#include <string.h>

#include "machine.h"

__asm__(".pushsection .text.sc_probe,\"ax\",@progbits\n\t"
	".balign 65536,0xcc\n\t"
	".globl sc_probe_function\n\t"
	".hidden sc_probe_function\n\t"
	".type sc_probe_function, @function\n"
	"sc_probe_function:\n\t"
	".byte 0x6a,0x01\n\t"		/* push $1 */
	".byte 0x58\n\t"		/* pop %rax */
	".byte 0xc3\n\t"
	".size sc_probe_function, .-sc_probe_function\n\t"
	".balign 65536,0xcc\n\t"
	".popsection");

const uint8_t sc_probe_one[SC_PROBE_LEN] = { 0x6a, 1, 0x58, 0xc3 };
const uint8_t sc_probe_two[SC_PROBE_LEN] = { 0x6a, 2, 0x58, 0xc3 };

unsigned long fake_page = FAKE_PAGE_MAX;
const void *fake_flushed;
size_t fake_flushed_len;

void sc_machine_copy(void *to, const void *from, size_t len)
{
	memcpy(to, from, len);
}

void sc_machine_serialize(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void sc_machine_flush(const void *start, size_t len)
{
	fake_flushed = start;
	fake_flushed_len = len;
}
