/* SPDX-License-Identifier: MIT */
/*
 * reasons.c - why a place is not direct: worked out from the file, from memory and
 * from the target, by the rules of the library.
 */
#include <string.h>

#include "inspect/view.h"

enum { PAGE = 4096 };

/* ------------------------------------------------------------- which one */

/*
 * The library patches nothing that does not lead to its trampoline.  What leads
 * through a PLT is believed.
 */
static bool leads_home(struct sc_view *view, const struct sc_place_view *place,
		       const struct sc_insn *insn, const uint8_t *old)
{
	uint64_t to = sc_insn_leads_to(insn, old, place->address), value;
	uint64_t home = insn->form == SC_FORM_TRAMP ? place->key : place->tramp;
	uint8_t plt[SC_PLT_MAX];
	struct sc_insn jump;

	if (insn->slot)
		return !sc_process_read64(view->process, to, &value) ||
		       value == home;
	return to == home || !home || insn->form == SC_FORM_TRAMP ||
	       (sc_process_read(view->process, to, plt, sizeof(plt)) &&
		!sc_insn_decode_plt(plt, sizeof(plt), &jump));
}

/* NULL and RET0 are reached without the functions that stand for them. */
static bool is_function(struct sc_view *view, uint64_t target)
{
	struct sc_symbol symbol = sc_process_symbol(view->process, target);

	return !symbol.name || symbol.offset ||
	       (strcmp(symbol.name, "__static_call_nop") != 0 &&
		strcmp(symbol.name, "__static_call_return0") != 0);
}

static bool is_far(struct sc_view *view, const struct sc_place_view *place,
		   const struct sc_insn *insn, const uint8_t *old,
		   uint64_t wanted)
{
	struct sc_target target = {
		.kind = SC_TARGET_FUNC, .func = wanted,
		.null_stub = place->tramp + STATIC_CALL_TRAMP_NULL,
		.ret0_stub = place->tramp + STATIC_CALL_TRAMP_RET0,
	};
	uint8_t bytes[SC_INSN_ROOM];

	memcpy(bytes, old, SC_INSN_MAX);
	return wanted && sc_insn_encode(insn->form, place->address, &target,
					NULL, bytes) && is_function(view, wanted);
}

static enum sc_reason why_pristine(struct sc_view *view,
				   const struct sc_place_view *place,
				   const struct sc_insn *insn,
				   const uint8_t *old, uint64_t wanted)
{
	uint64_t last = place->address + insn->len - 1;

	if (!leads_home(view, place, insn, old))
		return SC_REASON_FOREIGN;
	if (place->address / PAGE != last / PAGE)
		return SC_REASON_CROSSING;
	if (sc_process_is_writable(view->process, place->address))
		return SC_REASON_UNSAFE;
	if (is_far(view, place, insn, old, wanted))
		return SC_REASON_FAR;
	if (!view->waiting_for)
		view->waiting_for = sc_waiting_for(view->process);
	return SC_REASON_WAITING;
}

enum sc_reason sc_reason_of(struct sc_view *view,
			    const struct sc_place_view *place,
			    const struct sc_insn *insn, const uint8_t *old,
			    uint64_t wanted)
{
	switch (place->state) {
	case SC_STATE_PRISTINE:
		return why_pristine(view, place, insn, old, wanted);
	case SC_STATE_BREAKPOINT:
		return SC_REASON_BREAKPOINT;
	case SC_STATE_FOREIGN:
		return SC_REASON_FOREIGN;
	case SC_STATE_DIRECT:
		return wanted && wanted != place->target ? SC_REASON_UPDATING :
							   SC_REASON_NONE;
	default:
		return SC_REASON_NONE;
	}
}

/* --------------------------------------------------------------- in words */

const char *sc_state_name(enum sc_state state)
{
	static const char *const names[SC_N_STATES] = {
		[SC_STATE_DIRECT] = "direct", [SC_STATE_NULL] = "NULL",
		[SC_STATE_RET0] = "RET0", [SC_STATE_PRISTINE] = "pristine",
		[SC_STATE_BREAKPOINT] = "breakpoint",
		[SC_STATE_FOREIGN] = "foreign",
	};

	return names[state];
}

const char *sc_backend_word(enum sc_backend backend)
{
	static const char *const names[SC_N_BACKENDS] = {
		[SC_BACKEND_GENERIC] = "generic",
		[SC_BACKEND_TRAMPOLINE] = "trampoline",
		[SC_BACKEND_INLINE] = "inline",
	};

	return names[backend];
}

static const struct {
	const char *word, *text;
} reasons[SC_N_REASONS] = {
	[SC_REASON_FAR] = {
		"far",
		"the target is out of reach of a direct branch (2 GiB)"
	},
	[SC_REASON_CROSSING] = {
		"crossing",
		"crosses a page, so it is never patched"
	},
	[SC_REASON_FOREIGN] = {
		"foreign",
		"bytes that neither a linker nor the library puts there"
	},
	[SC_REASON_UNSAFE] = {
		"unsafe",
		"in text that is writable, which is never patched"
	},
	[SC_REASON_WAITING] = {
		"waiting",
		"waiting"
	},
	[SC_REASON_BREAKPOINT] = {
		"breakpoint",
		"a breakpoint of a debugger stands there, or a uprobe"
	},
	[SC_REASON_UPDATING] = {
		"updating",
		"is not what the key says: an update is under way, or the call is stale, which is a fault"
	},
	[SC_REASON_NO_RECORD] = {
		"no-record",
		"has no record: run static-call annotate on its object"
	},
	[SC_REASON_NO_HOOK] = {
		"no-hook",
		"linked without the build hook: link with the flags of pkg-config --libs libstaticcall"
	},
};

const char *sc_reason_word(enum sc_reason reason)
{
	return reasons[reason].word;
}

const char *sc_reason_text(const struct sc_view *view,
			   const struct sc_place_view *place)
{
	if (place->reason == SC_REASON_WAITING)
		return view->waiting_for;
	if (place->reason == SC_REASON_FOREIGN &&
	    place->state == SC_STATE_PRISTINE)
		return "does not lead to its trampoline: edited after the link";
	return reasons[place->reason].text;
}
