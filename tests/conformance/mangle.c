/* SPDX-License-Identifier: MIT */
/*
 * mangle.c - breaks a linked file in many ways, and runs each.
 *
 *	mangle [-k] FILE COPY SEED COUNT LIBS CONTROL COMMAND...
 *
 * Writes COUNT copies of FILE, one after the other, each with one to three changes
 * in what the library reads: notes, records, ends of trampolines, slots and their
 * relocations, the dynamic section, program headers.  Runs COMMAND
 * with the libraries of the directory LIBS; where that does not exit with 0, with
 * those of CONTROL, which read nothing.  If the control ends well, the library has
 * made it worse: that is a failure.  Prints what came of it; -k keeps each copy
 * that failed, as COPY.NUMBER.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds, of the clock and of the processor: only what hangs takes as many. */
#define LIMIT		300
#define LIMIT_CPU	5

/* Exit statuses: the kernel or the loader takes no such file. */
#define REFUSED		126
#define UNLOADED	127

static unsigned char good[1 << 20], file[1 << 20];
static size_t size;

/* A part of the file, in fields of @width; of every @step bytes those from @from. */
struct region {
	const char *what;
	size_t at, size;
	uint64_t address;
	size_t width, step, from;
};

static struct region regions[64];
static size_t n_regions;

/* Kinds are chosen alike often, however large they are. */
static const char *kinds[64];
static size_t n_kinds;

/* Not what binds functions: another one may do anything. */
static const struct {
	const char *section, *what;
	size_t width, step, from;
} wanted[] = {
	{ ".note.static_call", "definitions", 4, 4, 0 },
	{ ".static_call_notes", "runs", 4, 4, 0 },
	{ ".static_call_sites", "records", 4, 4, 0 },
	{ ".static_call.text", "trampolines", 2, 32, 14 },
	{ ".dynamic", "dynamic", 8, 8, 0 },
	{ ".got", "slots", 8, 8, 0 },
	/* The value; elsewhere the loader might write to anything. */
	{ ".rela.dyn", "relocations", 8, 24, 16 },
};

static void bail_out(const char *what)
{
	printf("Bail out! mangle: %s: %s\n", what, strerror(errno));
	exit(99);
}

/* ------------------------------------------------------- random numbers */

static uint64_t state;

static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t below(size_t n)
{
	return (size_t)(next() % n);
}

/* --------------------------------------------------------- the regions */

static const Elf64_Ehdr *ehdr(void)
{
	return (const Elf64_Ehdr *)good;
}

static const Elf64_Shdr *sections(void)
{
	return (const Elf64_Shdr *)(good + ehdr()->e_shoff);
}

static void add_region(struct region region)
{
	size_t i;

	if (region.size < region.step || n_regions == 64)
		return;
	regions[n_regions++] = region;
	for (i = 0; i < n_kinds && strcmp(kinds[i], region.what); i++)
		;
	if (i == n_kinds)
		kinds[n_kinds++] = region.what;
}

static void find_sections(void)
{
	const char *names = (const char *)good +
			    sections()[ehdr()->e_shstrndx].sh_offset;
	size_t i, j;

	for (i = 1; i < ehdr()->e_shnum; i++) {
		const Elf64_Shdr *s = sections() + i;

		for (j = 0; j < sizeof(wanted) / sizeof(wanted[0]); j++)
			if (s->sh_type != SHT_NOBITS &&
			    !strcmp(names + s->sh_name, wanted[j].section))
				add_region((struct region){
					wanted[j].what, s->sh_offset,
					s->sh_size, s->sh_addr,
					wanted[j].width, wanted[j].step,
					wanted[j].from });
	}
}

static void find_headers(void)
{
	size_t i;

	for (i = 0; i < ehdr()->e_phnum; i++) {
		size_t at = ehdr()->e_phoff + i * sizeof(Elf64_Phdr);
		const Elf64_Phdr *ph = (const Elf64_Phdr *)(good + at);

		add_region((struct region){
			ph->p_type == PT_NOTE ? "headers of notes" : "headers",
			at, sizeof(*ph), at, 4, 4, 0 });
	}
}

