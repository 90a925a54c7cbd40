/* SPDX-License-Identifier: MIT */
/*
 * inplace.c - step A: writing in place, where nobody else can run this memory.
 *
 * Places of a page are written at once, with what is between them, for a system
 * call costs more than all its bytes.  But never over a trap: a probe of the kernel
 * may have been taken out there since the page was read, and its trap must not come
 * back.  A write ends before a trap, and the next one begins behind it.
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
bool sc_is_alone(void)
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

/* ------------------------------------------------------ what is written */

/*
 * The changes of one page, and what the page holds from the first to the last of
 * them: @code, in the image of the transaction.
 */
struct span {
	struct sc_change *changes;
	size_t n;
	uint8_t *code;
};

/* Of the changes from number @i on; what stands there may be anybody's. */
static int read_span(size_t i, struct span *span)
{
	struct sc_change *first = sc_tx->changes + i, *last;
	size_t end = sc_change_behind(i, sc_page_of(first->addr) + SC_PAGE);

	last = sc_tx->changes + end - 1;
	*span = (struct span){ first, end - i, sc_tx->image };
	return sc_text_read(first->place->text, span->code, first->addr,
			    last->addr + last->place->len - first->addr);
}

static uint8_t *code_of(const struct span *span, size_t i)
{
	return span->code + (span->changes[i].addr - span->changes[0].addr);
}

static bool has_trap(const uint8_t *code, const uint8_t *end)
{
	for (; code < end; code += SC_TRAP_LEN)
		if (sc_insn_is_trap(code))
			return true;
	return false;
}

/* The end of the write that begins with change number @i of @span. */
static size_t write_end(const struct span *span, size_t i)
{
	while (++i < span->n) {
		const uint8_t *end =
			code_of(span, i - 1) + span->changes[i - 1].place->len;

		if (SC_RULE(5) && has_trap(end, code_of(span, i)))
			break;
	}
	return i;
}

/* How many writes are cheaper than to move their pages twice, measured. */
#define FEW_IN_A_RUN	16
#define FEW_IN_A_PAGE	2

/* 1, 0 or a negative errno. */
static int is_cheaper(void)
{
	const struct sc_tx *tx = sc_tx;
	uintptr_t last = 0;
	size_t i, at, pages = 0, runs = 0, writes = 0;

	for (i = 0; i < tx->n_changes; pages++) {
		uintptr_t page = sc_page_of(tx->changes[i].addr);
		struct span span;
		int err = read_span(i, &span);

		if (err)
			return err;
		for (at = 0; at < span.n; writes++)
			at = write_end(&span, at);
		if (!last || page > last + SC_RANGE_GAP)
			runs++;
		last = page;
		i += span.n;
	}
	return writes <= FEW_IN_A_RUN * runs + FEW_IN_A_PAGE * pages;
}

/* ------------------------------------------------------------- writing */

static int write_code(uintptr_t addr, const uint8_t *code, size_t len)
{
	int err = SC_STEP('A');
	ssize_t done;

	if (err)
		return err;
	done = pwrite(sc_tx->mem.fd, code, len, (off_t)addr);
	if (done < 0) {
		/* Some kernels let nobody write to text. */
		if (errno == EIO)
			sc_system.can_write = false;
		return sc_why_note("write /proc/self/mem", NULL, -errno);
	}
	VALGRIND_DISCARD_TRANSLATIONS(addr, len);
	return done == (ssize_t)len ? 0 : -EIO;
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

/* Puts the first @n places back to what they were. */
static void write_back(size_t n)
{
	while (n-- > 0) {
		struct sc_change *c = sc_tx->changes + n;

		if (write_code(c->addr, c->place->live, c->place->len))
			give_up_place(c);
	}
}

/* What is not as the library left it is for the swap, which can tell more. */
static int compose(const struct span *span)
{
	size_t i;

	for (i = 0; i < span->n; i++) {
		const struct sc_change *c = span->changes + i;

		if (sc_place_sight(c->place, code_of(span, i)) != SC_OURS)
			return -EBUSY;
		sc_bytes_copy(code_of(span, i), c->wanted, c->place->len);
	}
	return 0;
}

/* Writes a page; *@done counts the changes that were written. */
static int write_span(const struct span *span, size_t *done)
{
	size_t i = 0;
	int err = compose(span);

	while (!err && i < span->n) {
		size_t end = write_end(span, i);
		const struct sc_change *last = span->changes + end - 1;
		uintptr_t from = span->changes[i].addr;

		err = write_code(from, code_of(span, i),
				 last->addr + last->place->len - from);
		if (!err)
			*done += end - i;
		i = end;
	}
	return err;
}

/* Writes all changes; after an error the places are as they were. */
static int write_changes(void)
{
	size_t done = 0;
	int err = 0;

	while (!err && done < sc_tx->n_changes) {
		struct span span;

		err = read_span(done, &span);
		if (!err)
			err = write_span(&span, &done);
	}
	if (err)
		write_back(done);
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
	bool valgrind = RUNNING_ON_VALGRIND;

	/* The two ways are tried apart. */
	if (sc_system.probing && sc_system.can_swap && !valgrind)
		return false;
	if (!sc_system.can_write || !(sc_tx->alone || sc_is_alone()))
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
	if (!valgrind && is_cheaper() != 1)
		return false;
	if (write_changes() == 0) {
		/* Nobody else runs the probe. */
		if (sc_system.probing || sc_is_alone()) {
			sc_tx->mode = SC_IN_PLACE;
			return true;
		}
		sc_tx->alone = false;
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
