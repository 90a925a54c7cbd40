/* SPDX-License-Identifier: MIT */
/*
 * numbers.h - system calls that some architectures lack, or have under another
 * name: the number that does the same, or NO_CALL, which no call has.
 */
#ifndef SYSTEM_NUMBERS_H
#define SYSTEM_NUMBERS_H

#include <sys/syscall.h>

#define NO_CALL		0x7ffffffeu

/* With an offset in pages: 32-bit systems. */
#if defined(SYS_mmap2)
#define CALL_MMAP	SYS_mmap2
#else
#define CALL_MMAP	SYS_mmap
#endif
#if defined(SYS_open)
#define CALL_OPEN	SYS_open
#else
#define CALL_OPEN	NO_CALL
#endif
#if defined(SYS_newfstatat)
#define CALL_FSTAT	SYS_newfstatat
#elif defined(SYS_fstatat64)
#define CALL_FSTAT	SYS_fstatat64
#else
#define CALL_FSTAT	NO_CALL
#endif
#if defined(SYS_pread64)
#define CALL_PREAD	SYS_pread64
#define CALL_PWRITE	SYS_pwrite64
#else
#define CALL_PREAD	SYS_pread
#define CALL_PWRITE	SYS_pwrite
#endif
#if defined(SYS_shmat)
#define CALL_SHMAT	SYS_shmat
#else
#define CALL_SHMAT	NO_CALL
#endif
#if defined(SYS_pkey_mprotect)
#define CALL_PKEY_MPROTECT	SYS_pkey_mprotect
#else
#define CALL_PKEY_MPROTECT	NO_CALL
#endif
#if defined(SYS_remap_file_pages)
#define CALL_REMAP_FILE_PAGES	SYS_remap_file_pages
#else
#define CALL_REMAP_FILE_PAGES	NO_CALL
#endif

#endif /* SYSTEM_NUMBERS_H */
