/* SPDX-License-Identifier: MIT */
/*
 * process.h - a process that runs, or the core of one: its memory, and the files
 * mapped there.  It is only looked at, never stopped, so it may change or end at
 * any time.
 */
#ifndef SC_PROCESS_H
#define SC_PROCESS_H

#include "elf/binary.h"
#include "inspect/symbols.h"

struct sc_core;

/* One line of /proc/PID/maps. */
struct sc_mapping {
	uint64_t start, end, offset;
	uint64_t device, inode;		/* what the kernel says of the file */
	bool executable, writable;
	char *path;			/* "" for memory that is no file's */
};

/* A program or library at one place. */
struct sc_loaded {
	const struct sc_mapping *mapping;	/* its first code; a core has none */
	char *path;
	bool borrowed;			/* the ELF handle is a core's, as it says */
	uint64_t bias;			/* of addresses here over the file's */
	int fd;
	struct sc_binary binary;
};

struct sc_process {
	const char *name;		/* the number or the core, for messages */
	char command[16];		/* what it runs, as the kernel has it */
	uint64_t pid;			/* 0: not known */
	struct sc_pool pool;
	int dir, memory;
	bool ended;			/* while it was looked at */
	struct sc_core *core;		/* NULL: it runs */
	bool from_file;			/* text was not in the core, nor changed */
	struct sc_mapping *mapping;
	size_t n_mappings;
	struct sc_loaded *loaded;
	size_t n_loaded;
	struct Dwfl *symbols;		/* NULL until asked for */
	int err;			/* -1: a file could not be read */
};

/* What became of opening a process. */
enum sc_opened {
	SC_OPENED,
	SC_NOT_THERE,			/* there is none, or it has ended */
	SC_NOT_READ,			/* it may not be read, or cannot */
};

/*
 * Opens process @pid and all x86-64 files it runs code of, with a message unless
 * it is SC_OPENED; process->err too says that something is amiss, with a message.
 * Must be closed whatever is returned.
 */
enum sc_opened sc_process_open(struct sc_process *process, const char *pid);

/* The same for @dir, an open /proc/PID, which is closed in the end. */
enum sc_opened sc_process_open_at(struct sc_process *process, const char *name,
				  int dir);

/* The same for the core file @path. */
enum sc_opened sc_process_open_core(struct sc_process *process,
				    const char *path);
void sc_process_close(struct sc_process *process);

/* False where this cannot be read.  */
bool sc_process_read(struct sc_process *process, uint64_t address, void *to,
		     size_t size);
bool sc_process_read64(struct sc_process *process, uint64_t address,
		       uint64_t *value);

/* Whether the code at @address can be written to. */
bool sc_process_is_writable(const struct sc_process *process, uint64_t address);

/* What is at @address, and the file it is in (NULL: in none that is known). */
struct sc_symbol sc_process_symbol(struct sc_process *process, uint64_t address);
const struct sc_loaded *sc_process_file(const struct sc_process *process,
					uint64_t address);

/* All symbols that begin with @prefix, as sc_symbols_each(). */
void sc_process_each_symbol(struct sc_process *process,
			    const struct sc_loaded *loaded, const char *prefix,
			    int (*each)(void *context, const char *name,
					uint64_t value),
			    void *context);

/* ---- between process.c and corefile.c ---- */

bool sc_core_read(struct sc_process *process, uint64_t address, void *to,
		  size_t size);
bool sc_core_is_writable(const struct sc_core *core, uint64_t address);
void sc_core_close(struct sc_core *core);

/* ---- between process.c and mapped.c ---- */

bool sc_mapping_same_file(const struct sc_mapping *a,
			  const struct sc_mapping *b);

/* The mapping of the file of @like that holds @address, or NULL. */
const struct sc_mapping *sc_mapping_at(const struct sc_process *process,
				       const struct sc_mapping *like,
				       uint64_t address);

/* Whether the tool understands a file of this kind. */
bool sc_loaded_is_ours(Elf *elf);

/* Opens the files whose code is mapped; process->err says if one cannot be. */
void sc_loaded_find(struct sc_process *process);
void sc_loaded_close(struct sc_loaded *loaded);

#endif /* SC_PROCESS_H */
