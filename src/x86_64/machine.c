/* SPDX-License-Identifier: MIT */
/* machine.c - x86-64: copying code, serialising, and the function to probe. */
#include "machine.h"

/*
 * A page of its own: the probe gives it back to the file, and with it what a
 * debugger, say, has written there.
 */
__asm__(".pushsection .text.sc_probe,\"ax\",@progbits\n\t"
	".balign 4096,0xcc\n\t"
	".globl sc_probe_function\n\t"
	".hidden sc_probe_function\n\t"
	".type sc_probe_function, @function\n"
	"sc_probe_function:\n\t"
	".cfi_startproc\n\t"
	".byte 0xb8,0x01,0x00,0x00,0x00\n\t" /* mov $1,%eax */
	".byte 0xc3\n\t"
	".cfi_endproc\n\t"
	".size sc_probe_function, .-sc_probe_function\n\t"
	".balign 4096,0xcc\n\t"
	".popsection");

const uint8_t sc_probe_one[SC_PROBE_LEN] = { 0xb8, 1, 0, 0, 0 };
const uint8_t sc_probe_two[SC_PROBE_LEN] = { 0xb8, 2, 0, 0, 0 };

void sc_machine_serialize(void)
{
	unsigned int a = 0, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d)
			 : : "memory");
}

void sc_machine_copy(void *to, const void *from, size_t len)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len)
			 : : "memory");
}

/* Fetches see what stores have written. */
void sc_machine_flush(const void *start, size_t len)
{
	(void)start;
	(void)len;
}
