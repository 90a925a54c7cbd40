/* SPDX-License-Identifier: MIT */
/*
 * text.c - the only file that writes code.
 *
 * Code that another thread can run is never modified in place.  The pages are
 * moved away, which leaves pristine pages of the file in their place; the moved
 * copy, which nobody runs, is edited; and it is moved back.  Each move takes the
 * old translation from every processor before the new one can be seen.
 *
 * The protocol, with the letters of step.h:
 *
 *   A  If nobody else can run this memory, write in place, and be done.
 *   B  Open /proc/self/maps and /proc/self/mem for the time of the update.
 *   C  For each range: is it still what was mapped at registration, and do the
 *      places hold what we left there?
 *   D  Move the range out (MREMAP_DONTUNMAP).  All its calls go through the
 *      key now.
 *   R  Where that is refused: give the range back to the file.  From here on
 *      everything is pristine that is to change.
 *   -  The caller stores the keys.  This is the commit; nothing fails later.
 *   E  Write the copy: pristine bytes of the file and our own, nothing else.
 *   F  Move the copy in.  Where E or F fails the range stays pristine.
 *   -  The caller synchronises all threads.
 *
 * Nothing is ever writable and executable, and nothing is written but the
 * places and the copies.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "code.h"
#include "log.h"
#include "maps.h"
#include "mem.h"
#include "step.h"
#include "sync.h"
#include "text.h"
#include "valgrind.h"
#include "x86_64/insn.h"

/* What older headers lack. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT		1
#endif

/*
 * A range never covers a whole 2 MB block: the kernel frees the page table of
 * such a block as it moves it, and the second move may then find no memory
 * after it has unmapped the place.
 */
#define RANGE_MAX	(1ul << 20)
#define BLOCK		(2ul << 20)
/* Untouched pages that are cheaper to move along than to move around. */
#define RANGE_GAP	(8 * SC_PAGE)
/* Pages that are written at once. */
#define BATCH		16

/* No view of the file could be had. */
#define NO_VIEW		(~(uintptr_t)0)

enum lock_kind { UNLOCKED, LOCKED, LOCKED_ON_FAULT };

/* A run of pages that moves as one. */
struct range {
	struct sc_text *text;
	uintptr_t start;
	size_t len;
	uintptr_t moved;	/* where the copy is; 0: pristine, no copy */
	unsigned int flags;	/* of its mapping: SC_VMA_* */
	enum lock_kind lock;
};

enum mode { IDLE, IN_PLACE, SWAP };

/* The transaction.  Guarded, as all of this file, by the library's lock. */
static struct {
	enum mode mode;
	struct sc_patch **queue;
	size_t n_queue;
	struct range *ranges;
	size_t n_ranges, max_ranges;
	struct sc_maps maps;
	int mem;		/* /proc/self/mem, or -1: edit by mprotect */
	int traced;		/* is there a debugger? -1: not asked yet */
	int strict;		/* vm.overcommit_memory is 2; -1 likewise */
	bool (*reshape)(struct sc_patch *p, uint8_t opcode);
} tx = { .mem = -1, .maps.fd = -1 };

/* What the probe found; while it runs, it tries the swap also when alone. */
static bool probing;
static bool enabled;
static bool can_swap;
static bool can_write;			/* to text, through its mem file */
static bool can_tell_alone;
static const char *reason = "the library is not initialised";

/* Scratch for editing; too big for a small stack. */
static uint8_t image[BATCH * SC_PAGE];
static uint8_t before[SC_PAGE];

#ifdef SC_STEPS
int (*sc_step_hook)(char step);
unsigned int sc_rules_off;
#endif

bool sc_text_enabled(void)
{
	return enabled;
}

const char *sc_text_reason(void)
{
	return reason;
}

/* ------------------------------------------------------------ places */

static bool is_pristine(const struct sc_patch *p)
{
	return memcmp(p->live, p->pristine, SC_PATCH_MAX) == 0;
}

static void set_pristine(struct sc_patch *p)
{
	memcpy(p->live, p->pristine, SC_PATCH_MAX);
	memcpy(p->next, p->pristine, SC_PATCH_MAX);
}

