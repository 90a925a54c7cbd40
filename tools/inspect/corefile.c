/* SPDX-License-Identifier: MIT */
/*
 * corefile.c - reads the core of a process: libdwfl finds the files that were mapped
 * and where they lay.
 *
 * What a core holds is what /proc/PID/coredump_filter asked for.  By default that
 * is all memory that the process has changed, patched text too, and not what is as
 * in its file.  So text that is not in the core is taken from the file; data that
 * can be written is not, for it may have been changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "inspect/process.h"

#ifdef HAVE_LIBDW

#include <elfutils/libdwfl.h>

struct sc_core {
	int fd;
	Elf *elf;
	Elf64_Phdr *phdr;
	size_t n_phdrs;
};

static const Elf64_Phdr *segment_at(const struct sc_core *core,
				    uint64_t address)
{
	size_t i;

	for (i = 0; i < core->n_phdrs; i++)
		if (core->phdr[i].p_type == PT_LOAD &&
		    address - core->phdr[i].p_vaddr < core->phdr[i].p_memsz)
			return &core->phdr[i];
	return NULL;
}

bool sc_core_is_writable(const struct sc_core *core, uint64_t address)
{
	const Elf64_Phdr *phdr = segment_at(core, address);

	return phdr && (phdr->p_flags & PF_W);
}

static bool read_file(struct sc_process *process, uint64_t address, void *to,
		      size_t size)
{
	const struct sc_loaded *loaded = sc_process_file(process, address);
	const uint8_t *at = NULL;

	if (loaded && !sc_core_is_writable(process->core, address))
		at = sc_binary_at(&loaded->binary, address - loaded->bias, size);
	if (!at)
		return false;
	process->from_file = true;
	memcpy(to, at, size);
	return true;
}

bool sc_core_read(struct sc_process *process, uint64_t address, void *to,
		  size_t size)
{
	const Elf64_Phdr *phdr = segment_at(process->core, address);
	uint64_t offset = phdr ? address - phdr->p_vaddr : 0;

	if (!phdr || offset >= phdr->p_filesz)
		return read_file(process, address, to, size);
	if (size > phdr->p_filesz - offset)
		return false;
	return pread(process->core->fd, to, size,
		     (off_t)(phdr->p_offset + offset)) == (ssize_t)size;
}

void sc_core_close(struct sc_core *core)
{
	if (!core)
		return;
	elf_end(core->elf);
	if (core->fd >= 0)
		close(core->fd);
}

/* ------------------------------------------------------- what is in it */

/* The name that the kernel gave the program, and its number. */
static void read_info(struct sc_process *process, const Elf64_Phdr *phdr)
{
	Elf_Data *data = elf_getdata_rawchunk(process->core->elf,
					      (int64_t)phdr->p_offset,
					      phdr->p_filesz, ELF_T_NHDR);
	size_t at = 0, name, desc;
	GElf_Nhdr nhdr;

	while (data && (at = gelf_getnote(data, at, &nhdr, &name, &desc))) {
		struct elf_prpsinfo info;

		if (nhdr.n_type != NT_PRPSINFO || nhdr.n_descsz < sizeof(info))
			continue;
		memcpy(&info, (const char *)data->d_buf + desc, sizeof(info));
		process->pid = (uint64_t)info.pr_pid;
		memcpy(process->command, info.pr_fname,
		       sizeof(process->command) - 1);
	}
}

