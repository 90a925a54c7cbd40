/* SPDX-License-Identifier: MIT */
/*
 * process.h - a process that runs: its memory, and the files mapped there.  It
 * is only looked at, never stopped, so it may change or end at any time.
 */
#ifndef SC_PROCESS_H
#define SC_PROCESS_H

#include "elf/binary.h"

/* One line of /proc/PID/maps. */
struct sc_mapping {
	uint64_t start, end, offset;
	uint64_t device, inode;		/* what the kernel says of the file */
	bool executable;
	char *path;			/* "" for memory that is no file's */
};

/* A program or library at one place. */
struct sc_loaded {
	const struct sc_mapping *mapping;	/* its first code */
	char *path;
	uint64_t bias;			/* of addresses here over the file's */
	int fd;
	struct sc_binary binary;
};

struct sc_process {
	const char *name;		/* the number, for messages */
	struct sc_pool pool;
	int dir, memory;
	bool ended;			/* while it was looked at */
	struct sc_mapping *mapping;
	size_t n_mappings;
	struct sc_loaded *loaded;
	size_t n_loaded;
	int err;			/* -1: a file could not be read */
};

/*
 * Opens process @pid and all x86-64 files it runs code of.  0, or -1 with a
 * message; process->err too says that something is amiss, with a message.
 * Must be closed whatever is returned.
 */
int sc_process_open(struct sc_process *process, const char *pid);

/* The same for @dir, an open /proc/PID, which is closed in the end. */
int sc_process_open_at(struct sc_process *process, const char *name, int dir);
void sc_process_close(struct sc_process *process);

/* False where this cannot be read.  */
bool sc_process_read(struct sc_process *process, uint64_t address, void *to,
		     size_t size);
bool sc_process_read64(struct sc_process *process, uint64_t address,
		       uint64_t *value);

/* The function at @address and the file it is in, or NULL. */
const struct sc_binary_function *
sc_process_function(struct sc_process *process, uint64_t address,
		    const struct sc_loaded **loaded);

/* ---- between process.c and mapped.c ---- */

bool sc_mapping_same_file(const struct sc_mapping *a,
			  const struct sc_mapping *b);

/* The mapping of the file of @like that holds @address, or NULL. */
const struct sc_mapping *sc_mapping_at(const struct sc_process *process,
				       const struct sc_mapping *like,
				       uint64_t address);

/* Opens the files whose code is mapped; process->err says if one cannot be. */
void sc_loaded_find(struct sc_process *process);
void sc_loaded_close(struct sc_loaded *loaded);

#endif /* SC_PROCESS_H */