/* The first place of @text at or behind @addr. */
static struct sc_patch *first_patch(const struct sc_text *text, uintptr_t addr)
{
	size_t low = 0, high = text->n_patches;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((uintptr_t)text->patches[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return text->patches + low;
}

static struct sc_patch *end_patch(const struct sc_text *text)
{
	return text->patches + text->n_patches;
}

#define for_each_patch(p, text, from, to)				\
	for ((p) = first_patch(text, from);				\
	     (p) < end_patch(text) && (uintptr_t)(p)->addr < (to); (p)++)

static void range_set_pristine(const struct range *r)
{
	struct sc_patch *p;

	for_each_patch(p, r->text, r->start, r->start + r->len)
		set_pristine(p);
}

int sc_text_read(const struct sc_text *text, void *to, uintptr_t from,
		 size_t len)
{
	int fd = tx.mem, err = 0;

	if (text->readable) {
		if (len >= SC_CODE_MIN && len <= SC_PATCH_MAX)
			sc_code_copy(to, (const uint8_t *)from, len);
		else
			sc_insn_copy(to, (const void *)from, len);
		return 0;
	}
	if (fd < 0)
		fd = sc_maps_open_file("mem", O_RDONLY);
	if (fd < 0)
		return -errno;
	if (pread(fd, to, len, (off_t)from) != (ssize_t)len)
		err = -EIO;
	if (fd != tx.mem)
		close(fd);
	return err;
}

/* What stands at a place. */
enum sight { OURS, TRAPPED, FOREIGN };

static enum sight look_at(const struct sc_patch *p, const uint8_t *code)
{
	if (sc_code_same(code, p->live, p->len) ||
	    sc_code_same(code, p->pristine, p->len))
		return OURS;
	if (code[0] == 0xcc &&
	    (sc_code_same(code + 1, p->live + 1, p->len - 1u) ||
	     sc_code_same(code + 1, p->pristine + 1, p->len - 1u)))
		return TRAPPED;
	return FOREIGN;
}

/*
 * A place that is pristine, or was made so by somebody, is read from its file.
 * If the disk fails that kills this thread, so the kernel is asked first.
 */
static int make_readable(void)
{
	const struct sc_patch *last = NULL;
	uintptr_t start = 0, end = 0;
	size_t i;

	for (i = 0; i <= tx.n_queue; i++) {
		const struct sc_patch *p = i < tx.n_queue ? tx.queue[i] : NULL;
		uintptr_t page = p ? (uintptr_t)p->addr & ~(SC_PAGE - 1) : 0;

		if (p && last && p->text == last->text &&
		    page <= end + RANGE_GAP) {
			end = page + SC_PAGE;
			continue;
		}
		if (last && madvise((void *)start, end - start,
				    MADV_POPULATE_READ) < 0 &&
		    (errno == EFAULT || errno == EHWPOISON))
			return -EIO;
		last = p;
		start = page;
		end = page + SC_PAGE;
	}
	return 0;
}

/* ------------------------------------------------ in place, when alone */

/*
 * Whether nobody else can run this memory: exact, where counting threads is not
 * (a vfork child, another process with CLONE_VM).  valgrind runs one thread at
 * a time and none while a system call is made.
 */
static bool alone(void)
{
	return RUNNING_ON_VALGRIND ||
	       (can_tell_alone && syscall(SYS_unshare, CLONE_VM) == 0);
}

/* Some sandboxes say yes to what they have never heard of. */
static bool unshare_is_honest(void)
{
	const long no_such_flag = 1;

	return syscall(SYS_unshare, no_such_flag) < 0;
}

/* Few places: writing them costs less than moving their pages twice. */
static bool cheaper_in_place(void)
{
	uintptr_t last = 0;
	size_t i, pages = 0, runs = 0;

	if (RUNNING_ON_VALGRIND)
		return true;
	if (probing && can_swap)
		return false;
	for (i = 0; i < tx.n_queue; i++) {
		uintptr_t page = (uintptr_t)tx.queue[i]->addr & ~(SC_PAGE - 1);

		if (!last || page > last + RANGE_GAP)
			runs++;
		if (page != last)
			pages++;
		last = page;
	}
	return tx.n_queue <= 16 * runs + 2 * pages;
}

static int write_place(const struct sc_patch *p, const uint8_t *bytes)
{
	int err = SC_STEP('A');
	ssize_t done;

	if (err)
		return err;
	done = pwrite(tx.mem, bytes, p->len, (off_t)(uintptr_t)p->addr);
	if (done < 0)
		return -errno;
	VALGRIND_DISCARD_TRANSLATIONS(p->addr, p->len);
	return done == p->len ? 0 : -EIO;
}

static int give_back(struct range *r);
static bool same_mapping(const struct sc_text *text, uintptr_t addr,
			 const struct sc_vma *vma);

/* What cannot be put back goes back to the file, or is ours all the same. */
static void give_up_place(struct sc_patch *p)
{
	struct range r = {
		.text = p->text,
		.start = (uintptr_t)p->addr & ~(SC_PAGE - 1),
		.len = SC_PAGE,
	};
	struct sc_vma vma;

	memcpy(p->live, p->next, SC_PATCH_MAX);
	if (sc_maps_open(&tx.maps))
		return;
	if (sc_maps_find(&tx.maps, r.start, &vma) == 0 &&
	    same_mapping(p->text, r.start, &vma))
		give_back(&r);
	sc_maps_close(&tx.maps);
}

/* Writes the queue; after an error the places are as they were. */
static int write_places(void)
{
	uint8_t now[SC_PATCH_MAX];
	size_t i;
	int err = 0;

	for (i = 0; i < tx.n_queue; i++) {
		const struct sc_patch *p = tx.queue[i];

		err = sc_text_read(p->text, now, (uintptr_t)p->addr, p->len);
		if (!err && look_at(p, now) != OURS)
			err = -EBUSY;
		if (!err)
			err = write_place(p, p->next);
		if (err)
			break;
	}
	while (err && i-- > 0)
		if (write_place(tx.queue[i], tx.queue[i]->live))
			give_up_place(tx.queue[i]);
	return err;
}

/*
 * The lock keeps signals blocked from the test to the end of the transaction: a
 * handler might start a thread.  Any failure here means: try the other way.
 */
static bool prepare_in_place(void)
{
	if (!can_write || !cheaper_in_place() || !alone())
		return false;
	tx.mem = sc_maps_open_file("mem", O_RDWR);
	if (tx.mem < 0)
		return false;
	if (write_places() == 0) {
		tx.mode = IN_PLACE;
		return true;
	}
	close(tx.mem);
	tx.mem = -1;
	return false;
}

static void end_in_place(void)
{
	close(tx.mem);
	tx.mem = -1;
	tx.mode = IDLE;
	/* cpuid, which is slow in a virtual machine. */
	if (!sc_sync_covers_code())
		sc_insn_serialize();
}

/* -------------------------------------------------- checks of a range */

static bool is_traced(void)
{
	if (tx.traced < 0)
		tx.traced = sc_maps_traced();
	return tx.traced;
}

/* Only what was mapped at registration shows its file when moved away. */
static bool same_mapping(const struct sc_text *text, uintptr_t addr,
			 const struct sc_vma *vma)
{
	return (vma->flags & ~SC_VMA_READ) == SC_VMA_EXEC && vma->inode &&
	       vma->inode == text->inode && vma->major == text->major &&
	       vma->minor == text->minor &&
	       vma->offset + (addr - vma->start) ==
		       text->offset + (addr - text->start);
}

/*
 * What live text holds at a place.  The program may give the page back to its
 * file while it is read, which shows part of each form: then look again.
 */
static int look_at_live(const struct sc_patch *p, uint8_t *now,
			enum sight *sight)
{
	int err, tries;

	for (tries = 0; tries < 5; tries++) {
		err = sc_text_read(p->text, now, (uintptr_t)p->addr, p->len);
		if (err)
			return err;
		*sight = look_at(p, now);
		if (*sight != FOREIGN)
			break;
	}
	return 0;
}

/* The opcode that a debugger found where it made the breakpoint in @now. */
static uint8_t opcode_under(const struct sc_patch *p, const uint8_t *now)
{
	return sc_code_same(now + 1, p->live + 1, p->len - 1u) ?
		       p->live[0] : p->pristine[0];
}

/*
 * Whether the new form can stand under a debugger's breakpoint.  The debugger
 * will put back the opcode that it found; so the form must begin with it.
 */
static bool fits_trap(struct sc_patch *p, const uint8_t *now)
{
	uint8_t opcode = opcode_under(p, now);

	return p->next[0] == opcode || (tx.reshape && tx.reshape(p, opcode));
}

/*
 * Whether one place may be changed: 0; 1 where it is left alone, which is right
 * as it was never patched; or an error, where it is patched and stuck.
 */
static int check_place(struct sc_patch *p)
{
	uint8_t now[SC_PATCH_MAX];
	enum sight sight = FOREIGN;
	int err = look_at_live(p, now, &sight);

	if (err)
		return err;
	switch (sight) {
	case OURS:
		return 0;
	case TRAPPED:
		if (!SC_RULE(6))
			return 1;
		if (!is_traced())
			return 0;
		if (fits_trap(p, now))
			return 0;
		if (opcode_under(p, now) != p->pristine[0] ||
		    !sc_code_same(now + 1, p->pristine + 1, p->len - 1u))
			return -EBUSY;
		/* As it is it goes through the key. */
		set_pristine(p);
		return 1;
	default:
		return is_pristine(p) ? 1 : -EBUSY;
	}
}

/*
 * The next range: from the place tx.queue[*i], as many as fit one mapping and
 * the limits.  Places that are left alone drop out of the queue.
 */
static int next_range(size_t *i, struct range *r)
{
	struct sc_patch *p = tx.queue[*i];
	struct sc_text *text = p->text;
	uintptr_t page = (uintptr_t)p->addr & ~(SC_PAGE - 1), limit;
	struct sc_vma vma = { 0 };
	bool same;
	int err;

	err = sc_maps_find(&tx.maps, page, &vma);
	if (err && err != -ENOENT)
		return err;
	same = !err && same_mapping(text, page, &vma);
	if (same)
		text->readable = vma.flags & SC_VMA_READ;
	limit = same ? vma.end : page + SC_PAGE;
	if (limit > text->end)
		limit = text->end;
	if (limit > page + RANGE_MAX && SC_RULE(2))
		limit = page + RANGE_MAX;

	*r = (struct range){ .text = text, .start = page, .flags = vma.flags };
	for (; *i < tx.n_queue; ++*i) {
		p = tx.queue[*i];
		page = (uintptr_t)p->addr & ~(SC_PAGE - 1);
		if (p->text != text || page >= limit ||
		    (r->len && page > r->start + r->len + RANGE_GAP))
			break;
		err = same ? check_place(p) : is_pristine(p) ? 1 : -EBUSY;
		if (err < 0)
			return err;
		if (err == 0)
			r->len = page + SC_PAGE - r->start;
		else
			memcpy(p->next, p->live, SC_PATCH_MAX);
	}
	return SC_STEP('C');
}

/* ------------------------------------------------------- moving pages */

/*
 * Locked pages are unlocked before they move and locked again after, or the
 * kernel's count of locked memory leaks.  MS_INVALIDATE does nothing in Linux
 * but be refused for locked mappings: a cheap first question.
 */
static enum lock_kind lock_of(const struct range *r)
{
	if (msync((void *)r->start, SC_PAGE, MS_ASYNC | MS_INVALIDATE) == 0 ||
	    sc_maps_has_flag(r->start, "lo") == 0)
		return UNLOCKED;
	return sc_maps_has_flag(r->start, "lf") == 1 ? LOCKED_ON_FAULT :
						       LOCKED;
}

static int relock_range(const struct range *r)
{
	if (r->lock == LOCKED)
		return mlock((void *)r->start, r->len);
	if (r->lock == LOCKED_ON_FAULT)
		return (int)syscall(SYS_mlock2, r->start, r->len,
				    MLOCK_ONFAULT);
	return 0;
}

/*
 * False where the range has to stay locked: it could not be locked again, the
 * right to do so being gone.  To lock what is locked is an exact test of that.
 */
static bool unlock_range(struct range *r)
{
	r->lock = lock_of(r);
	if (r->lock == UNLOCKED)
		return true;
	if (relock_range(r)) {
		r->lock = UNLOCKED;
		return false;
	}
	munlock((void *)r->start, r->len);
	return true;
}

/*
 * Where the kernel counts every writable page, moving accounted memory may fail
 * half way.  Memory becomes accounted by having been writable: by our own
 * mprotect, or somebody's.
 */
static bool would_be_accounted(const struct range *r)
{
	if (tx.strict < 0)
		tx.strict = sc_maps_strict_overcommit();
	return tx.strict &&
	       (tx.mem < 0 || sc_maps_has_flag(r->start, "ac") != 0);
}

/*
 * A second view of the file, by which its pages can be made resident before the
 * places show them.  A file that was deleted or replaced has none; then a disk
 * that fails in that moment is met by a caller.
 */
static void open_view(struct sc_text *text)
{
	size_t len = text->end - text->start;
	int fd = open(text->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *view;

	text->view = NO_VIEW;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_ino == text->inode) {
		view = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd,
			    (off_t)text->offset);
		if (view != MAP_FAILED)
			text->view = (uintptr_t)view;
	}
	close(fd);
}

static int make_resident(struct range *r)
{
	struct sc_text *text = r->text;

	if (!text->view)
		open_view(text);
	if (text->view == NO_VIEW)
		return 0;
	if (madvise((void *)(text->view + (r->start - text->start)), r->len,
		    MADV_POPULATE_READ) < 0 &&
	    (errno == EFAULT || errno == EHWPOISON))
		return -EIO;
	return 0;
}

static int move_out(struct range *r)
{
	void *moved;
	int err;

	if (!can_swap || would_be_accounted(r))
		return -EPERM;
	err = SC_STEP('D');
	if (err)
		return err;
	/* The kernel chooses where: a remembered place may be taken by now. */
	moved = mremap((void *)r->start, r->len, r->len,
		       MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	if (moved == MAP_FAILED)
		return -errno;
	r->moved = (uintptr_t)moved;
	return 0;
}

static int give_back(struct range *r)
{
	int err = SC_STEP('R');

	if (err)
		return err;
	if (madvise((void *)r->start, r->len, MADV_DONTNEED) < 0 &&
	    madvise((void *)r->start, r->len, MADV_DONTNEED_LOCKED) < 0)
		return errno == EINVAL ? -EPERM : -errno;
	VALGRIND_DISCARD_TRANSLATIONS(r->start, r->len);
	range_set_pristine(r);
	return 0;
}

static void drop_copy(struct range *r)
{
	munmap((void *)r->moved, r->len);
	r->moved = 0;
	range_set_pristine(r);
}

/* The last resort: the file itself, if its path still leads to it. */
static int map_file_back(const struct range *r)
{
	int fd = open(r->text->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err = -EIO;
	int prot = PROT_EXEC | (r->text->readable ? PROT_READ : 0);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_ino == r->text->inode &&
	    mmap((void *)r->start, r->len, prot, MAP_PRIVATE | MAP_FIXED, fd,
		 (off_t)(r->text->offset + (r->start - r->text->start))) !=
		    MAP_FAILED)
		err = 0;
	close(fd);
	return err;
}

/*
 * Keeps others from mapping something where text was lost.  False where somebody
 * has: what is there now is not ours to replace.
 */
static bool hold_lost(const struct range *r)
{
	struct sc_vma vma;
	void *held;

	if (sc_maps_find(&tx.maps, r->start, &vma) == 0)
		return !vma.inode && !(vma.flags & ~SC_VMA_SHARED);
	held = mmap((void *)r->start, r->len, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			    MAP_FIXED_NOREPLACE, -1, 0);
	if (held == MAP_FAILED || held == (void *)r->start)
		return held != MAP_FAILED;
	/* An old kernel took the flag for a hint. */
	munmap(held, r->len);
	return false;
}

/*
 * The second move failed.  The kernel may have unmapped the place before it
 * found out; each further try may do that again.
 */
static int recover(struct range *r)
{
	unsigned char resident;
	int tries;

	if (mincore((void *)r->start, SC_PAGE, &resident) == 0 ||
	    errno != ENOMEM)
		return -EIO;	/* it is still there, and pristine */
	for (tries = 0; tries < 10; tries++) {
		if (!hold_lost(r))
			return -EIO;
		if (!SC_STEP('L') &&
		    mremap((void *)r->moved, r->len, r->len,
			   MREMAP_MAYMOVE | MREMAP_FIXED,
			   (void *)r->start) != MAP_FAILED)
			return 0;
		sched_yield();
	}
	sc_log("lost text", r->text->path, "mapping the file", 0);
	if (hold_lost(r))
		map_file_back(r);
	return -EIO;
}

/*
 * The kernel frees the page table of a 2 MB block with the last mapping in it,
 * and the second move unmaps the place first: as if the range had covered the
 * whole block.  So where nothing is mapped beside the place, something is.
 */
static int hold_block(uintptr_t beside, uintptr_t *held)
{
	unsigned char resident;
	void *page;

	if (mincore((void *)beside, SC_PAGE, &resident) == 0 || errno != ENOMEM)
		return 0;
	page = mmap((void *)beside, SC_PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			    MAP_FIXED_NOREPLACE, -1, 0);
	if (page == MAP_FAILED)
		return errno == EEXIST ? 0 : -errno;
	*held = (uintptr_t)page;
	return 0;
}

static int hold_blocks(const struct range *r, uintptr_t held[2])
{
	uintptr_t start = r->start, end = start + r->len;
	int err;

	if (!SC_RULE(2))
		return 0;
	err = hold_block(start % BLOCK ? start - SC_PAGE : end, held);
	if (!err && start / BLOCK != (end - 1) / BLOCK)
		err = hold_block(end, held + 1);
	return err;
}

static int move_in(struct range *r)
{
	uintptr_t held[2] = { 0 };
	int err = SC_STEP('F'), i;

	if (!err)
		err = hold_blocks(r, held);
	if (!err && mremap((void *)r->moved, r->len, r->len,
			   MREMAP_MAYMOVE | MREMAP_FIXED, (void *)r->start) ==
			    MAP_FAILED)
		err = recover(r);
	for (i = 0; i < 2; i++)
		if (held[i])
			munmap((void *)held[i], SC_PAGE);
	if (!err)
		r->moved = 0;
	return err;
}

/* --------------------------------------------------- editing the copy */

/*
 * An int3 in the copy that is not ours.  With no debugger it is a probe of the
 * kernel, which may be taking it out of the pristine page at this moment, so it
 * must not come back.  A debugger's stays, unless the debugger stopped us after
 * the copy was moved out: then it has written to the page that its place shows,
 * and that page knows better.
 */
static bool keeps_trap(uintptr_t page)
{
	return is_traced() && sc_maps_is_private_copy(page) != 1;
}

/*
 * Where a page of the copy differs from what its place shows now (@old), and it
 * is no place of ours, somebody else was at work.  Another patcher's work stays,
 * and so does an int3 that a debugger has made since the copy was moved out.
 */
static void merge_foreign(uintptr_t page, const uint8_t *old,
			  const uint8_t *copy, uint8_t *out)
{
	size_t i;

	for (i = 0; i < SC_PAGE; i++) {
		if (copy[i] == old[i] || (old[i] == 0xcc && is_traced()))
			continue;
		if (copy[i] != 0xcc || keeps_trap(page))
			out[i] = copy[i];
	}
}

/*
 * One place of ours: @copy is what it held, @out gets what it shall hold; on
 * entry it is what the place shows now.
 */
static void compose_place(struct sc_patch *p, uintptr_t page,
			  const uint8_t *copy, uint8_t *out)
{
	bool kept = false;

	/* A breakpoint made since: its owner takes the place for pristine. */
	if (p->len && out[0] == 0xcc && is_traced()) {
		memcpy(p->next, p->pristine, SC_PATCH_MAX);
		return;
	}
	switch (look_at(p, copy)) {
	case OURS:
		break;
	case TRAPPED:
		/* One that came after the checks may not fit; pristine then. */
		kept = keeps_trap(page);
		if (kept && !fits_trap(p, copy)) {
			kept = opcode_under(p, copy) == p->pristine[0];
			memcpy(p->next, p->pristine, SC_PATCH_MAX);
		}
		break;
	case FOREIGN:
		/* Not in this update: as it was.  Else it came after them. */
		if (memcmp(p->next, p->live, SC_PATCH_MAX) == 0) {
			sc_code_copy(out, copy, p->len);
			return;
		}
		memcpy(p->next, p->pristine, SC_PATCH_MAX);
		break;
	}
	sc_code_copy(out, p->next, p->len);
	if (kept)
		out[0] = copy[0];
}

/*
 * Makes the new content of the page at offset @at of the range: the pristine
 * page, which its place shows now, and all our places.  Returns 1 if that
 * differs from the copy, 0 if not, or a negative errno.
 */
static int compose(const struct range *r, size_t at, uint8_t *out)
{
	const uint8_t *copy = (const uint8_t *)r->moved + at;
	uintptr_t page = r->start + at;
	struct sc_patch *p;
	int err;

	err = sc_text_read(r->text, out, page, SC_PAGE);
	if (err)
		return err;
	memcpy(before, out, SC_PAGE);
	for_each_patch(p, r->text, page, page + SC_PAGE) {
		size_t offset = (uintptr_t)p->addr - page;

		sc_code_copy(before + offset, copy + offset, p->len);
		compose_place(p, page, copy + offset, out + offset);
	}
	if (memcmp(before, copy, SC_PAGE) != 0)
		merge_foreign(page, before, copy, out);
	return memcmp(out, copy, SC_PAGE) != 0;
}

static int write_copy(const struct range *r, size_t at, size_t len)
{
	if (!len)
		return 0;
	if (tx.mem < 0) {
		memcpy((void *)(r->moved + at), image, len);
		return 0;
	}
	if (pwrite(tx.mem, image, len, (off_t)(r->moved + at)) != (ssize_t)len)
		return -EIO;
	return 0;
}

static int edit_pages(const struct range *r)
{
	size_t at, from = 0, len = 0;
	int err;

	for (at = 0; at < r->len; at += SC_PAGE) {
		err = compose(r, at, image + len);
		if (err < 0)
			return err;
		if (err) {
			if (!len)
				from = at;
			len += SC_PAGE;
			if (len < sizeof(image))
				continue;
		}
		err = write_copy(r, from, len);
		if (err)
			return err;
		len = 0;
	}
	return write_copy(r, from, len);
}

/*
 * The place shows the file now; a disk that fails must fail this update and not
 * be met by reading.  Execute-only text is made readable in the copy and in
 * nothing else.
 */
static int edit_range(const struct range *r)
{
	int prot = PROT_EXEC | (r->flags & SC_VMA_READ ? PROT_READ : 0);
	bool flip = tx.mem < 0 || !(r->flags & SC_VMA_READ);
	int err = SC_STEP('E');

	r->text->readable = r->flags & SC_VMA_READ;

	if (err)
		return err;
	if (madvise((void *)r->start, r->len, MADV_POPULATE_READ) < 0 &&
	    (errno == EFAULT || errno == ENOMEM || errno == EHWPOISON))
		return -EIO;
	if (flip && mprotect((void *)r->moved, r->len,
			     tx.mem < 0 ? PROT_READ | PROT_WRITE : PROT_READ))
		return -errno;
	err = edit_pages(r);
	/* It never moves in unless it can run there. */
	if (flip && mprotect((void *)r->moved, r->len, prot))
		return -errno;
	return err;
}

/* ------------------------------------------------------ the protocol */

static void close_views(void)
{
	sc_maps_close(&tx.maps);
	if (tx.mem >= 0)
		close(tx.mem);
	tx.mem = -1;
	tx.mode = IDLE;
}

static int open_views(void)
{
	int err = SC_STEP('B');

	if (!err)
		err = sc_maps_open(&tx.maps);
	if (err)
		return err;
	if (can_write)
		tx.mem = sc_maps_open_file("mem", O_RDWR);
	tx.mode = SWAP;
	return 0;
}

/*
 * The end of each range, whether the update is done or undone: its places get
 * what they shall hold next, or are pristine.
 */
static void finish_range(struct range *r)
{
	struct sc_patch *p;
	int err;

	if (r->moved) {
		err = edit_range(r);
		if (!err)
			err = move_in(r);
		if (err) {
			sc_log("not patched", r->text->path, "range", err);
			drop_copy(r);
		}
	}
	for_each_patch(p, r->text, r->start, r->start + r->len)
		memcpy(p->live, p->next, SC_PATCH_MAX);
	relock_range(r);
}

static void finish_ranges(void)
{
	size_t i;

	/* A debugger may have come since it was asked. */
	tx.traced = -1;
	for (i = 0; i < tx.n_ranges; i++)
		finish_range(tx.ranges + i);
	close_views();
}

static void forget_next(void)
{
	size_t i;

	for (i = 0; i < tx.n_queue; i++)
		memcpy(tx.queue[i]->next, tx.queue[i]->live, SC_PATCH_MAX);
}

static bool all_pristine(void)
{
	size_t i;

	for (i = 0; i < tx.n_queue; i++)
		if (!is_pristine(tx.queue[i]))
			return false;
	return true;
}

/*
 * What was moved is edited here too, to what it held: others may have changed
 * the text meanwhile.
 */
static void undo_swap(void)
{
	forget_next();
	/* It knows the target that was refused. */
	tx.reshape = NULL;
	finish_ranges();
}

/* A byte of a place that all it may hold now have in common; 0: none. */
static size_t common_byte(const struct sc_patch *p)
{
	size_t i;

	for (i = 1; i < p->len; i++)
		if (p->live[i] == p->pristine[i])
			return i;
	return 0;
}

/*
 * Parts of a mapping whose first private pages are made while they are apart
 * never merge again.  So before several ranges move for the first time a page of
 * each becomes private in its place: a byte is written over itself, in the middle
 * of an instruction of ours, where nobody else's int3 can be.  It is one that is
 * the same in the page of the file, which may be what the place shows by then.
 * What other threads run there does not change by that.
 */
static bool touch_range(const struct range *r)
{
	struct sc_patch *p;

	/* Another range of the text may be execute-only, or not. */
	r->text->readable = r->flags & SC_VMA_READ;
	for_each_patch(p, r->text, r->start, r->start + r->len) {
		uint8_t now[SC_PATCH_MAX];
		enum sight sight = FOREIGN;
		size_t i = common_byte(p);

		if (i && !look_at_live(p, now, &sight) && sight == OURS)
			return pwrite(tx.mem, p->live + i, 1,
				      (off_t)(uintptr_t)(p->addr + i)) == 1;
	}
	return false;
}

static void join_ranges(void)
{
	size_t i;

	if (tx.n_ranges < 2 || tx.mem < 0)
		return;
	for (i = 0; i < tx.n_ranges; i++)
		if (!tx.ranges[i].text->joined && !touch_range(tx.ranges + i))
			return;
	for (i = 0; i < tx.n_ranges; i++)
		tx.ranges[i].text->joined = true;
}

/* Makes the places of a range pristine, one way or the other. */
static int clear_range(struct range *r)
{
	int err;

	if (unlock_range(r) && move_out(r) == 0)
		return 0;
	err = give_back(r);
	if (err)
		relock_range(r);
	return err;
}

static int prepare_swap(void)
{
	size_t i = 0;
	int err;

	err = open_views();
	if (err)
		goto fail;
	/* All checks first: most failures then have nothing to undo. */
	while (i < tx.n_queue) {
		err = next_range(&i, tx.ranges + tx.n_ranges);
		if (err)
			goto fail;
		if (tx.ranges[tx.n_ranges].len)
			tx.n_ranges++;
	}
	for (i = 0; i < tx.n_ranges && !err; i++)
		err = make_resident(tx.ranges + i);
	if (err)
		tx.n_ranges = 0;
	join_ranges();
	for (i = 0; i < tx.n_ranges; i++) {
		err = clear_range(tx.ranges + i);
		if (err)
			tx.n_ranges = i;
	}
	if (!err)
		return 0;
fail:
	undo_swap();
	return err;
}

int sc_text_prepare(struct sc_patch **queue, size_t n,
		    bool (*reshape)(struct sc_patch *p, uint8_t opcode))
{
	int err;

	tx.queue = queue;
	tx.n_queue = n;
	tx.n_ranges = 0;
	tx.traced = -1;
	tx.strict = -1;
	tx.reshape = reshape;
	err = make_readable();
	if (!err && (n == 0 || prepare_in_place()))
		return 0;
	if (!err)
		err = prepare_swap();
	else
		forget_next();
	if (!err || !all_pristine())
		return err;
	/* Every one goes through its key, which is right for the new one too. */
	sc_log("not patched", queue[0]->text->path, NULL, err);
	return 0;
}

void sc_text_commit(void)
{
	size_t i;

	if (tx.mode == SWAP)
		finish_ranges();
	if (tx.mode != IN_PLACE)
		return;
	for (i = 0; i < tx.n_queue; i++)
		memcpy(tx.queue[i]->live, tx.queue[i]->next, SC_PATCH_MAX);
	end_in_place();
}

/* ----------------------------------------------------- registration */

/* Whether the kernel would move this page. */
static bool can_move(uintptr_t page)
{
	return mremap((void *)page, SC_PAGE, SC_PAGE, 0) != MAP_FAILED;
}

void sc_text_register(struct sc_text *text)
{
	uintptr_t second = text->end - text->start > SC_PAGE ?
				   text->start + SC_PAGE : text->start;
	struct sc_maps maps;
	struct sc_vma vma;

	text->usable = false;
	if (sc_maps_open(&maps))
		return;
	if (sc_maps_find(&maps, text->start, &vma) == 0) {
		text->offset = vma.offset + (text->start - vma.start);
		text->inode = vma.inode;
		text->major = vma.major;
		text->minor = vma.minor;
		text->readable = vma.flags & SC_VMA_READ;
		text->usable = same_mapping(text, text->start, &vma);
	}
	sc_maps_close(&maps);
	/*
	 * Sealed text can be written when alone and not given back, nor can a
	 * part of a huge page of hugetlbfs.  A system that by now moves nothing,
	 * not even our own page, says nothing about this text.
	 */
	if (can_swap && can_move((uintptr_t)sc_probe_function) &&
	    !(can_move(text->start) && can_move(second)))
		text->usable = false;
}

void sc_text_forget(struct sc_text *text)
{
	if (text->view && text->view != NO_VIEW)
		munmap((void *)text->view, text->end - text->start);
	text->view = 0;
}

/* There are never more ranges than places. */
int sc_text_reserve(size_t n)
{
	size_t size = n * sizeof(struct range);
	struct range *ranges;

	if (n <= tx.max_ranges)
		return 0;
	ranges = sc_alloc(size);
	if (!ranges)
		return -ENOMEM;
	sc_free(tx.ranges, tx.max_ranges * sizeof(struct range));
	tx.ranges = ranges;
	tx.max_ranges = n;
	return 0;
}

static bool any_patched(const struct sc_text *text)
{
	size_t i;

	for (i = 0; i < text->n_patches; i++)
		if (!is_pristine(text->patches + i))
			return true;
	return false;
}

/* The part of [*from, to) that is one mapping; moves *from behind it. */
static void restore_part(struct sc_text *text, uintptr_t *from, uintptr_t to)
{
	struct range r = { .text = text, .start = *from };
	struct sc_vma vma;

	if (sc_maps_find(&tx.maps, *from, &vma) ||
	    !same_mapping(text, *from, &vma)) {
		*from += SC_PAGE;
		return;
	}
	r.len = (vma.end < to ? vma.end : to) - *from;
	unlock_range(&r);
	if (give_back(&r))
		sc_log("not restored", text->path, "range", -errno);
	relock_range(&r);
	*from += r.len;
}

void sc_text_restore(struct sc_text *text)
{
	uintptr_t from, to;

	if (!any_patched(text) || sc_maps_open(&tx.maps))
		return;
	from = (uintptr_t)text->patches[0].addr & ~(SC_PAGE - 1);
	to = (uintptr_t)end_patch(text)[-1].addr;
	while (from <= to)
		restore_part(text, &from, (to & ~(SC_PAGE - 1)) + SC_PAGE);
	sc_maps_close(&tx.maps);
}

/* -------------------------------------------------------- the probe */

/* Puts the second form into the probe function, by the way that is set. */
static bool try_patch(struct sc_patch *p)
{
	struct sc_patch *queue = p;

	memcpy(p->next, sc_probe_two, SC_PROBE_LEN);
	if (sc_text_prepare(&queue, 1, NULL))
		return false;
	sc_text_commit();
	sc_sync_threads();
	return sc_probe_function() == 2 && !is_pristine(p);
}

/* The way back must work before anything is patched, even when alone. */
static bool try_restore(struct sc_text *text)
{
	sc_text_restore(text);
	sc_sync_threads();
	return sc_probe_function() == 1 && !any_patched(text);
}

static const char *probe(struct sc_text *text, struct sc_patch *p)
{
	if (sc_text_reserve(1))
		return "out of memory";
	sc_text_register(text);
	if (!text->usable)
		return "the library's own text is not a private mapping of a file, or /proc is not there";
	p->addr = (uint8_t *)(uintptr_t)sc_probe_function;
	p->text = text;
	p->len = SC_PROBE_LEN;
	memcpy(p->pristine, sc_probe_one, SC_PROBE_LEN);
	set_pristine(p);
	can_write = true;
	can_tell_alone = unshare_is_honest();
	can_swap = !RUNNING_ON_VALGRIND;
	if (try_patch(p) && try_restore(text))
		return NULL;
	/* Some kernels let nobody write to text, not even the process itself. */
	can_write = false;
	if (can_swap && try_patch(p) && try_restore(text))
		return NULL;
	can_write = true;
	can_swap = false;
	if (try_patch(p) && try_restore(text))
		return NULL;
	return "the system does not let the library change its text";
}

void sc_text_start(void)
{
	uintptr_t page = (uintptr_t)sc_probe_function & ~(SC_PAGE - 1);
	struct sc_patch patch = { 0 };
	struct sc_text text = {
		.start = page,
		.end = page + SC_PAGE,
		.path = "",
		.patches = &patch,
		.n_patches = 1,
	};

	probing = true;
	reason = probe(&text, &patch);
	sc_text_forget(&text);
	enabled = !reason;
	probing = false;
}