static const struct region *any_region(void)
{
	const char *kind = kinds[below(n_kinds)];
	size_t i;

	do
		i = below(n_regions);
	while (strcmp(regions[i].what, kind));
	return regions + i;
}

/* ------------------------------------------------------------- changes */

/* The offset in @r of a field. */
static size_t any_field(const struct region *r)
{
	size_t at = below(r->size / r->step) * r->step + r->from;

	return at + below((r->step - r->from) / r->width) * r->width;
}

/* An address somewhere in the file, or a little beside. */
static uint64_t any_address(void)
{
	const Elf64_Shdr *s;

	do
		s = sections() + below(ehdr()->e_shnum);
	while (!(s->sh_flags & SHF_ALLOC) || !s->sh_size);
	return s->sh_addr + (below(s->sh_size + 64) & ~(size_t)3) - 16;
}

static uint64_t odd_value(uint64_t old, uint64_t address)
{
	static const uint64_t odd[] = {
		0, 1, 2, 3, 4, 7, 8, 16, 31, 0x1000, 0x7fffffff, 0x80000000,
		0xffffffff, 0x7fffff00, 0x7fffffffffffffff, 0xffffffffffffffff,
		0x0000800000000000, 0x00020001, 0x00020002, 0x00020003,
	};
	const size_t n = sizeof(odd) / sizeof(odd[0]);
	size_t which = below(n + 12);

	if (which < n)
		return odd[which];
	switch (which - n) {
	case 0: return old + 1;
	case 1: return old - 1;
	case 2: return old + 8;
	case 3: return old - 8;
	case 4: return old / 2;
	case 5: return old + 1000;
	case 6: return old + (below(64) - 32) * 8;
	case 7: return any_address();
	default: return any_address() - address;
	}
}

/* Changes one thing in @r, and says into @say what. */
static void change(const struct region *r, char *say, size_t room)
{
	unsigned char *p = file + r->at;
	const size_t field = any_field(r), other = any_field(r);
	unsigned char swap[8];
	uint64_t value = 0;
	const char *how;

	memcpy(&value, p + field, r->width);
	switch (below(8)) {
	case 0:
		how = "a bit";
		p[field + below(r->width)] ^= (unsigned char)(1 << below(8));
		break;
	case 1:
		how = "swapped";
		memcpy(swap, p + field, r->width);
		memcpy(p + field, p + other, r->width);
		memcpy(p + other, swap, r->width);
		break;
	case 2:
		how = "copied from";
		memcpy(p + field, p + other, r->width);
		break;
	case 3: {
		/* A whole record, or as much as two to four fields. */
		size_t n = r->width * (2 + below(3));
		size_t last = field > other ? field : other;

		how = "copied in whole from";
		if (last + n > r->size || r->step > r->width)
			n = r->width;
		memmove(p + field, p + other, n);
		break;
	}
	case 4:
		how = "random";
		value = next();
		memcpy(p + field, &value, r->width);
		break;
	default:
		how = "odd";
		value = odd_value(value, r->address + field);
		memcpy(p + field, &value, r->width);
	}
	snprintf(say, room, "%s+%#zx %s %#zx", r->what, field, how, other);
}

/* ---------------------------------------------------------------- a run */

static pid_t child;

static void on_alarm(int sig)
{
	(void)sig;
	kill(child, SIGKILL);
}

static void start(char **command, const char *libs, int out)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit cpu = { LIMIT_CPU, LIMIT_CPU + 1 };

	if (setenv("LD_LIBRARY_PATH", libs, 1) || dup2(out, 1) < 0 ||
	    !freopen("/dev/null", "w", stderr))
		_exit(99);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_CPU, &cpu);
	/* So that it can be repeated; it may be refused. */
	personality(ADDR_NO_RANDOMIZE);
	execvp(command[0], command);
	/* The kernel need not take what was made of the file. */
	_exit(REFUSED);
}

