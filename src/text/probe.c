/* SPDX-License-Identifier: MIT */
/*
 * probe.c - what this system allows: tried on a function of the library's own.
 *
 * By the calls that are used later and in their order, for a system may refuse
 * any of them, or say yes and do nothing; what counts is what the function
 * returns afterwards.
 */
#include "sc_config.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"
#include "mem.h"
#include "sync.h"
#include "valgrind.h"
#include "why.h"

struct sc_system sc_system;

/*
 * Written with the lock held, at start, at the end of this copy, and by an update
 * that tries again.
 */
static bool enabled;
static const char *reason = "the library is not initialised";
/* What the probe has found may be of that moment. */
static bool may_pass;

bool sc_text_enabled(void)
{
	return enabled;
}

const char *sc_text_reason(void)
{
	return reason;
}

/*
 * Some sandboxes let every unshare() succeed.  We try a flag that does not
 * exist; if that succeeds, we never assume that we are alone.
 */
static bool unshare_is_honest(void)
{
	const long no_such_flag = 1;

	return syscall(SYS_unshare, no_such_flag) < 0;
}

static bool is_of_the_moment(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

/* Puts the second form into the probe function, by the way that is set. */
static bool try_patch(struct sc_place *p)
{
	struct sc_change change = { .addr = (uintptr_t)p->addr, .place = p };
	int err;

	memcpy(change.wanted, sc_probe_two, SC_PROBE_LEN);
	err = sc_text_prepare(&change, 1);
	may_pass |= is_of_the_moment(err) ||
		    is_of_the_moment(sc_tx->why_not_moved);
	if (err)
		return false;
	sc_text_commit();
	sc_sync_threads();
	return sc_probe_function() == 2 && !sc_place_is_pristine(p);
}

/* The way back must work before anything is patched, even when alone. */
static bool try_restore(struct sc_text *text)
{
	sc_text_restore(text);
	sc_sync_threads();
	return sc_probe_function() == 1 && !sc_text_is_patched(text);
}

/* What failed in a step that came off all the same is no reason. */
static bool try_both(struct sc_text *text)
{
	size_t n = sc_why_count();

	if (!try_patch(text->places))
		return false;
	sc_why_forget(n);
	return try_restore(text);
}

/* Finds a way that works; the swap first, and in it mprotect first. */
static bool find_way(struct sc_text *text)
{
	sc_system.can_write = true;
	sc_system.can_tell_alone = unshare_is_honest();
	sc_system.can_swap = !RUNNING_ON_VALGRIND;
	sc_system.can_flip = sc_system.can_swap;
	if (try_both(text))
		return true;
	/* Then it must do to write in place, when alone. */
	sc_system.can_swap = false;
	sc_system.can_flip = false;
	return try_both(text);
}

static const char *no_memory(void)
{
	sc_why_note("mmap", NULL, -errno);
	may_pass = true;
	return sc_why();
}

/* The calls that failed; or, where all seemed to go well, @other. */
static const char *why_or(const char *other)
{
	return sc_why_count() ? sc_why() : other;
}

/*
 * Why nothing is patched, for static_call_get_info(); NULL: all is well.  The
 * manual lists the reasons.
 */
static const char *probe(struct sc_text *text)
{
	if (sc_text_reserve(1))
		return no_memory();
	sc_text_register(text);
	if (!text->asked)
		may_pass = true;
	if (!text->usable)
		return why_or("the text of the library is no private mapping of a file");
	if (!find_way(text))
		return why_or("a change of text has no effect");
	return NULL;
}

/*
 * The memory of the engine: the transaction, and room to compose pages.  Mapped,
 * for a child of fork() believes the transaction (world.h).  A child that was
 * born in the probe may have it already.
 */
static bool allocate(void)
{
	size_t size = (SC_BATCH + 2) * SC_PAGE;
	struct sc_tx *tx;

	if (sc_tx->image)
		return true;
	tx = sc_alloc(size);
	if (!tx)
		return false;
	tx->mem.fd = -1;
	tx->maps.file.fd = -1;
	tx->before = (uint8_t *)tx + SC_PAGE;
	tx->image = tx->before + SC_PAGE;
	sc_tx = tx;
	return true;
}

/*
 * The text and the place of the probe are on the stack and in no list.  A child
 * that is born meanwhile has a library that is not initialised, and probes anew.
 */
void sc_text_start(void)
{
	uintptr_t page = (uintptr_t)sc_probe_function & ~(SC_PAGE - 1);
	struct sc_text text = {
		.start = page,
		.end = page + SC_PAGE,
		.path = "",
		.n_places = 1,
	};
	struct sc_place place = {
		.addr = (uint8_t *)(uintptr_t)sc_probe_function,
		.text = &text,
		.len = SC_PROBE_LEN,
	};

	memcpy(place.pristine, sc_probe_one, SC_PROBE_LEN);
	/* A child that was born in its parent's probe may find the second. */
	memcpy(place.live, sc_probe_two, SC_PROBE_LEN);
	text.places = &place;
	sc_system = (struct sc_system){ .probing = true };
	sc_why_forget(0);
	may_pass = false;
	reason = allocate() ? probe(&text) : no_memory();
	sc_text_forget(&text);
	enabled = !reason;
	sc_system.probing = false;
	sc_tx->trouble = false;
}

bool sc_text_start_again(void)
{
	if (may_pass)
		sc_text_start();
	return enabled;
}

void sc_text_end(void)
{
	struct sc_tx *tx = sc_tx;

	enabled = false;
	may_pass = false;
	reason = "the copy of the library is gone";
	sc_tx = &sc_tx_none;
	if (tx == sc_tx)
		return;
	sc_free(tx->ranges, tx->max_ranges * sizeof(*tx->ranges));
	sc_free(tx, (SC_BATCH + 2) * SC_PAGE);
}
