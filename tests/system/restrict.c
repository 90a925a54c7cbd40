/* SPDX-License-Identifier: MIT */
/* restrict.c - ways in which a system, or the program itself, forbids things. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "numbers.h"
#include "restrict.h"

/* What older headers lack. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE		65
#endif
#define SC_MDWE_REFUSE_EXEC_GAIN	1
#ifndef SYS_mseal
#define SYS_mseal		462
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT		4
#endif

#define PAGE	4096ul

static const char *because(const char *what)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	return text;
}

/* ----------------------------------------------------------- seccomp */

static const struct {
	const char *name;
	unsigned int nr;
} calls[] = {
	{ "mremap", SYS_mremap },	{ "mprotect", SYS_mprotect },
	{ "membarrier", SYS_membarrier },
	{ "open", SYS_openat },		{ "open", CALL_OPEN },
	{ "madvise", SYS_madvise },	{ "unshare", SYS_unshare },
	{ "ioctl", SYS_ioctl },		{ "pwrite", CALL_PWRITE },
	{ "pread", CALL_PREAD },	{ "munmap", SYS_munmap },
	{ "mmap", CALL_MMAP },		{ "msync", SYS_msync },
	{ "mincore", SYS_mincore },	{ "fstat", CALL_FSTAT },
};

#define N_CALLS	(sizeof(calls) / sizeof(calls[0]))

static int listed(const char *name, const char *names)
{
	size_t len = strlen(name);
	const char *s = names;

	while (s) {
		if (!strncmp(s, name, len) && (s[len] == '+' || !s[len]))
			return 1;
		s = strchr(s, '+');
		s += !!s;
	}
	return 0;
}

const char *install_filter(struct sock_filter *filter, size_t n)
{
	struct sock_fprog prog = { (unsigned short)n, filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return because("PR_SET_NO_NEW_PRIVS");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_TSYNC, &prog))
		return because("seccomp");
	return NULL;
}

const char *deny_calls(const char *names, int err)
{
	unsigned int refuse = err == DENY_KILL ?
		SECCOMP_RET_KILL_PROCESS :
		SECCOMP_RET_ERRNO | (unsigned int)err;
	struct sock_filter f[2 * N_CALLS + 2];
	size_t i, n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr));
	for (i = 0; i < N_CALLS; i++) {
		if (!listed(calls[i].name, names))
			continue;
		f[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, calls[i].nr, 0, 1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refuse);
	}
	if (n == 1)
		return "no such system call";
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					      SECCOMP_RET_ALLOW);
	return install_filter(f, n);
}

/* ------------------------------------------------ users, files, limits */

