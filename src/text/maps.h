/* SPDX-License-Identifier: MIT */
/* maps.h - what the kernel says about the mappings of this process. */
#ifndef SC_MAPS_H
#define SC_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#define SC_VMA_READ	1u
#define SC_VMA_WRITE	2u
#define SC_VMA_EXEC	4u
#define SC_VMA_SHARED	8u

struct sc_vma {
	uintptr_t start, end;
	uint64_t offset;	/* in the file, of @start */
	uint64_t inode;		/* 0: not from a file */
	uint32_t major, minor;	/* of its device */
	unsigned int flags;	/* SC_VMA_* */
};

/*
 * A descriptor of the library's that a child of fork() may find: by its number
 * alone the child must not close it, for the number may be the program's by
 * then.  Close-on-exec; lives for one update.
 */
struct sc_file {
	int fd;			/* -1: not open */
	uint64_t device, inode;
};

/* An open view of the mappings. */
struct sc_maps {
	struct sc_file file;
	bool no_query;		/* the kernel has no PROCMAP_QUERY */
};

/*
 * Opens a file that the kernel has about this process ("maps", "mem", ...),
 * close-on-exec.  The thread that opens it is asked, for the one that began the
 * process may have ended, and then has nothing to say.
 */
int sc_maps_open_file(const char *name, int flags);

/* The memory of this process, as the kernel shows it. */
int sc_maps_open_mem(int flags);

/* Puts what open() has just returned into @file; 0 or a negative errno. */
int sc_file_set(struct sc_file *file, int fd);
void sc_file_close(struct sc_file *file);

/* In a child of fork(): closes @file if its number still leads to it. */
void sc_file_close_inherited(struct sc_file *file);

/*
 * Returns 0 or a negative errno of the open.  @alone: no child of fork() can be
 * born while they are open, so what would tell it its parent's file is not asked.
 */
int sc_maps_open(struct sc_maps *maps, bool alone);
void sc_maps_close(struct sc_maps *maps);

/* The mapping that holds @addr: 0, -ENOENT if none, or another error. */
int sc_maps_find(struct sc_maps *maps, uintptr_t addr, struct sc_vma *vma);

/*
 * Whether the mapping that holds @addr has flag @name ("lo", "ac", ...) in
 * smaps.  Slow; 1, 0, or a negative errno.
 */
int sc_maps_has_flag(uintptr_t addr, const char *name);

/* Whether a debugger is attached; true where that cannot be read. */
bool sc_maps_traced(void);

/*
 * Whether the page at @addr is this process's own copy and no longer the
 * file's: 1, 0, or a negative errno.
 */
int sc_maps_is_private_copy(uintptr_t addr);

/* Whether vm.overcommit_memory is 2, or cannot be read. */
bool sc_maps_strict_overcommit(void);

#endif
