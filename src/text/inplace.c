/* SPDX-License-Identifier: MIT */
/*
 * inplace.c - step A: writing in place, where nobody else can run this memory.
 *
 * Only the bytes of places are written, never what is between them: a probe of
 * the kernel may have been taken out there since the page was read.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"
#include "step.h"
#include "sync.h"
#include "valgrind.h"
#include "why.h"

/*
 * Whether nobody else can run this memory: exact, where counting threads is not
 * (a vfork child, another process with CLONE_VM).  valgrind runs one thread at
 * a time and none while a system call is made.
 */
static bool alone(void)
{
	if (RUNNING_ON_VALGRIND)
		return true;
	if (!sc_system.can_tell_alone) {
		sc_why_note("unshare: lets everything pass", NULL, 0);
		return false;
	}
	if (syscall(SYS_unshare, CLONE_VM) == 0)
		return true;
	/* EINVAL is the answer that we are not. */
	if (errno != EINVAL)
		sc_why_note("unshare", NULL, -errno);
	return false;
}

/* How many places are cheaper to write than to move, measured. */
#define FEW_IN_A_RUN	16
#define FEW_IN_A_PAGE	2

/* Few places: writing them costs less than moving their pages twice. */
static bool cheaper_in_place(void)
{
	const struct sc_tx *tx = sc_tx;
	uintptr_t last = 0;
	size_t i, pages = 0, runs = 0, most;

	if (RUNNING_ON_VALGRIND)
		return true;
	if (sc_system.probing && sc_system.can_swap)
		return false;
	/* Thousands in a row need not be counted. */
	most = (tx->changes[tx->n_changes - 1].addr - tx->changes[0].addr) /
		       SC_PAGE + 2;
	if (tx->n_changes / (FEW_IN_A_RUN + FEW_IN_A_PAGE) > most)
		return false;
	for (i = 0; i < tx->n_changes; i++) {
		uintptr_t page = sc_page_of(tx->changes[i].addr);

		if (!last || page > last + SC_RANGE_GAP)
			runs++;
		if (page != last)
			pages++;
		last = page;
	}
	return tx->n_changes <= FEW_IN_A_RUN * runs + FEW_IN_A_PAGE * pages;
}

static int write_place(const struct sc_place *p, const uint8_t *bytes)
{
	int err = SC_STEP('A');
	ssize_t done;

	if (err)
		return err;
	done = pwrite(sc_tx->mem.fd, bytes, p->len,
		      (off_t)(uintptr_t)p->addr);
	if (done < 0) {
		/* Some kernels let nobody write to text. */
		if (errno == EIO)
			sc_system.can_write = false;
		return sc_why_note("write /proc/self/mem", NULL, -errno);
	}
	VALGRIND_DISCARD_TRANSLATIONS(p->addr, p->len);
	return done == p->len ? 0 : -EIO;
}

/*
 * If the old bytes of a place cannot be restored, its page is discarded, so that
 * the file's bytes show again.  If that fails too, the new bytes stay and are
 * recorded.
 */
static void give_up_place(struct sc_change *c)
{
	struct sc_place *p = c->place;
	struct sc_range r = {
		.text = p->text,
		.start = sc_page_of(c->addr),
		.len = SC_PAGE,
	};
	struct sc_vma vma;

	memcpy(p->live, c->wanted, SC_INSN_MAX);
	if (!sc_open_maps() &&
	    sc_maps_find(&sc_tx->maps, r.start, &vma) == 0 &&
	    sc_text_same_mapping(p->text, r.start, &vma))
		sc_give_back(&r);
}

/* What is not as the library left it is for the swap, which can tell more. */
static int write_change(const struct sc_change *c)
{
	uint8_t now[SC_INSN_MAX];
	int err = sc_text_read(c->place->text, now, c->addr, c->place->len);

	if (err)
		return err;
	if (sc_place_sight(c->place, now) != SC_OURS)
		return -EBUSY;
	return write_place(c->place, c->wanted);
}

/* Puts the first @n places back to what they were. */
static void write_back(size_t n)
{
	struct sc_change *changes = sc_tx->changes;

	while (n-- > 0)
		if (write_place(changes[n].place, changes[n].place->live))
			give_up_place(changes + n);
}

/* Writes all changes; after an error the places are as they were. */
static int write_changes(void)
{
	struct sc_change *changes = sc_tx->changes;
	size_t i;
	int err = 0;

	for (i = 0; i < sc_tx->n_changes; i++) {
		err = write_change(changes + i);
		if (err)
			break;
	}
	if (err)
		write_back(i);
	return err;
}

/*
 * The lock keeps signals blocked from the test to the end of the transaction: a
 * handler might start a thread.  Those that a thread raises itself are not
 * blocked, so the question is asked again at the end.  Any failure here means:
 * try the other way.
 */
static bool prepare(void)
{
	if (!sc_system.can_write || !cheaper_in_place() || !alone())
		return false;
	/* No child of fork() is born meanwhile that could find the descriptor. */
	if (sc_tx->mem.fd < 0)
		sc_tx->mem = (struct sc_file){
			.fd = sc_maps_open_mem(O_RDWR),
		};
	if (sc_tx->mem.fd < 0) {
		sc_tx->why_not_in_place = -errno;
		return false;
	}
	if (write_changes() == 0) {
		/* Nobody else runs the probe. */
		if (sc_system.probing || alone()) {
			sc_tx->mode = SC_IN_PLACE;
			return true;
		}
		write_back(sc_tx->n_changes);
	}
	return false;
}

/* The descriptor stays open until the lock is let go, but not beside others. */
bool sc_inplace_prepare(void)
{
	bool done = prepare();

	if (!done)
		sc_file_close(&sc_tx->mem);
	return done;
}

/*
 * The text was written in prepare; only what is known of it changes here.  That
 * is right because no call can come between: there is no other thread, and this
 * one has its signals blocked.
 */
void sc_inplace_commit(void)
{
	size_t i;

	for (i = 0; i < sc_tx->n_changes; i++) {
		const struct sc_change *c = sc_tx->changes + i;

		memcpy(c->place->live, c->wanted, SC_INSN_MAX);
		sc_arena_clear(c->place->text);
	}
	sc_tx->mode = SC_IDLE;
	/* cpuid, which is slow in a virtual machine. */
	if (!sc_sync_covers_code())
		sc_machine_serialize();
}
