/* SPDX-License-Identifier: MIT */
/*
 * update.pml - the update protocol of src/text/ and src/core.c, for spin.
 *
 * One key with a place on each of two pages.  Each update has a number, which
 * is its target.  A place is two halves, fetched and written one at a time; a
 * half is 0 (pristine: through the key) or the number of a target.  Callers
 * fetch through a translation that they keep until it is flushed or forgotten;
 * a flush interrupts the fetch.  A store of the key may sit in the writer's
 * store buffer until a system call of the writer drains it.  The letters are
 * those of src/step.h; each step may fail where the protocol lets it.  The
 * program itself gives a page back to its file at any time.
 *
 * What must hold:
 *   - no call runs a mixture of two forms;
 *   - a call runs what the key held at some moment since it began;
 *   - a call that begins after an update returned runs no older target;
 *   - an update that returns an error has changed nothing;
 *   - nobody waits for ever.
 *
 * Not here: the write in place, where there are no callers; a second move that
 * unmaps the place and fails, which rules before the first one exclude; children
 * of fork(), in which no text changes while the kernel copies; how the copy is
 * written, as no caller can run the arena.
 *
 * BROKEN_* leave one rule out each; every one must be seen to fail.
 */

#define PAGES	2
#define CALLERS	2
#ifndef UPDATES
#define UPDATES	1		/* of each updater */
#endif
#ifndef GIFTS
#define GIFTS	1
#endif

#define NONE	0		/* translations: nothing, */
#define FILE	1		/* the page of the file, */
#define COPY	2		/* the page of our own */

#define ELSEWHERE	0	/* states of a caller */
#define FETCHING	1
#define INTERRUPTED	2	/* what it has fetched is discarded */

byte map[PAGES];		/* what the kernel has for a page */
byte tlb[CALLERS];		/* what a caller remembers of that */
byte at[CALLERS];		/* the page where it calls */
byte state[CALLERS];
byte low[PAGES], high[PAGES];	/* the place in the copy */

byte key = 1, buffered = 0;	/* 0: nothing in the store buffer */
byte done = 1;			/* the last update that has returned */
bool library = false;		/* the lock of the library */
bool kernel = false;		/* the lock of the address space */
/* Of the update under way. */
bool moved[PAGES];
bool failed;

/* --------------------------------------------------------- the kernel */

/* Entering the kernel drains the store buffer. */
#define CAN_ENTER	(buffered == 0 && !kernel)

inline interrupt(c, page)
{
	atomic {
		if
		:: at[c] == page ->
			tlb[c] = NONE;
			if
			:: state[c] == FETCHING -> state[c] = INTERRUPTED
			:: else
			fi
		:: else
		fi
	}
}

/* One processor after the other. */
#ifdef BROKEN_NO_FLUSH
#define FLUSH(page)	skip
#else
#define FLUSH(page)	interrupt(0, page); interrupt(1, page)
#endif

inline move_out(page)
{
	atomic {
		CAN_ENTER -> kernel = true;
		if
		:: map[page] != COPY -> low[page] = 0; high[page] = 0
		:: else
		fi;
		map[page] = NONE
	}
	FLUSH(page);
	atomic { moved[page] = true; kernel = false }
}

inline move_in(page)
{
	atomic { CAN_ENTER -> kernel = true; map[page] = NONE }
	FLUSH(page);
	atomic { map[page] = COPY; moved[page] = false; kernel = false }
}

inline give_back(page)
{
	atomic { CAN_ENTER -> kernel = true; map[page] = NONE }
	FLUSH(page);
	kernel = false
}

/* ------------------------------------------------------------ callers */

/* A translation may have been forgotten, and is then looked up afresh. */
inline translate()
{
	if
	:: tlb[me] != NONE
	:: map[p] != NONE -> tlb[me] = map[p]
	:: map[p] == NONE && !kernel ->		/* a fault */
		map[p] = FILE;
		tlb[me] = FILE
	:: state[me] == INTERRUPTED
	fi
}

/*
 * Calls are independent of each other, so a caller may stay at one page.  The
 * moments that are taken together here are the strictest: a call that began
 * earlier, or loaded the key later, could only be more right, as keys grow.
 */
