/* SPDX-License-Identifier: MIT */
/*
 * bytes.h - copying and comparing the few bytes of one place.
 *
 * A place has 4 to 8 bytes, or 0 where it is never touched.  Two loads that
 * overlap do; a call of memcpy() would cost more than the rest of an update.
 * They also read text that AddressSanitizer guards because data shares its page.
 */
#ifndef SC_BYTES_H
#define SC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SC_BYTES_MIN	4u

static inline __attribute__((always_inline)) void
sc_bytes_copy(uint8_t *to, const uint8_t *from, size_t len)
{
	uint32_t head, tail;

	if (len < SC_BYTES_MIN)
		return;
	memcpy(&head, from, 4);
	memcpy(&tail, from + len - 4, 4);
	memcpy(to, &head, 4);
	memcpy(to + len - 4, &tail, 4);
}

static inline __attribute__((always_inline)) bool
sc_bytes_same(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint32_t head[2], tail[2];

	if (len < SC_BYTES_MIN)
		return true;
	memcpy(&head[0], a, 4);
	memcpy(&head[1], b, 4);
	memcpy(&tail[0], a + len - 4, 4);
	memcpy(&tail[1], b + len - 4, 4);
	return head[0] == head[1] && tail[0] == tail[1];
}

#endif