const char *deny_exec_gain(void)
{
	if (prctl(PR_SET_MDWE, SC_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
		return because("PR_SET_MDWE");
	return NULL;
}

const char *hide_proc(void)
{
	if (geteuid() != 0)
		return "needs root";
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return because("mount namespace");
	if (umount2("/proc", MNT_DETACH) || !access("/proc/self", F_OK))
		return because("umount /proc");
	return NULL;
}

/* What earlier headers lack. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif
#define READ_FILE	4ull
#define WRITE_FILE	2ull
#define PATH_BENEATH	1

static int allow_path(int rules, const char *path)
{
	struct {
		uint64_t access;
		int32_t fd;
	} __attribute__((packed)) rule = { READ_FILE | WRITE_FILE, -1 };
	int err;

	rule.fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.fd < 0)
		return 0;
	err = (int)syscall(SYS_landlock_add_rule, rules, PATH_BENEATH, &rule,
			   0u);
	close(rule.fd);
	return err;
}

/* The program is three directories below the top of what was built. */
static void find_top(char *top, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", top, size - 1);
	int i;

	top[len > 0 ? len : 0] = '\0';
	for (i = 0; i < 3 && strrchr(top, '/'); i++)
		*strrchr(top, '/') = '\0';
}

/* Landlock: files may be opened below the usual places, and those of @more. */
static const char *allow_files(const char *const *more)
{
	static const char *const usual[] = { "/usr", "/lib",  "/lib64", "/bin",
					     "/etc", "/dev", "/tmp", NULL };
	uint64_t handled = READ_FILE | WRITE_FILE;
	char top[512];
	int rules, err;
	size_t i;

	rules = (int)syscall(SYS_landlock_create_ruleset, &handled,
			     sizeof(handled), 0u);
	if (rules < 0)
		return because("landlock");
	find_top(top, sizeof(top));
	err = allow_path(rules, top);
	for (i = 0; usual[i] && !err; i++)
		err = allow_path(rules, usual[i]);
	for (i = 0; more && more[i] && !err; i++)
		err = allow_path(rules, more[i]);
	if (err || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, rules, 0u))
		return because("landlock");
	close(rules);
	return NULL;
}

const char *lock_out_of_proc(void)
{
	return allow_files(NULL);
}

const char *show_own_maps_only(void)
{
	static const char *const shown[] = {
		"/proc/self/maps", "/proc/self/status", "/proc/self/auxv",
		"/proc/sys/vm/overcommit_memory", NULL
	};
	const char *why = allow_files(shown);

	if (!why && open("/proc/thread-self/maps", O_RDONLY) >= 0)
		why = "Landlock shows the maps of the thread, too";
	return why;
}

const char *move_to_empty_root(void)
{
	char name[] = "root-XXXXXX";
	const char *why = NULL;

	if (geteuid() != 0)
		return "needs root";
	if (!mkdtemp(name))
		return because("mkdtemp");
	if (chroot(name))
		why = because("chroot");
	/* The directory is still our working directory's. */
	rmdir(name);
	return why;
}

/* A process that lives in a namespace of mounts without /proc. */
static pid_t start_without_proc(void)
{
	int ends[2];
	char ready;
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (!pid) {
		if (hide_proc() || write(ends[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	if (read(ends[0], &ready, 1) != 1)
		pid = -1;
	close(ends[0]);
	return pid;
}

const char *move_to_other_mounts(void)
{
	const char *why = NULL;
	char path[64];
	pid_t pid;
	int fd;

	if (geteuid() != 0)
		return "needs root";
	pid = start_without_proc();
	if (pid < 0)
		return "mount namespace";
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS))
		why = because("setns");
	if (fd >= 0)
		close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return why;
}

const char *become_nobody(void)
{
	if (geteuid() != 0)
		return "needs root";
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		return because("setuid");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return because("PR_SET_DUMPABLE");
	return NULL;
}

static const char *set_limit(int resource, rlim_t value)
{
	struct rlimit limit = { value, value };

	return setrlimit(resource, &limit) ? because("setrlimit") : NULL;
}

/* Not a page more than now. */
const char *limit_address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	int got = f ? fscanf(f, "%lu", &pages) : 0;

	if (f)
		fclose(f);
	if (got != 1)
		return because("/proc/self/statm");
	return set_limit(RLIMIT_AS, pages * PAGE);
}

const char *limit_files(void)
{
	return set_limit(RLIMIT_NOFILE, 0);
}

const char *lock_memory(void)
{
	return mlockall(MCL_CURRENT | MCL_FUTURE) ? because("mlockall") : NULL;
}

const char *lock_memory_on_fault(void)
{
	return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ?
		       because("mlockall") : NULL;
}

/* -------------------------------------------------------------- text */

static int first_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct segment *text = arg;
	size_t i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = info->dlpi_phdr + i;
		uintptr_t start = info->dlpi_addr + p->p_vaddr;
		uintptr_t end = start + p->p_memsz;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		text->start = start & ~(PAGE - 1);
		text->len = ((end + PAGE - 1) & ~(PAGE - 1)) - text->start;
		return 1;
	}
	return 0;
}

/* The loader lists the program first. */
struct segment program_text(void)
{
	struct segment text = { 0, 0 };

	dl_iterate_phdr(first_text, &text);
	return text;
}

const char *seal_text(struct segment text)
{
	if (syscall(SYS_mseal, text.start, text.len, 0ul))
		return because("mseal");
	return NULL;
}

/*
 * As tools that put text on huge pages do: copy it, and move the copy over it.
 * Nobody else may run the text meanwhile.
 */
const char *make_text_anonymous(struct segment text)
{
	void *copy = mmap(NULL, text.len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return because("mmap");
	memcpy(copy, (const void *)text.start, text.len);
	if (mprotect(copy, text.len, PROT_READ | PROT_EXEC))
		return because("mprotect");
	if (mremap(copy, text.len, text.len, MREMAP_MAYMOVE | MREMAP_FIXED,
		   (void *)text.start) == MAP_FAILED)
		return because("mremap");
	return NULL;
}

/* ------------------------------------------------------------- by name */

/* "CALLS:EPERM", ":ENOSYS", or ":kill" */
static const char *deny_by_name(const char *what)
{
	const char *how = strchr(what, ':');
	char names[80];
	int err = EPERM;

	if (!how || (size_t)(how - what) >= sizeof(names))
		return "no such restriction";
	memcpy(names, what, (size_t)(how - what));
	names[how - what] = '\0';
	if (!strcmp(how, ":ENOSYS"))
		err = ENOSYS;
	else if (!strcmp(how, ":kill"))
		err = DENY_KILL;
	return deny_calls(names, err);
}

static const char *seal_program(void)
{
	return seal_text(program_text());
}

const char *restrict_by_name(const char *what)
{
	static const struct {
		const char *name;
		const char *(*apply)(void);
	} table[] = {
		{ "mdwe", deny_exec_gain },
		{ "noproc", hide_proc },
		{ "nobody", become_nobody },
		{ "lock", lock_memory },
		{ "lockonfault", lock_memory_on_fault },
		{ "seal", seal_program },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(what, table[i].name))
			return table[i].apply();
	if (!strncmp(what, "deny:", 5))
		return deny_by_name(what + 5);
	return "no such restriction";
}
