/* SPDX-License-Identifier: MIT */
/* steps.c - the steps of an update: written down, watched, made to fail. */
#include "sc_config.h"

#include <string.h>

#include "step.h"
#include "steps.h"

char steps_seen[4096];
static size_t n_seen;
static const char *failing = "";
static int failing_skip, failing_times, failing_err;
void (*steps_watch)(char step);

static int hook(char step)
{
	if (n_seen + 1 < sizeof(steps_seen)) {
		steps_seen[n_seen++] = step;
		steps_seen[n_seen] = '\0';
	}
	if (steps_watch)
		steps_watch(step);
	if (!strchr(failing, step))
		return 0;
	if (failing_skip > 0) {
		failing_skip--;
		return 0;
	}
	if (failing_times <= 0)
		return 0;
	failing_times--;
	return failing_err;
}

void steps_clear(void)
{
	n_seen = 0;
	steps_seen[0] = '\0';
	failing = "";
	sc_step_hook = hook;
}

void steps_fail(const char *letters, int skip, int times, int err)
{
	steps_clear();
	failing = letters;
	failing_skip = skip;
	failing_times = times;
	failing_err = err;
}