proctype caller(byte me; byte p)
{
	byte half, oldest;

end:
	do
	:: atomic {
		translate();
		oldest = (key > done -> key : done);
		half = (tlb[me] == COPY -> low[p] : 0);
		state[me] = FETCHING
	   }
	   atomic {
		translate();
		if
		:: state[me] == INTERRUPTED	/* and begins again */
		:: else ->
			assert(half == (tlb[me] == COPY -> high[p] : 0));
			if
			:: half == 0 -> half = key
			:: else
			fi;
			assert(half >= oldest && half <= key)
		fi;
		state[me] = ELSEWHERE;
		half = 0;
		oldest = 0
	   }
	od
}

/* ------------------------------------------------------------ updaters */

/* Steps D and R: makes a place pristine, or fails. */
inline clear(page)
{
	if
	:: failed
#ifdef BROKEN_IN_PLACE
	:: atomic { !failed -> moved[page] = (map[page] == COPY) }
#else
	:: atomic { !failed -> skip }; move_out(page)
	:: atomic { !failed -> skip };		/* D refused */
		if
		:: give_back(page)
#ifdef BROKEN_LEFT_BEHIND
		:: skip				/* R refused, and ignored */
#else
		:: failed = true		/* R refused */
#endif
		fi
#endif
	fi
}

/* Steps E and F: what fails here leaves the place pristine. */
inline fill(page)
{
#ifndef BROKEN_IN_PLACE
	if
	:: skip
	:: moved[page] -> move_out(page)	/* E made no code of it: anew */
	fi;
#endif
	if
	:: !moved[page]
#ifdef BROKEN_OLD_COPY
	:: moved[page] -> move_in(page)		/* E refused, moved in */
#else
	:: moved[page] -> moved[page] = false	/* E refused */
#endif
	:: moved[page] ->
		low[page] = n;
		high[page] = n;
#ifdef BROKEN_IN_PLACE
		moved[page] = false
#else
		if
		:: move_in(page)
		:: moved[page] = false		/* F refused */
		fi
#endif
	fi
}

/* What was moved out before another page failed. */
inline undo(page)
{
	if
	:: !moved[page]
	:: moved[page] -> move_in(page)
	:: moved[page] -> moved[page] = false
	fi
}

inline store_key()
{
	atomic { buffered == 0 -> buffered = n }
}

inline prepare()
{
	if
	:: clear(0); clear(1)
	:: failed = true			/* B or C refused */
	fi
}

/* What follows a successful preparation. */
inline commit()
{
#if defined(BROKEN_KEY_EARLY)
	fill(0); fill(1);
#elif defined(BROKEN_KEY_LATE)
	fill(0); fill(1); store_key();
#else
	store_key(); fill(0); fill(1);
#endif
#ifndef BROKEN_NO_SYNC
	buffered == 0;
#endif
}

proctype updater()
{
	byte i, n;

	do
	:: i < UPDATES ->
#ifdef BROKEN_NO_LOCK
		n = key + 1;
#else
		atomic { !library -> library = true; n = key + 1 }
#endif
#ifdef BROKEN_KEY_EARLY
		store_key();
#endif
		prepare();
		if
		:: failed -> undo(0); assert(key == n - 1)
		:: else -> commit(); done = n
		fi;
		atomic { failed = false; n = 0; i++; library = false }
	:: else -> break
	od
}

#if GIFTS
/* The program gives pages back to the file when it likes. */
proctype giver()
{
	byte i;

	do
	:: i < GIFTS -> give_back(0); i++
	:: i < GIFTS -> give_back(1); i++
	:: else -> break
	od
}
#endif

proctype store_buffer()
{
end:
	do
	:: atomic { buffered != 0 -> key = buffered; buffered = 0 }
	od
}

/* All is patched; the second caller is where the first is, or elsewhere. */
init
{
	atomic {
		map[0] = COPY; low[0] = 1; high[0] = 1;
		map[1] = COPY; low[1] = 1; high[1] = 1;
		run store_buffer();
		run caller(0, 0);
		if
		:: run caller(1, 0)
		:: at[1] = 1; run caller(1, 1)
		fi;
		run updater();
		run updater();
#if GIFTS
		run giver()
#endif
	}
}
