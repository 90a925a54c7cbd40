/* SPDX-License-Identifier: MIT */
/* repeat.c - the same picture again and again, like top(1). */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/json.h"
#include "inspect/repeat.h"
#include "inspect/document.h"

/* The target of a key in one picture. */
struct noted {
	uint64_t pid, key, target;
};

struct picture {
	struct sc_pool pool;
	struct noted *noted;
	size_t n;
};

static struct picture last, now;
static bool first = true;

static bool is_terminal(void)
{
	return !sc_report_json && isatty(STDOUT_FILENO);
}

static void put_heading(double seconds)
{
	time_t t = time(NULL);
	struct tm tm;
	char text[32] = "";

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s static-call status, every %g s; * marks what has changed; stop with Ctrl-C\n",
	       text, seconds);
}

void sc_watch_begin(double seconds)
{
	sc_pool_empty(&last.pool);
	last = now;
	now = (struct picture){ .n = 0 };
	/* A picture a line, for a program that reads them. */
	sc_json_compact = sc_report_json;
	if (is_terminal()) {
		fputs("\033[H\033[2J", stdout);
		put_heading(seconds);
	} else if (!sc_report_json && !first) {
		putchar('\n');
	}
	first = false;
}

size_t sc_watch_lines(void)
{
	struct winsize size = { .ws_row = 0 };

	if (!is_terminal() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ||
	    size.ws_row < 4)
		return 0;
	return size.ws_row - 2u;
}

void sc_watch_note(const struct sc_view *view)
{
	size_t i;

	for (i = 0; i < view->n_keys; i++) {
		struct noted *new = sc_pool_grow(&now.pool, now.noted, now.n,
						 sizeof(*new));

		if (!new)
			return;
		now.noted = new;
		new[now.n++] = (struct noted){
			view->process->pid, view->key[i].address,
			view->key[i].target,
		};
	}
}

bool sc_watch_changed(const struct sc_view *view,
		      const struct sc_key_view *key)
{
	size_t i;

	for (i = 0; i < last.n; i++)
		if (last.noted[i].pid == view->process->pid &&
		    last.noted[i].key == key->address)
			return last.noted[i].target != key->target;
	return false;
}

void sc_watch_wait(double seconds)
{
	struct timespec time = { .tv_sec = (time_t)seconds };

	time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
	fflush(stdout);
	nanosleep(&time, NULL);
}
