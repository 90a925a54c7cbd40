/* SPDX-License-Identifier: MIT */
/*
 * view.h - what the static calls of a process are at one moment: its keys, the
 * places of each, and why a place is not direct.
 */
#ifndef SC_VIEW_H
#define SC_VIEW_H

#include "insn.h"
#include "inspect/process.h"

/* What a place holds. */
enum sc_state {
	SC_STATE_DIRECT,
	SC_STATE_NULL,
	SC_STATE_RET0,
	SC_STATE_PRISTINE,		/* as in the file: through the key */
	SC_STATE_BREAKPOINT,
	SC_STATE_FOREIGN,
	SC_N_STATES
};

/* Why that is not what the key asks for. */
enum sc_reason {
	SC_REASON_NONE,
	SC_REASON_FAR,			/* out of reach of a direct branch */
	SC_REASON_CROSSING,		/* crosses a page */
	SC_REASON_FOREIGN,		/* not an instruction of ours */
	SC_REASON_UNSAFE,		/* in text that cannot be replaced */
	SC_REASON_WAITING,		/* see sc_view.waiting_for */
	SC_REASON_BREAKPOINT,		/* a debugger's */
	SC_REASON_UPDATING,		/* another target than its key has */
	SC_REASON_NO_RECORD,
	SC_REASON_NO_HOOK,		/* none in the whole file */
	SC_N_REASONS
};

enum sc_backend {
	SC_BACKEND_GENERIC,
	SC_BACKEND_TRAMPOLINE,
	SC_BACKEND_INLINE,
	SC_N_BACKENDS
};

/* What a key holds. */
enum sc_target_is {
	SC_TARGET_IS_UNKNOWN,		/* it cannot be read */
	SC_TARGET_IS_FUNCTION,
	SC_TARGET_IS_NULL,
	SC_TARGET_IS_RET0,
};

struct sc_place_view {
	uint64_t address;		/* in memory, of the instruction */
	uint64_t key;			/* its address; 0: not known */
	uint64_t tramp, target;		/* 0: not known, or none */
	const char *name;		/* of the static call; NULL: unknown */
	const char *form;
	const struct sc_loaded *loaded;
	enum sc_state state;
	enum sc_reason reason;
};

struct sc_key_view {
	uint64_t address, target;	/* 0: not known */
	const char *name;
	const struct sc_loaded *loaded;	/* it is defined there; NULL: unknown */
	enum sc_backend backend;
	enum sc_target_is is;
	struct sc_place_view *places;
	size_t n_places, n_direct;
};

struct sc_view {
	struct sc_process *process;
	struct sc_key_view *key;	/* by name */
	size_t n_keys;
	struct sc_place_view *place;	/* by key */
	size_t n_places, n_direct;
	bool has[SC_N_BACKENDS];
	const char *waiting_for;	/* NULL: nothing waits */
	/* The files that make static calls. */
	const struct sc_loaded *first;
	size_t n_files;
};

/*
 * Looks at @process: 0, or -1 after a message (process->ended: without one).  In
 * memory of its pool.
 */
int sc_view_make(struct sc_view *view, struct sc_process *process);

/* The words for these. */
const char *sc_state_name(enum sc_state state);
const char *sc_backend_word(enum sc_backend backend);
/* One word, for scripts; NULL: none. */
const char *sc_reason_word(enum sc_reason reason);
/* A sentence, for people, in memory of the pool. */
const char *sc_reason_text(const struct sc_view *view,
			   const struct sc_place_view *place);

/* ---- between examine.c, reasons.c and waiting.c ---- */

/*
 * Why @place, whose bytes are @old in the file and @now in memory, is not direct;
 * its key holds @wanted, or 0.
 */
enum sc_reason sc_reason_of(struct sc_view *view,
			    const struct sc_place_view *place,
			    const struct sc_insn *insn, const uint8_t *old,
			    uint64_t wanted);

/* What a place waits for that could be direct and is not. */
const char *sc_waiting_for(struct sc_process *process);

#endif /* SC_VIEW_H */
