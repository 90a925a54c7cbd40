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
#include "page.h"
#include "sync.h"
#include "valgrind.h"
#include "why.h"

struct sc_system sc_system;

/*
 * Written with the lock held, at start, at the end of this copy, and by an update
 * that tries again.
 */
static bool enabled;
/* static-call status looks for this name in a process. */
static const char *sc_why_no_patching = "the library is not initialised";
/* What the probe has found may be of that moment. */
static bool may_pass;

bool sc_text_enabled(void)
{
	return enabled;
}

const char *sc_text_reason(void)
{
	return sc_why_no_patching;
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
	size_t n = sc_why_count();
	int err;

	memcpy(change.wanted, sc_probe_two, SC_PROBE_LEN);
	err = sc_text_prepare(&change, 1);
	may_pass |= is_of_the_moment(err) ||
		    is_of_the_moment(sc_tx->why_not_moved) ||
		    is_of_the_moment(sc_tx->why_not_in_place);
	if (err)
		return false;
	sc_text_commit();
	sc_sync_threads();
	/* Only now is it known. */
	if (!sc_sync_covers_code())
		sc_machine_serialize();
	if (sc_probe_function() != 2 || sc_place_is_pristine(p))
		return false;
	/* What failed in a step that came off all the same is no reason. */
	sc_why_forget(n);
	return true;
}

/*
 * The way back must work before anything is patched, even when alone.  Text that
 * is locked may need more than the one call.
 */
static bool try_restore(struct sc_text *text)
{
	struct sc_range r = { .text = text, .start = text->start,
			      .len = SC_PAGE };
	size_t n = sc_why_count();

	if (sc_give_back(&r)) {
		sc_why_forget(n);
		sc_text_restore(text);
	}
	return sc_probe_function() == 1 && !sc_text_is_patched(text);
}

static const char *no_memory(void)
{
	sc_why_note("mmap", NULL, -errno);
	may_pass = true;
	return sc_why();
}

/* ------------------------------------------------------------ the memory */

/*
 * The transaction, and what is probed; the room in which pages are composed lies
 * behind it.  Not on the stack: a child of fork() that is born in a probe believes
 * the transaction, and its ranges lead to the text.
 */
struct memory {
	struct sc_tx tx;
	struct sc_text text;
	struct sc_place place;
};

static size_t memory_size(void)
{
	return sizeof(struct memory) + (SC_BATCH + 1) * SC_PAGE;
}

/*
 * Static, for a start has few system calls.  It is address space: nobody writes
 * there.  But leak checkers read all that lies among variables, so the probe's text
 * has PROT_READ as @empty; that of others is PROT_NONE.  0: it is too small for a
 * page.
 */
static uintptr_t probe_arena(void)
{
	static char room[2 * SC_PAGE_MAX];
	size_t size = SC_PAGE;

	return size > SC_PAGE_MAX ? 0 : (uintptr_t)sc_first_page(room, size);
}

/* A child that was born in the probe may have it already. */
static struct memory *allocate(void)
{
	struct memory *memory;

	if (sc_tx != &sc_tx_none)
		return (struct memory *)sc_tx;
	memory = sc_alloc(memory_size());
	if (!memory)
		return NULL;
	memory->text.arena = probe_arena();
	memory->tx.mem.fd = -1;
	memory->tx.maps.file.fd = -1;
	memory->tx.before = (uint8_t *)(memory + 1);
	memory->tx.image = memory->tx.before + SC_PAGE;
	sc_tx = &memory->tx;
	return memory;
}

/*
 * The page of the probe function, which is in no list of texts.  It keeps its
 * arena, so that nothing needs memory when the swap is tried.  A child that was
 * born in a probe may find a copy in it, or a part that is another's.
 */
static struct sc_text *begin_probe(struct memory *memory)
{
	uintptr_t page = (uintptr_t)sc_probe_function & ~(SC_PAGE - 1);

