/* SPDX-License-Identifier: MIT */
/*
 * crc32.c - CRC-32 three ways: byte by byte, eight bytes at a time, and with
 * carry-less multiplication where the processor has it.
 *
 * The state between two calls is the CRC itself, so any way can go on where
 * another has stopped.
 */
#include <string.h>

#include "crc32.h"

/* Bits are reflected: the coefficient of x^31 is bit 0. */
#define POLYNOMIAL	0xedb88320u

/* table[k][b]: what byte b does to the CRC when k more bytes follow it. */
static uint32_t table[8][256];

static uint32_t crc32_bytewise(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	while (len--)
		crc = crc >> 8 ^ table[0][(uint8_t)crc ^ *p++];
	return ~crc;
}

static uint32_t crc32_slicing(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (; len >= 8; len -= 8, p += 8)
		crc = table[7][(uint8_t)crc ^ p[0]] ^
		      table[6][(uint8_t)(crc >> 8) ^ p[1]] ^
		      table[5][(uint8_t)(crc >> 16) ^ p[2]] ^
		      table[4][crc >> 24 ^ p[3]] ^ table[3][p[4]] ^
		      table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	return crc32_bytewise(~crc, p, len);
}

static uint32_t times_x(uint32_t v)
{
	return v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
}

#ifdef __x86_64__
#include <immintrin.h>

/* What moves 128 bits over the next 16 and over the next 64 bytes. */
static uint64_t over_16[2], over_64[2];

/* x^n modulo the polynomial; a product of reflected numbers lacks one shift. */
static uint64_t power(int n)
{
	uint32_t v = 0x80000000u;

	while (n--)
		v = times_x(v);
	return (uint64_t)v << 1;
}

__attribute__((target("pclmul,sse2")))
static inline __m128i fold(__m128i x, __m128i over, __m128i next)
{
	return _mm_xor_si128(next, _mm_xor_si128(
		_mm_clmulepi64_si128(x, over, 0x00),
		_mm_clmulepi64_si128(x, over, 0x11)));
}

__attribute__((target("pclmul,sse2")))
static uint32_t crc32_clmul(uint32_t crc, const void *data, size_t len)
{
	const __m128i *p = data;
	__m128i x[4], over;
	uint8_t rest[16];
	int i;

	if (len < 64)
		return crc32_slicing(crc, data, len);
	for (i = 0; i < 4; i++)
		x[i] = _mm_loadu_si128(p++);
	x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)~crc));
	over = _mm_loadu_si128((const __m128i *)over_64);
	for (len -= 64; len >= 64; len -= 64)
		for (i = 0; i < 4; i++)
			x[i] = fold(x[i], over, _mm_loadu_si128(p++));
	over = _mm_loadu_si128((const __m128i *)over_16);
	for (i = 1; i < 4; i++)
		x[0] = fold(x[0], over, x[i]);
	for (; len >= 16; len -= 16)
		x[0] = fold(x[0], over, _mm_loadu_si128(p++));
	/* These 16 bytes have the CRC of all that went into them. */
	_mm_storeu_si128((__m128i *)rest, x[0]);
	crc = crc32_slicing(0xffffffffu, rest, sizeof(rest));
	return crc32_slicing(crc, p, len);
}

static void init_clmul(struct crc32_way *way)
{
	over_16[0] = power(128 + 32);
	over_16[1] = power(128 - 32);
	over_64[0] = power(512 + 32);
	over_64[1] = power(512 - 32);
	if (__builtin_cpu_supports("pclmul"))
		*way = (struct crc32_way){ "clmul", crc32_clmul };
}
#else
static void init_clmul(struct crc32_way *way)
{
	(void)way;	/* stays empty */
}
#endif

struct crc32_way crc32_ways[4] = {
	{ "bytewise", crc32_bytewise },
	{ "slicing", crc32_slicing },
};

DEFINE_STATIC_CALL(crc32, crc32_bytewise);
DEFINE_STATIC_CALL_NULL(progress, void (*)(size_t bytes));

void crc32_init(void)
{
	uint32_t v;
	int b, k;

	for (b = 0; b < 256; b++) {
		v = (uint32_t)b;
		for (k = 0; k < 8; k++)
			v = times_x(v);
		table[0][b] = v;
	}
	for (k = 1; k < 8; k++)
		for (b = 0; b < 256; b++) {
			v = table[k - 1][b];
			table[k][b] = v >> 8 ^ table[0][(uint8_t)v];
		}
	init_clmul(&crc32_ways[2]);
}