static int open_elf(struct sc_process *process)
{
	struct sc_core *core = process->core;
	const Elf64_Ehdr *ehdr;
	size_t i;

	core->fd = open(process->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (core->fd < 0)
		return sc_error_errno(process->name, "cannot open");
	elf_version(EV_CURRENT);
	core->elf = elf_begin(core->fd, ELF_C_READ_MMAP, NULL);
	ehdr = core->elf ? elf64_getehdr(core->elf) : NULL;
	if (!ehdr || ehdr->e_type != ET_CORE)
		return sc_error(process->name, "is not the core of a process; for a program try 'static-call list %s'",
				process->name);
	if (ehdr->e_machine != EM_X86_64)
		return sc_error(process->name, "is not the core of an x86-64 process");
	core->phdr = elf64_getphdr(core->elf);
	if (!core->phdr || elf_getphdrnum(core->elf, &core->n_phdrs))
		return sc_error(process->name, "has been cut short");
	for (i = 0; i < core->n_phdrs; i++)
		if (core->phdr[i].p_type == PT_NOTE)
			read_info(process, &core->phdr[i]);
	return 0;
}

/* What libdwfl cannot find a file for: of the kernel's own there is none. */
static int no_file(struct sc_process *process, const char *name)
{
	if (name[0] == '[' || !strncmp(name, "linux-vdso", 10))
		return DWARF_CB_OK;
	sc_error(process->name, "cannot find the file of %s that the process ran: its static calls are not shown; put the file with that build-id back",
		 name);
	process->err = -1;
	return DWARF_CB_OK;
}

static int add_module(Dwfl_Module *module, void **userdata, const char *name,
		      Dwarf_Addr start, void *context)
{
	struct sc_process *process = context;
	struct sc_loaded loaded = { .borrowed = true, .fd = -1 }, *new;
	const char *path = NULL;
	GElf_Addr bias = 0;
	Elf *elf = dwfl_module_getelf(module, &bias);

	(void)userdata;
	(void)start;
	if (!elf)
		return no_file(process, name);
	if (!sc_loaded_is_ours(elf))
		return DWARF_CB_OK;
	dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &path, NULL);
	loaded.bias = bias;
	loaded.path = sc_pool_string(&process->pool, "%s", path ? path : name);
	new = sc_pool_grow(&process->pool, process->loaded, process->n_loaded,
			   sizeof(*new));
	if (!new || !loaded.path) {
		sc_error(process->name, "out of memory");
		process->err = -1;
		return DWARF_CB_ABORT;
	}
	process->loaded = new;
	if (sc_binary_open(&loaded.binary, elf, loaded.path)) {
		sc_binary_close(&loaded.binary);
		process->err = -1;
		return DWARF_CB_OK;
	}
	new[process->n_loaded++] = loaded;
	return DWARF_CB_OK;
}

/*
 * Without what the process has changed neither keys nor patched text are known: a
 * process changes some of its data in any case.
 */
static bool holds_changes(const struct sc_process *process)
{
	size_t i, j;

	for (i = 0; i < process->n_loaded; i++) {
		const struct sc_loaded *loaded = &process->loaded[i];

		for (j = 0; j < loaded->binary.n_phdrs; j++) {
			const Elf64_Phdr *own = &loaded->binary.phdr[j], *phdr;

			if (own->p_type != PT_LOAD || !(own->p_flags & PF_W))
				continue;
			phdr = segment_at(process->core,
					  loaded->bias + own->p_vaddr);
			if (phdr && phdr->p_filesz)
				return true;
		}
	}
	return !process->n_loaded;
}

enum sc_opened sc_process_open_core(struct sc_process *process,
				    const char *path)
{
	int n;

	*process = (struct sc_process){ .name = path, .dir = -1, .memory = -1 };
	process->core = sc_pool_alloc(&process->pool, 1, sizeof(*process->core));
	if (!process->core) {
		sc_error(path, "out of memory");
		return SC_NOT_READ;
	}
	process->core->fd = -1;
	if (open_elf(process))
		return SC_NOT_READ;
	process->symbols = sc_symbols_new();
	if (!process->symbols) {
		sc_error(path, "out of memory");
		return SC_NOT_READ;
	}
	n = dwfl_core_file_report(process->symbols, process->core->elf, NULL);
	if (dwfl_report_end(process->symbols, NULL, NULL) || n <= 0) {
		sc_error(path, "has no list of the files that were mapped: %s",
			 n < 0 ? dwfl_errmsg(-1) : "it has been cut short");
		return SC_NOT_READ;
	}
	dwfl_getmodules(process->symbols, add_module, process, 0);
	if (!holds_changes(process)) {
		sc_error(path, "does not hold what the process has changed, so nothing can be shown: bit 0 of /proc/PID/coredump_filter must be set before the process dumps core");
		return SC_NOT_READ;
	}
	return SC_OPENED;
}

#else

bool sc_core_read(struct sc_process *process, uint64_t address, void *to,
		  size_t size)
{
	(void)process;
	(void)address;
	(void)to;
	(void)size;
	return false;
}

bool sc_core_is_writable(const struct sc_core *core, uint64_t address)
{
	(void)core;
	(void)address;
	return false;
}

void sc_core_close(struct sc_core *core)
{
	(void)core;
}

enum sc_opened sc_process_open_core(struct sc_process *process,
				    const char *path)
{
	*process = (struct sc_process){ .name = path, .dir = -1, .memory = -1 };
	sc_error(path, "cannot read a core: this static-call was built without libdw");
	return SC_NOT_READ;
}

#endif
