/* SPDX-License-Identifier: MIT */
/*
 * valgrind.h - what the library tells valgrind; nothing where its headers were
 * not found.
 *
 * A request is a few instructions that change nothing outside of valgrind.
 */
#ifndef SC_VALGRIND_H
#define SC_VALGRIND_H

#include <stddef.h>

#ifdef HAVE_VALGRIND_VALGRIND_H
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND				0
#define VALGRIND_DISCARD_TRANSLATIONS(start, len)	((void)0)
#define VALGRIND_DISABLE_ERROR_REPORTING		((void)0)
#define VALGRIND_ENABLE_ERROR_REPORTING			((void)0)
#endif

#ifdef HAVE_VALGRIND_HELGRIND_H
#include <valgrind/helgrind.h>
#else
#define VALGRIND_HG_MUTEX_LOCK_POST(mutex)		((void)0)
#define VALGRIND_HG_MUTEX_UNLOCK_PRE(mutex)		((void)0)
#define VALGRIND_HG_MUTEX_DESTROY_PRE(mutex)		((void)0)
#define VALGRIND_HG_CLEAN_MEMORY(start, len)		((void)0)
#define VALGRIND_HG_DISABLE_CHECKING(start, len)	((void)0)
#endif

/*
 * A child of fork() reads what threads of its parent wrote while they had the
 * lock.  The kernel keeps the order of that, and helgrind cannot know it.  So it
 * is told to forget who wrote this memory.
 */
static inline void sc_valgrind_inherit(void *start, size_t len)
{
	VALGRIND_HG_CLEAN_MEMORY(start, len);
	(void)start;
	(void)len;
}

/*
 * In a child the lock is free; to helgrind another thread may have it still, and
 * that such a mutex is destroyed it would report.
 */
static inline void sc_valgrind_inherit_lock(void *lock)
{
	VALGRIND_DISABLE_ERROR_REPORTING;
	VALGRIND_HG_MUTEX_DESTROY_PRE(lock);
	VALGRIND_ENABLE_ERROR_REPORTING;
	(void)lock;
}

/*
 * helgrind sees no lock in an atomic word and a futex.  To it the library's
 * lock is a mutex: taken here, given back in sc_valgrind_unlock().
 */
static inline void sc_valgrind_locked(void *lock)
{
	VALGRIND_HG_MUTEX_LOCK_POST(lock);
	(void)lock;
}

static inline void sc_valgrind_unlock(void *lock)
{
	VALGRIND_HG_MUTEX_UNLOCK_PRE(lock);
	(void)lock;
}

/*
 * helgrind takes atomic loads and stores for plain ones.  Memory that is read
 * and written so at any time, by design, it must not watch.
 */
static inline void sc_valgrind_atomic(void *start, size_t len)
{
	VALGRIND_HG_DISABLE_CHECKING(start, len);
	(void)start;
	(void)len;
}

#endif