/* Returns what waitpid() says; what it printed in @said. */
static int run(char **command, const char *libs, char *said, size_t room)
{
	int out[2], status;
	ssize_t n;

	if (pipe(out))
		bail_out("pipe");
	child = fork();
	if (child < 0)
		bail_out("fork");
	if (!child)
		start(command, libs, out[1]);
	close(out[1]);
	alarm(LIMIT);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			bail_out("waitpid");
	alarm(0);
	n = read(out[0], said, room - 1);
	said[n > 0 ? n : 0] = '\0';
	close(out[0]);
	if (status == 99 << 8)
		bail_out(command[0]);
	return status;
}

static void write_file(const char *path)
{
	FILE *out;

	/* A new file: the old one may still be mapped by what hangs. */
	unlink(path);
	out = fopen(path, "wb");
	if (!out || fwrite(file, 1, size, out) != size || fclose(out) ||
	    chmod(path, 0755))
		bail_out(path);
}

/* --------------------------------------------------------- all of them */

struct tally {
	size_t well, otherwise, excused, failed;
};

static void tell(size_t n, const char *what, int status, const char *said)
{
	printf("# failed: %zu, %s: %s %d, %.60s\n", n, what,
	       WIFSIGNALED(status) ? "signal" : "status",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	       said);
}

static void mangle(size_t n, const char *copy, int keep, char **args,
		   const char *usual, struct tally *tally)
{
	char what[256] = "", said[512], kept[4096];
	size_t changes = 1 + (below(4) == 0) + (below(8) == 0), used = 0;
	int status;

	memcpy(file, good, size);
	while (changes--) {
		change(any_region(), what + used, sizeof(what) - used - 2);
		used += strlen(what + used);
		if (changes)
			used += (size_t)sprintf(what + used, "; ");
	}
	write_file(copy);
	status = run(args + 2, args[0], said, sizeof(said));
	if (!status) {
		tally->well++;
		tally->otherwise += strcmp(said, usual) != 0;
		return;
	}
	if (status == UNLOADED << 8 || status == REFUSED << 8 ||
	    run(args + 2, args[1], kept, sizeof(kept))) {
		tally->excused++;
		return;
	}
	tally->failed++;
	tell(n, what, status, said);
	if (!keep)
		return;
	snprintf(kept, sizeof(kept), "%s.%zu", copy, n);
	write_file(kept);
}

static void read_good(const char *path)
{
	FILE *in = fopen(path, "rb");

	if (!in)
		bail_out(path);
	size = fread(good, 1, sizeof(good), in);
	fclose(in);
	if (size < sizeof(Elf64_Ehdr) || size == sizeof(good)) {
		errno = EFBIG;
		bail_out(path);
	}
	find_sections();
	find_headers();
}

int main(int argc, char **argv)
{
	const int keep = argc > 1 && !strcmp(argv[1], "-k");
	char **args = argv + 1 + keep, usual[512];
	struct tally tally = { 0 };
	uint64_t seed;
	size_t n, count;

	if (argc - keep < 8)
		return 99;
	read_good(args[0]);
	seed = strtoull(args[2], NULL, 0);
	count = strtoul(args[3], NULL, 0);
	signal(SIGALRM, on_alarm);
	memcpy(file, good, size);
	write_file(args[1]);
	if (run(args + 6, args[5], usual, sizeof(usual)) ||
	    run(args + 6, args[4], usual, sizeof(usual))) {
		printf("# the file itself does not run: %s\n", usual);
		return 99;
	}
	for (n = 0; n < count; n++) {
		/* Each by itself, so that one can be repeated. */
		state = seed * 0x100000001b3 + n;
		mangle(n, args[1], keep, args + 4, usual, &tally);
	}
	printf("# seed %llu: %zu well, %zu of them told otherwise; %zu bad by the "
	       "file's own fault; %zu failed\n", (unsigned long long)seed,
	       tally.well, tally.otherwise, tally.excused, tally.failed);
	return tally.failed ? 1 : 0;
}
