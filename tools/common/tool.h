/* SPDX-License-Identifier: MIT */
/*
 * tool.h - what every part of the static-call tool and of the build hook
 * shares: messages, memory that is given back in one go, and files that must
 * not outlive the program.
 */
#ifndef SC_TOOL_H
#define SC_TOOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* message.c */

/* Nothing is printed while this is set; a fuzzer sets it. */
extern bool sc_quiet;

/* Is given each message that is printed, if it is set. */
extern void (*sc_message_hook)(const char *text);

/* Prints "static-call: FILE: text" on stderr and returns -1. */
int sc_error(const char *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, with the meaning of errno at the end. */
int sc_error_errno(const char *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* pool.c: memory that lives until the pool is emptied. */
struct sc_pool {
	struct sc_pool_block *blocks;
};

/* Zeroed memory, NULL where there is none left or @n * @size is absurd. */
void *sc_pool_alloc(struct sc_pool *pool, size_t n, size_t size);

/*
 * An array that grows: @array has @n entries of @size bytes and was got here
 * (NULL: not yet).  Returns it, or a larger copy, with room for one entry more;
 * NULL where there is no memory left.
 */
void *sc_pool_grow(struct sc_pool *pool, void *array, size_t n, size_t size);
char *sc_pool_string(struct sc_pool *pool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sc_pool_empty(struct sc_pool *pool);

/*
 * cleanup.c: files and directories to be removed when the program ends early.
 * The functions below may be called from one thread only.
 */

/* Ends the program cleanly on SIGINT, SIGTERM, SIGHUP and SIGQUIT. */
void sc_cleanup_on_signals(void);

/* Holds those signals back; @old is the mask to be set again. */
void sc_cleanup_hold(sigset_t *old);

/* The child that gets a copy of a fatal signal; 0 for none. */
void sc_cleanup_child(int pid);

/* 0, or -1 with a message.  @path is copied, and need not be there yet. */
int sc_cleanup_add(const char *path, bool directory);

/*
 * mkstemp(), mkdtemp() (which returns 0 here) and mkdir() with no moment in which
 * a signal could leave the result behind.  -1 with errno set and no message.
 */
int sc_cleanup_mkstemp(char *template);
int sc_cleanup_mkdtemp(char *template);
int sc_cleanup_mkdir(const char *path);

void sc_cleanup_forget(const char *path);

/* Removes everything that was added and not forgotten, last one first. */
void sc_cleanup_run(void);

#endif /* SC_TOOL_H */