	sc_arena_clear(&memory->text);
	sc_valgrind_inherit(&memory->text, sizeof(memory->text));
	sc_valgrind_inherit(&memory->place, sizeof(memory->place));
	memory->text = (struct sc_text){
		.start = page,
		.end = page + SC_PAGE,
		.path = "",
		.places = &memory->place,
		.n_places = 1,
		.arena = memory->text.arena,
		.empty = PROT_READ,
	};
	memory->place = (struct sc_place){
		.addr = (uint8_t *)(uintptr_t)sc_probe_function,
		.text = &memory->text,
		.len = SC_PROBE_LEN,
	};
	memcpy(memory->place.pristine, sc_probe_one, SC_PROBE_LEN);
	/* A child that was born in its parent's probe may find the second. */
	memcpy(memory->place.live, sc_probe_two, SC_PROBE_LEN);
	sc_text_register(&memory->text);
	return &memory->text;
}

/* --------------------------------------------------------- what is found */

/* In it mprotect is tried first. */
static bool find_swap(struct sc_text *text)
{
	sc_system.untried = false;
	sc_system.can_swap = true;
	sc_system.can_flip = true;
	sc_system.can_swap = try_patch(text->places);
	/* An update says then what the other way lacks. */
	sc_system.can_flip &= sc_system.can_swap;
	return sc_system.can_swap;
}

/*
 * A program that starts is alone, and writes in place.  The swap takes some twenty
 * system calls more, and is tried when an update first needs it.
 */
static bool find_way(struct sc_text *text)
{
	sc_system.can_write = true;
	if (!try_patch(text->places))
		return !RUNNING_ON_VALGRIND && find_swap(text) &&
		       try_restore(text);
	if (!try_restore(text))
		return false;
	sc_system.untried = !RUNNING_ON_VALGRIND;
	sc_system.can_swap = sc_system.untried;
	sc_text_reserve_arena(text);
	return true;
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
static const char *probe(void)
{
	struct memory *memory = allocate();
	struct sc_text *text;
	bool works;

	if (!memory || sc_text_reserve(1))
		return no_memory();
	sc_system.can_tell_alone = unshare_is_honest();
	/* valgrind lets other threads fork all the same. */
	sc_tx->alone = !RUNNING_ON_VALGRIND && sc_is_alone();
	text = begin_probe(memory);
	if (!text->asked)
		may_pass = true;
	if (!text->usable)
		return why_or("the text of the library is no private mapping of a file");
	works = find_way(text);
	sc_arena_clear(text);
	return works ? NULL : why_or("a change of text has no effect");
}

/*
 * A child that is born meanwhile has a library that is not initialised, and
 * probes anew.
 */
void sc_text_start(void)
{
	sc_system = (struct sc_system){ .probing = true };
	sc_why_forget(0);
	may_pass = false;
	sc_why_no_patching = probe();
	enabled = !sc_why_no_patching;
	sc_system.probing = false;
	sc_tx->trouble = false;
}

bool sc_text_start_again(void)
{
	if (may_pass)
		sc_text_start();
	return enabled;
}

/* Where it fails this update, and each that finds others, gives places back. */
void sc_text_try_swap(void)
{
	struct sc_text *text;

	sc_system.probing = true;
	text = begin_probe((struct memory *)sc_tx);
	find_swap(text);
	sc_text_restore(text);
	sc_arena_clear(text);
	sc_system.probing = false;
}

void sc_text_end(void)
{
	struct sc_tx *tx = sc_tx;
	struct sc_text *text;

	enabled = false;
	may_pass = false;
	sc_why_no_patching = "the copy of the library is gone";
	sc_tx = &sc_tx_none;
	if (tx == sc_tx)
		return;
	text = &((struct memory *)tx)->text;
	/* This one goes with the copy. */
	if (text->arena == probe_arena())
		text->arena = 0;
	sc_text_forget(text);
	sc_free(tx->ranges, tx->max_ranges * sizeof(*tx->ranges));
	sc_free(tx, memory_size());
}
