/* SPDX-License-Identifier: MIT */
/* crc32.h - CRC-32 (IEEE 802.3, as in gzip and zlib) in exchangeable ways. */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

#include <static_call.h>

/* One way to compute it; @crc is what the bytes before gave, 0 at first. */
typedef uint32_t crc32_fn(uint32_t crc, const void *data, size_t len);

struct crc32_way {
	const char *name;
	crc32_fn *fn;
};

/* Those that this processor can run, slowest first; ends with a NULL name. */
extern struct crc32_way crc32_ways[];

/* static_call(crc32)(crc, data, len) runs whichever is chosen. */
DECLARE_STATIC_CALL(crc32, crc32_fn);

/* Called for each piece of a file that was read; NULL: not reported. */
DECLARE_STATIC_CALL(progress, void (*)(size_t bytes));

/* Call it once, before the others. */
void crc32_init(void);

#endif
