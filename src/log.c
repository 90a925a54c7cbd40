/* SPDX-License-Identifier: MIT */
/* log.c - the debug log. */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "log.h"

/*
 * Written once, by sc_start(), with the lock held.  The path is a copy: a program
 * may change its environment.  "": standard error.
 */
static int enabled;
static char path[1024];

void sc_log_to(const char *where)
{
	int is_path = where && strchr(where, '/') && strlen(where) < sizeof(path);

	path[0] = '\0';
	if (is_path)
		memcpy(path, where, strlen(where) + 1);
	enabled = is_path || (where && strcmp(where, "1") == 0);
}

int sc_log_enabled(void)
{
	return enabled;
}

/* What to do about each error that static_call_update(3) lists. */
static const struct {
	int err;
	const char *cure;
} cures[] = {
	{ EINVAL, "name each key once, and no NULL" },
	{ ENOMEM, "allow more memory, address space or mappings" },
	{ EBUSY, "remove what holds the text (a debugger, another patcher, a library that left and is still mapped), or map it as it was: private and read-only" },
	{ EDEADLK, "do not update while this thread is inside the library" },
	{ EPERM, "update the key through its own copy of the library, or allow the system call" },
	{ EACCES, "let the process use what is named here, mount /proc and let it read that, or set STATIC_CALL_PATCH=0" },
	{ EMFILE, "close file descriptors or raise RLIMIT_NOFILE; an update needs two" },
	{ ENFILE, "raise fs.file-max; an update needs two file descriptors" },
	{ EIO, "if the file of the text could not be read, look after the disk; the next update tries again" },
	{ ENOSYS, "use a kernel that has the system call, or set STATIC_CALL_PATCH=0" },
};

/*
 * Opened for each line and closed again: a descriptor that stayed would be the
 * program's to close, and a child's to write.
 */
static void write_to(const char *text, size_t len)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
	int fd = path[0] ? open(path, flags, 0600) : STDERR_FILENO;
	/* A line that cannot be written is lost. */
	ssize_t written = fd < 0 ? 0 : write(fd, text, len);

	(void)written;
	if (path[0] && fd >= 0)
		close(fd);
}

void sc_log_begin(struct sc_line *line, const char *event)
{
	sc_line_put(line, "libstaticcall: pid ");
	sc_line_put_number(line, (unsigned long)getpid(), 10);
	sc_line_put(line, ": ");
	sc_line_put(line, event);
}

/* The calls in here are cancellation points, and the lock may not be held. */
void sc_log_end(struct sc_line *line)
{
	int saved = errno, cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	/* In place of the end, for which there is always room. */
	line->text[line->len++] = '\n';
	write_to(line->text, line->len);
	pthread_setcancelstate(cancel, NULL);
	errno = saved;
}

void sc_log_put_error(struct sc_line *line, const char *why, int err)
{
	size_t i;

	if (err)
		sc_line_put_error(line, -err);
	if (why) {
		sc_line_put(line, err ? " (" : "");
		sc_line_put(line, why);
		sc_line_put(line, err ? ")" : "");
	}
	for (i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
		if (cures[i].err == -err) {
			sc_line_put(line, ": ");
			sc_line_put(line, cures[i].cure);
		}
}

/* The library's name of the program's file leads to the one that it has. */
static void put_name(struct sc_line *line, const char *name)
{
	char file[256];
	ssize_t n = -1;

	if (strcmp(name, "/proc/thread-self/exe") == 0)
		n = readlink(name, file, sizeof(file) - 1);
	if (n > 0) {
		file[n] = '\0';
		name = file;
	}
	sc_line_put(line, name);
}

/* The front of a line, up to its text. */
static void begin(struct sc_line *line, const char *event, const char *name)
{
	sc_log_begin(line, event);
	if (name) {
		sc_line_put(line, " ");
		put_name(line, name);
	}
}

static void put_text(struct sc_line *line, const char *text)
{
	if (text) {
		sc_line_put(line, ": ");
		sc_line_put(line, text);
	}
}

void sc_log(const char *event, const char *name, const char *text)
{
	sc_log_error(event, name, text, NULL, 0);
}

void sc_log_at(const char *event, const char *name, unsigned long address,
	       const char *text)
{
	struct sc_line line = { .len = 0 };

	if (!enabled)
		return;
	begin(&line, event, name);
	sc_line_put(&line, " at 0x");
	sc_line_put_number(&line, address, 16);
	put_text(&line, text);
	sc_log_end(&line);
}

void sc_log_error(const char *event, const char *name, const char *text,
		  const char *why, int err)
{
	struct sc_line line = { .len = 0 };

	if (!enabled)
		return;
	begin(&line, event, name);
	put_text(&line, text);
	if (err || why) {
		sc_line_put(&line, text ? ", " : ": ");
		sc_log_put_error(&line, why, err);
	}
	sc_log_end(&line);
}
