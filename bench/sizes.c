/* SPDX-License-Identifier: MIT */
/*
 * sizes.c - the memory that the library takes: for a site as long as its module
 * is loaded, and for an update.
 *
 * The only benchmark that sees private headers: it measures structures.
 */
#include <stdio.h>

#include "backend.h"
#include "engine.h"
#include "measure.h"
#include "plan.h"

static void row(const char *what, size_t size, const char *how_many)
{
	printf("  %-22s %4zu  %s\n", what, size, how_many);
	record("size", what, how_many, "bytes", (double)size, NO_RATIO);
}

int main(void)
{
	const size_t change = sizeof(struct sc_change);
	const size_t key = sizeof(struct sc_plan_key);
	const size_t range = sizeof(struct sc_range);

	printf("Bytes for a site, as long as its module is loaded:\n");
	row("place", sizeof(struct sc_place), "a site");
	row("entry", sizeof(struct sc_key), "a key");
	printf("Bytes of an update, the plan:\n");
	row("change", change, "a site that changes; twice where they are sorted");
	row("key", key, "a key that changes");
	printf("and its ranges:\n");
	row("range", range, "a run of pages that moves as one");
	printf("Room reserved for updates, which only the largest one fills:\n");
	row("plan", 2 * change + key, "a site");
	row("ranges", range, "a site");
	return 0;
}
