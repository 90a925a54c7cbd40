/* SPDX-License-Identifier: MIT */
/* show_text.c - what was seen of a process, for people. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "inspect/document.h"
#include "inspect/show.h"

bool sc_show_wants(const struct sc_show *show, const struct sc_key_view *key)
{
	size_t i;

	for (i = 0; i < show->n_keys; i++)
		if (!fnmatch(show->keys[i], key->name, 0))
			return true;
	return !show->n_keys;
}

/* Lines of a terminal that are left; the last one says that there were more. */
struct page {
	const struct sc_show *show;
	size_t left;
	bool cut;
};

static bool next_line(struct page *page)
{
	if (!page->show->lines)
		return true;
	if (page->left > 1) {
		page->left--;
		return true;
	}
	page->cut = true;
	return false;
}

/* "NAME+0x12 (FILE.c:34)", and an address where there is no name. */
static void put_address(struct sc_view *view, uint64_t address)
{
	struct sc_symbol symbol = sc_process_symbol(view->process, address);

	if (!symbol.name)
		printf("0x%" PRIx64, address);
	else if (symbol.offset)
		printf("%s+0x%" PRIx64, symbol.name, symbol.offset);
	else
		fputs(symbol.name, stdout);
	if (symbol.source)
		printf(" (%s:%d)", symbol.source, symbol.line);
}

static void put_file(struct sc_view *view, uint64_t address)
{
	const struct sc_loaded *loaded = sc_process_file(view->process, address);

	if (loaded && loaded != view->first)
		printf(" in %s", loaded->path);
}

static void put_target(struct sc_view *view, const struct sc_key_view *key)
{
	switch (key->is) {
	case SC_TARGET_IS_UNKNOWN:
		fputs("? (its key cannot be read)", stdout);
		break;
	case SC_TARGET_IS_NULL:
		fputs("NULL", stdout);
		break;
	case SC_TARGET_IS_RET0:
		fputs("RET0", stdout);
		break;
	case SC_TARGET_IS_FUNCTION:
		put_address(view, key->target);
		put_file(view, key->target);
		break;
	}
}

static void show_place(struct page *page, struct sc_view *view,
		       const struct sc_place_view *place)
{
	if (!next_line(page))
		return;
	printf("    0x%" PRIx64 " %s %s%s%s", place->address, place->form,
	       sc_colour(place->reason ? SC_COLOUR_BAD : SC_COLOUR_GOOD),
	       sc_state_name(place->state), sc_colour(SC_COLOUR_OFF));
	if (place->tramp != place->address) {
		fputs(" in ", stdout);
		put_address(view, place->address);
	}
	if (place->loaded != view->first)
		printf(" of %s", place->loaded->path);
	if (place->reason)
		printf(": %s", sc_reason_text(view, place));
	if (place->reason == SC_REASON_UPDATING) {
		fputs(", calls ", stdout);
		put_address(view, place->target);
	}
	putchar('\n');
}

static void show_key(struct page *page, struct sc_view *view,
		     const struct sc_key_view *key)
{
	const struct sc_show *show = page->show;
	bool changed = show->changed && show->changed(view, key);
	size_t i;

	if (!next_line(page))
		return;
	printf("%s %s%s%s -> ", changed ? "*" : " ", sc_colour(SC_COLOUR_NAME),
	       key->name, sc_colour(SC_COLOUR_OFF));
	put_target(view, key);
	if (key->backend == SC_BACKEND_GENERIC)
		fputs(", called through its key\n", stdout);
	else
		printf(", %s%zu of %zu%s direct\n",
		       sc_colour(key->n_direct < key->n_places ?
				 SC_COLOUR_BAD : SC_COLOUR_GOOD),
		       key->n_direct, key->n_places, sc_colour(SC_COLOUR_OFF));
	for (i = 0; i < key->n_places; i++)
		if (show->sites || key->places[i].reason)
			show_place(page, view, &key->places[i]);
}

/* "inline", or the backends of several files: "inline, generic". */
static void put_backends(const struct sc_view *view)
{
	const char *between = "";
	int i;

	for (i = SC_N_BACKENDS - 1; i >= 0; i--) {
		if (!view->has[i])
			continue;
		printf("%s%s", between, sc_backend_word((enum sc_backend)i));
		between = ", ";
	}
}

/* How many places are there for each reason. */
static void put_reasons(const struct sc_view *view)
{
	size_t count[SC_N_REASONS] = { 0 }, i;

	for (i = 0; i < view->n_places; i++)
		count[view->place[i].reason]++;
	for (i = SC_REASON_NONE + 1; i < SC_N_REASONS; i++)
		if (count[i])
			printf(", %zu %s", count[i],
			       sc_reason_word((enum sc_reason)i));
}

void sc_show_text(const struct sc_show *show, struct sc_view *view)
{
	const struct sc_process *process = view->process;
	struct page page = { .show = show, .left = show->lines };
	size_t i;

	if (!next_line(&page))
		return;
	printf("%s", process->name);
	if (process->command[0])
		printf(" %s", process->command);
	fputs(": ", stdout);
	if (!view->n_files) {
		fputs("no static call\n", stdout);
		return;
	}
	put_backends(view);
	printf(" backend, %zu static calls in %zu files", view->n_keys,
	       view->n_files);
	if (view->n_places)
		printf(", %zu of %zu sites direct", view->n_direct,
		       view->n_places);
	put_reasons(view);
	putchar('\n');
	for (i = 0; i < view->n_keys && !page.cut; i++)
		if (sc_show_wants(show, &view->key[i]))
			show_key(&page, view, &view->key[i]);
	if (page.cut)
		fputs("  ... more than this terminal has lines for\n", stdout);
}
