/* SPDX-License-Identifier: MIT */
/*
 * symbol.c - the name of what is at an address, for the debug log.
 *
 * The list of mappings says which file is there, and that file is read, never
 * mapped: one that is cut off meanwhile would be SIGBUS.
 */
#include "sc_config.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol.h"

/* A file, byte by byte, line by line. */
struct reader {
	int fd;
	size_t at, len;
	char bytes[512];
};

/* A mapping of a file. */
struct mapping {
	uintptr_t start, end;
	unsigned long offset, inode;
	char path[512];		/* "": of no file */
};

/* A file with a table of symbols. */
struct object {
	int fd;
	ElfW(Ehdr) head;
	ElfW(Shdr) symbols, strings;
	uintptr_t wanted;	/* the address, as the file counts */
};

struct found {
	unsigned long name;	/* in the strings */
	uintptr_t rest;		/* bytes behind the symbol's start */
	bool is_typed;		/* of a function or an object */
};

/* --------------------------------------------------------- the mapping */

static int next_byte(struct reader *r)
{
	ssize_t n;

	if (r->at == r->len) {
		n = read(r->fd, r->bytes, sizeof(r->bytes));
		if (n <= 0)
			return -1;
		r->at = 0;
		r->len = (size_t)n;
	}
	return (unsigned char)r->bytes[r->at++];
}

/* The next line, cut where there is no room; false: there is none. */
static bool next_line(struct reader *r, char *line, size_t size)
{
	size_t len = 0;
	int c;

	while ((c = next_byte(r)) >= 0 && c != '\n')
		if (len + 1 < size)
			line[len++] = (char)c;
	line[len] = '\0';
	return c >= 0;
}

/* strtoul() looks at the locale. */
static unsigned long number(const char **p, unsigned int base)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	unsigned long n = 0;

	while (**p && (digit = strchr(digits, **p)) &&
	       (unsigned int)(digit - digits) < base) {
		n = n * base + (unsigned long)(digit - digits);
		++*p;
	}
	return n;
}

static void skip(const char **p, const char *chars)
{
	*p += strspn(*p, chars);
}

/* "START-END rwxp OFFSET MAJOR:MINOR INODE     PATH" */
static void parse(const char *p, struct mapping *m)
{
	m->start = number(&p, 16);
	skip(&p, "-");
	m->end = number(&p, 16);
	skip(&p, " rwxps-");
	m->offset = number(&p, 16);
	skip(&p, " ");
	number(&p, 16);
	skip(&p, ":");
	number(&p, 16);
	skip(&p, " ");
	m->inode = number(&p, 10);
	skip(&p, " ");
	m->path[0] = '\0';
	if (*p == '/')
		memcpy(m->path, p, strlen(p) + 1);
}

/*
 * The thread that opens the list is asked, for the one that began the process may
 * have ended, and then has nothing to say.
 */
