/* SPDX-License-Identifier: MIT */
/*
 * status.c - what the static calls of processes are now: finds the processes that
 * are meant, and shows each.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inspect/commands.h"
#include "inspect/repeat.h"
#include "inspect/document.h"
#include "inspect/select.h"
#include "inspect/show.h"

struct request {
	const struct sc_status_options *options;
	struct sc_show show;
	char **words;			/* that name processes */
	size_t n_words;
	size_t n_shown, n_matched;	/* processes; keys that were asked for */
	size_t n_denied;		/* processes that may not be read */
};

static int worse(int a, int b)
{
	return a > b ? a : b;
}

/* ------------------------------------------------------------ one process */

/* The first few names of @view, for a message. */
static const char *some_names(const struct sc_view *view)
{
	static char text[200];
	size_t i, len = 0;

	text[0] = '\0';
	for (i = 0; i < view->n_keys && len < sizeof(text) - 1; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					i ? ", " : "", view->key[i].name);
	if (len >= sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	return text;
}

/* Each pattern must have matched something. */
static int check_patterns(const struct request *request,
			  const struct sc_view *view)
{
	int status = SC_EXIT_OK;
	size_t i, k;

	for (k = 0; k < request->show.n_keys; k++) {
		struct sc_show one = {
			.keys = request->show.keys + k, .n_keys = 1,
		};

		for (i = 0; i < view->n_keys; i++)
			if (sc_show_wants(&one, &view->key[i]))
				break;
		if (i < view->n_keys)
			continue;
		status = SC_EXIT_NO;
		sc_error(view->process->name, "has no static call '%s'; it has %s",
			 request->show.keys[k],
			 view->n_keys ? some_names(view) : "none");
	}
	return status;
}

static bool all_direct(const struct sc_show *show, const struct sc_view *view)
{
	size_t i;

	for (i = 0; i < view->n_keys; i++)
		if (sc_show_wants(show, &view->key[i]) &&
		    view->key[i].n_direct < view->key[i].n_places)
			return false;
	return true;
}

static int show(struct request *request, struct sc_process *process)
{
	struct sc_view view;
	int status = SC_EXIT_OK;

	if (sc_view_make(&view, process)) {
		if (!process->ended)
			return SC_EXIT_TROUBLE;
		if (!request->options->all)
			sc_error(process->name, "has ended, or begun another program, meanwhile");
		return SC_EXIT_NO;
	}
	if (request->options->all && !view.n_keys && !view.n_places)
		return SC_EXIT_OK;
	request->n_shown++;
	if (sc_report_json)
		sc_show_json(&request->show, &view);
	else
		sc_show_text(&request->show, &view);
	if (request->options->watch)
		sc_watch_note(&view);
	if (!request->options->all)
		status = check_patterns(request, &view);
	if (request->options->check && !all_direct(&request->show, &view))
		status = worse(status, SC_EXIT_NO);
	return worse(status, process->err ? SC_EXIT_TROUBLE : SC_EXIT_OK);
}

static int show_opened(struct request *request, struct sc_process *process,
		       enum sc_opened opened)
{
	int status = SC_EXIT_TROUBLE;

	if (opened == SC_OPENED)
		status = show(request, process);
	else if (opened == SC_NOT_THERE)
		status = SC_EXIT_NO;
	if (status == SC_EXIT_OK && process->from_file && !sc_report_json)
		printf("  (text that the core does not hold was taken from the files: it was not changed)\n");
	sc_process_close(process);
	return status;
}

static int show_core(struct request *request, const char *path)
{
	struct sc_process process;

	return show_opened(request, &process,
			   sc_process_open_core(&process, path));
}

static int show_pid(struct request *request, const char *pid)
{
	bool all = request->options->all, quiet = sc_quiet;
	struct sc_process process;
	enum sc_opened opened;
	int status;

	/* Of all processes, those that cannot be read are counted. */
	sc_quiet |= all;
	opened = sc_process_open(&process, pid);
	if (all && (opened == SC_NOT_READ || process.err))
		request->n_denied++;
	if (all)
		process.err = 0;
	sc_quiet = quiet;
	status = show_opened(request, &process, opened);
	return all && !request->options->check ? SC_EXIT_OK : status;
}

/* --------------------------------------------------------- all of them */

static int show_selection(struct request *request,
			  const struct sc_selection *selection)
{
	int status = SC_EXIT_OK;
	size_t i;

	for (i = 0; i < selection->n; i++)
		status = worse(status, show_pid(request, selection->pid[i]));
	return status;
}

static int select_words(const struct request *request,
			struct sc_selection *selection)
{
	size_t i;

	for (i = 0; i < request->n_words; i++) {
		const char *word = request->words[i];
		size_t before = selection->n;

		if (sc_select_is_number(word) ?
			    sc_select_pid(selection, word) :
			    sc_select_name(selection, word))
			return SC_EXIT_TROUBLE;
		if (selection->n > before)
			continue;
		sc_error(word, "no process has this name; status takes the number or the name of a process: try 'static-call status --all', or 'ps -e'");
		return SC_EXIT_NO;
	}
	return SC_EXIT_OK;
}

static int show_all(struct request *request, struct sc_selection *selection)
{
	int status;

	if (sc_select_all(selection))
		return SC_EXIT_TROUBLE;
	status = show_selection(request, selection);
	if (!request->n_shown) {
		sc_error(NULL, "no process%s makes static calls",
			 request->n_denied ? " that you may read" : "");
		status = worse(status, SC_EXIT_NO);
	}
	if (request->n_denied && geteuid())
		sc_error(NULL, "%zu could not be read, or not completely: root may, and 'static-call status NUMBER' says why",
			 request->n_denied);
	return status;
}

static int once(struct request *request)
{
	struct sc_selection selection = { .n = 0 };
	int status;

	request->n_shown = 0;
	request->n_denied = 0;
	sc_report_begin("status", "processes");
	if (request->options->core) {
		status = show_core(request, request->options->core);
	} else if (request->options->all) {
		status = show_all(request, &selection);
	} else {
		status = select_words(request, &selection);
		if (!status)
			status = show_selection(request, &selection);
	}
	sc_report_end();
	sc_select_end(&selection);
	return status;
}

/* Until there is nothing left to be shown. */
static int watch(struct request *request)
{
	int status;

	request->show.changed = sc_watch_changed;
	for (;;) {
		sc_watch_begin(request->options->seconds);
		request->show.lines = sc_watch_lines();
		status = once(request);
		if (!request->n_shown)
			return status;
		sc_watch_wait(request->options->seconds);
	}
}

int sc_status(const struct sc_status_options *options, char **words, size_t n)
{
	struct request request = {
		.options = options, .words = words,
		.show = { .sites = options->sites },
	};

	/* Numbers are processes; of other words, the first. */
	if (!options->all && !options->core) {
		while (request.n_words < n &&
		       sc_select_is_number(words[request.n_words]))
			request.n_words++;
		if (!request.n_words)
			request.n_words = 1;
	}
	request.show.keys = (const char *const *)words + request.n_words;
	request.show.n_keys = n - request.n_words;
	return options->watch ? watch(&request) : once(&request);
}

int sc_status_show(struct sc_process *process)
{
	static const struct sc_status_options options = { .sites = true };
	struct request request = {
		.options = &options, .show = { .sites = true },
	};

	return show(&request, process);
}
