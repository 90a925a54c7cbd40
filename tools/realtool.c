/* SPDX-License-Identifier: MIT */
/*
 * realtool.c - looks for a tool where the compiler that called the hook would
 * have looked next: in the other -B directories, in the directories of the
 * compiler's own installation, in PATH.
 *
 * Rules: a directory that holds a hook (of any version) is passed over, so two
 * hooks can never call each other for ever; the path found is not resolved,
 * because linkers look at the name they are called by.  It runs before the C
 * library is ready, see bare.h.
 */
#include <unistd.h>

#include "bare.h"
#include "realtool.h"

/* The file that marks the directory of a hook. */
#define MARK "hook.rsp"

/* The command line of the program that called the hook, as far as it fits. */
static char command[1 << 20];

/* The path is that of a candidate for as long as it is looked at. */
struct search {
	char *path;
	const char *name;
};

/* Returns the length of @text with the @n characters at @more behind it. */
static size_t append(char *text, size_t len, const char *more, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		text[len + i] = more[i];
	return len + n;
}

/* Joins @dir and @name in the path; false if that is too long. */
static bool join(struct search *search, const char *dir, size_t len,
		 const char *name)
{
	size_t n = sc_bare_length(name);

	if (len + n + 2 > PATH_MAX)
		return false;
	len = append(search->path, 0, dir, len);
	if (dir[len - 1] != '/')
		len = append(search->path, len, "/", 1);
	len = append(search->path, len, name, n);
	search->path[len] = '\0';
	return true;
}

static bool try_directory(struct search *search, const char *dir, size_t len)
{
	/* An empty name in PATH or COMPILER_PATH is the current directory. */
	if (!len) {
		dir = ".";
		len = 1;
	}
	return join(search, dir, len, search->name) &&
	       sc_bare_access(search->path, X_OK) &&
	       /* Only a directory has that in it. */
	       join(search, search->path, sc_bare_length(search->path), ".") &&
	       !sc_bare_access(search->path, F_OK) &&
	       join(search, dir, len, MARK) &&
	       !sc_bare_access(search->path, F_OK) &&
	       join(search, dir, len, search->name);
}

static bool try_list(struct search *search, const char *list)
{
	size_t len;

	while (list && *list) {
		for (len = 0; list[len] && list[len] != ':'; len++)
			;
		if (try_directory(search, list, len))
			return true;
		list += len + (list[len] == ':');
	}
	return false;
}

/*
 * Takes the next word of a command line; true if that names a directory with a
 * tool in it.  @*next says that it is what -B is followed by.
 */
static bool try_word(struct search *search, const char *word, size_t len,
		     bool *next)
{
	bool is_b = len >= 2 && word[0] == '-' && word[1] == 'B';
	bool is_directory = *next;

	*next = !is_directory && is_b && len == 2;
	if (is_directory)
		return try_directory(search, word, len);
	return is_b && len > 2 && try_directory(search, word + 2, len - 2);
}

/* gcc tells its options as 'word' 'word'..., with ' written as '\''. */
static bool try_gcc_options(struct search *search, const char *options)
{
	size_t left = options ? sc_bare_length(options) : 0;
	const char *from = options, *word, *end;
	bool next = false;

	while (left && (word = sc_bare_find(from, left, '\''))) {
		left -= (size_t)(++word - from);
		end = sc_bare_find(word, left, '\'');
		if (!end)
			break;
		if (try_word(search, word, (size_t)(end - word), &next))
			return true;
		from = end + 1;
		left -= (size_t)(from - word);
	}
	return false;
}

/* Takes the last name off @path and the slash before it; false if none is. */
static bool cut(char *path)
{
	size_t len = sc_bare_directory(path);

	if (!len)
		return false;
	path[len - 1] = '\0';
	return true;
}

/*
 * gcc names its lto-wrapper, PREFIX/gcc/MACHINE/VERSION/lto-wrapper; tools of
 * its own are beside that, above it, or in PREFIX/../MACHINE/bin.
 */
static bool try_gcc_installation(struct search *search, const char *wrapper)
{
	char dir[PATH_MAX], bin[2 * PATH_MAX + sizeof("/../../..//bin")];
	size_t len, machine;

	if (!wrapper || sc_bare_length(wrapper) >= PATH_MAX)
		return false;
	append(dir, 0, wrapper, sc_bare_length(wrapper) + 1);
	if (!cut(dir))
		return false;
	if (try_directory(search, dir, sc_bare_length(dir)))
		return true;
	if (!cut(dir))
		return false;
	if (try_directory(search, dir, sc_bare_length(dir)))
		return true;
	len = sc_bare_length(dir);
	machine = sc_bare_directory(dir);
	if (!machine)
		return false;
	append(bin, 0, dir, len);
	append(bin, len, "/../../../", 10);
	len = append(bin, len + 10, dir + machine, len - machine);
	len = append(bin, len, "/bin", 4);
	return try_directory(search, bin, len);
}

/* @path is that of the @file that /proc has for the parent. */
static void parent_file(char path[64], const char *file)
{
	long pid = sc_system(SYS_getppid, 0, 0, 0, 0, 0);
	char digits[24];
	size_t len = append(path, 0, "/proc/", 6), n = sizeof(digits);

	for (; pid > 0; pid /= 10)
		digits[--n] = (char)('0' + pid % 10);
	len = append(path, len, digits + n, sizeof(digits) - n);
	len = append(path, len, file, sc_bare_length(file));
	path[len] = '\0';
}

static size_t read_command(void)
{
	char path[64];
	size_t size = 0;
	long fd, n;

	parent_file(path, "/cmdline");
	fd = sc_bare_open(path);
	while (fd >= 0 && size < sizeof(command)) {
		n = sc_bare_read(fd, command + size, sizeof(command) - size);
		if (n <= 0)
			break;
		size += (size_t)n;
	}
	if (fd >= 0)
		sc_bare_close(fd);
	return size;
}

/* clang says nothing in the environment; it is the parent. */
static bool try_parent(struct search *search)
{
	const char *at = command, *end;
	size_t left = read_command();
	char path[64], exe[PATH_MAX];
	bool next = false;
	long len;

	while (left && (end = sc_bare_find(at, left, '\0'))) {
		if (try_word(search, at, (size_t)(end - at), &next))
			return true;
		left -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	parent_file(path, "/exe");
	len = sc_system(SYS_readlinkat, AT_FDCWD, (long)path, (long)exe,
			sizeof(exe) - 1, 0);
	exe[len > 0 ? len : 0] = '\0';
	return cut(exe) && try_directory(search, exe, sc_bare_length(exe));
}

/* NULL if it is not set. */
static const char *variable(char **environment, const char *name)
{
	size_t len = sc_bare_length(name);

	for (; *environment; environment++)
		if (sc_bare_begins(*environment, name) &&
		    (*environment)[len] == '=')
			return *environment + len + 1;
	return NULL;
}

bool sc_realtool(char path[PATH_MAX], const char *name, char **environment)
{
	struct search search = { path, name };

	if (try_gcc_options(&search,
			    variable(environment, "COLLECT_GCC_OPTIONS")) ||
	    try_list(&search, variable(environment, "COMPILER_PATH")) ||
	    try_gcc_installation(&search, variable(environment,
						   "COLLECT_LTO_WRAPPER")))
		return true;
	if (!variable(environment, "COLLECT_GCC") && try_parent(&search))
		return true;
	if (try_list(&search, variable(environment, "PATH")))
		return true;
	path[0] = '\0';
	return false;
}