static int open_list(void)
{
	int fd = open("/proc/thread-self/maps", O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
}

static bool find_mapping(uintptr_t address, struct mapping *m)
{
	struct reader reader = { .fd = open_list() };
	char line[sizeof(m->path)];
	bool found = false;

	while (!found && reader.fd >= 0 &&
	       next_line(&reader, line, sizeof(line))) {
		parse(line, m);
		found = address >= m->start && address < m->end;
	}
	if (reader.fd >= 0)
		close(reader.fd);
	return found && m->path[0];
}

/* ---------------------------------------------------------- the symbol */

static bool read_at(int fd, void *to, size_t len, unsigned long offset)
{
	return pread(fd, to, len, (off_t)offset) == (ssize_t)len;
}

/* Its table of all symbols; where that was stripped, of those it exports. */
static bool find_tables(struct object *o)
{
	const ElfW(Ehdr) *head = &o->head;
	ElfW(Shdr) s;
	unsigned int i;

	if (head->e_shentsize != sizeof(s))
		return false;
	for (i = 0; i < head->e_shnum; i++) {
		if (!read_at(o->fd, &s, sizeof(s), head->e_shoff + i * sizeof(s)))
			return false;
		if (s.sh_type == SHT_SYMTAB ||
		    (s.sh_type == SHT_DYNSYM && !o->symbols.sh_size))
			o->symbols = s;
		if (s.sh_type == SHT_SYMTAB)
			break;
	}
	return o->symbols.sh_size && o->symbols.sh_link < head->e_shnum &&
	       read_at(o->fd, &o->strings, sizeof(o->strings),
		       head->e_shoff + o->symbols.sh_link * sizeof(s));
}

/* What is at @offset of the file, as its symbols count addresses. */
static bool find_wanted(struct object *o, unsigned long offset)
{
	ElfW(Phdr) p;
	unsigned int i, in_memory;

	if (o->head.e_phentsize != sizeof(p))
		return false;
	/* What is zero at first lies behind what the file holds. */
	for (in_memory = 0; in_memory < 2; in_memory++)
		for (i = 0; i < o->head.e_phnum; i++) {
			if (!read_at(o->fd, &p, sizeof(p),
				     o->head.e_phoff + i * sizeof(p)))
				return false;
			if (p.p_type != PT_LOAD || offset < p.p_offset ||
			    offset - p.p_offset >=
				    (in_memory ? p.p_memsz : p.p_filesz))
				continue;
			o->wanted = offset - p.p_offset + p.p_vaddr;
			return true;
		}
	return false;
}

/* The same file that is mapped, and an object of this process's kind. */
static bool open_object(const struct mapping *m, struct object *o)
{
	struct stat st;

	o->fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return o->fd >= 0 && fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_ino == m->inode &&
	       read_at(o->fd, &o->head, sizeof(o->head), 0) &&
	       memcmp(o->head.e_ident, ELFMAG, SELFMAG) == 0 &&
	       o->head.e_ident[EI_CLASS] ==
		       (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
}

static bool is_typed(const ElfW(Sym) *s)
{
	const unsigned int type = s->st_info & 15;

	return type == STT_OBJECT || type == STT_FUNC;
}

/*
 * Whether the symbol is better than what was found: nearer to its start.  One
 * without a type comes last: assemblers for ARM and RISC-V put "$x", which says
 * that code begins, where a function begins.
 */
static bool is_better(const struct object *o, const ElfW(Sym) *s,
		      const struct found *found)
{
	const bool typed = is_typed(s);
	uintptr_t rest = o->wanted - s->st_value;

	if (!(typed || (s->st_info & 15) == STT_NOTYPE) ||
	    s->st_shndx == SHN_UNDEF || !s->st_name ||
	    o->wanted < s->st_value || (rest && rest >= s->st_size))
		return false;
	if (!found->name || typed != found->is_typed)
		return !found->name || typed;
	return rest < found->rest;
}

static struct found find_symbol(const struct object *o)
{
	struct found found = { .name = 0, .rest = 1 };
	size_t n = o->symbols.sh_size / sizeof(ElfW(Sym)), at, i;
	ElfW(Sym) some[64];

	for (at = 0; at < n && (found.rest || !found.is_typed); at += 64) {
		size_t now = n - at < 64 ? n - at : 64;

		if (!read_at(o->fd, some, now * sizeof(some[0]),
			     o->symbols.sh_offset + at * sizeof(some[0])))
			break;
		for (i = 0; i < now; i++)
			if (is_better(o, some + i, &found))
				found = (struct found){
					some[i].st_name,
					o->wanted - some[i].st_value,
					is_typed(some + i),
				};
	}
	return found;
}

/* -------------------------------------------------------------- in words */

static void put_offset(struct sc_line *line, unsigned long offset)
{
	sc_line_put(line, "+0x");
	sc_line_put_number(line, offset, 16);
}

static bool put_name(struct sc_line *line, const struct object *o,
		     const char *prefix)
{
	/* So much that a name which is cut is longer than what is shown. */
	char name[SC_LINE_SHORT + 32] = "";
	struct found found = find_symbol(o);
	size_t skipped = strlen(prefix);
	ssize_t n;

	if (!found.name)
		return false;
	n = pread(o->fd, name, sizeof(name) - 1,
		  (off_t)(o->strings.sh_offset + found.name));
	if (n <= 0)
		return false;
	if (strncmp(name, prefix, skipped) != 0)
		skipped = 0;
	sc_line_put_short(line, name + skipped);
	if (found.rest)
		put_offset(line, found.rest);
	return true;
}

static void put_in_file(struct sc_line *line, const struct mapping *m,
			uintptr_t address, const char *prefix)
{
	struct object o = { .fd = -1 };
	bool known = open_object(m, &o) &&
		     find_wanted(&o, address - m->start + m->offset);

	if (!known || !find_tables(&o) || !put_name(line, &o, prefix)) {
		sc_line_put_short(line, strrchr(m->path, '/') + 1);
		put_offset(line, known ? o.wanted :
					 address - m->start + m->offset);
	}
	if (o.fd >= 0)
		close(o.fd);
}

void sc_symbol_put(struct sc_line *line, const void *address,
		   const char *prefix)
{
	struct mapping m;

	if (find_mapping((uintptr_t)address, &m)) {
		put_in_file(line, &m, (uintptr_t)address, prefix);
		return;
	}
	sc_line_put(line, "0x");
	sc_line_put_number(line, (uintptr_t)address, 16);
}

bool sc_symbol_put_file(struct sc_line *line, const void *address)
{
	struct mapping m;

	if (!find_mapping((uintptr_t)address, &m))
		return false;
	sc_line_put(line, m.path);
	return true;
}
