/* SPDX-License-Identifier: MIT */
/* place.c - one place: what it holds, what a debugger holds there, what may be. */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "bytes.h"
#include "engine.h"
#include "step.h"
#include "why.h"

struct sc_place *sc_place_first(const struct sc_text *text, uintptr_t addr)
{
	size_t low = 0, high = text->n_places;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((uintptr_t)text->places[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return text->places + low;
}

size_t sc_change_behind(size_t i, uintptr_t addr)
{
	const struct sc_change *changes = sc_tx->changes;
	size_t n = sc_tx->n_changes, step = 1;

	/* Longer and longer steps, then shorter and shorter ones. */
	while (i + step < n && changes[i + step].addr < addr) {
		i += step;
		step *= 2;
	}
	for (; step; step /= 2)
		if (i + step < n && changes[i + step].addr < addr)
			i += step;
	return i < n && changes[i].addr < addr ? i + 1 : i;
}

bool sc_text_is_patched(const struct sc_text *text)
{
	size_t i;

	for (i = 0; i < text->n_places; i++)
		if (!sc_place_is_pristine(text->places + i))
			return true;
	return false;
}

/*
 * Execute-only text is read through the mem file, which needs no right to read.
 * The descriptor of the transaction is used where it is open; another is opened
 * for the moment.
 */
int sc_text_read(const struct sc_text *text, void *to, uintptr_t from,
		 size_t len)
{
	int fd = sc_tx->mem.fd, err = 0;

	if (text->readable) {
		if (len >= SC_BYTES_MIN && len <= SC_INSN_MAX)
			sc_bytes_copy(to, (const uint8_t *)from, len);
		else
			sc_machine_copy(to, (const void *)from, len);
		return 0;
	}
	if (fd < 0)
		fd = sc_maps_open_mem(O_RDONLY);
	if (fd < 0)
		return -errno;
	if (pread(fd, to, len, (off_t)from) != (ssize_t)len)
		err = -EIO;
	if (fd != sc_tx->mem.fd)
		close(fd);
	return err;
}

/* Whether @code is @form but for a trap in its first bytes. */
static bool same_behind_trap(const struct sc_place *p, const uint8_t *code,
			     const uint8_t *form)
{
	return memcmp(code + SC_TRAP_LEN, form + SC_TRAP_LEN,
		      (size_t)p->len - SC_TRAP_LEN) == 0;
}

/*
 * @live or @pristine, each also under a trap in its first bytes.  Anything else
 * is another patcher's, and is never overwritten.
 */
enum sc_sight sc_place_odd_sight(const struct sc_place *p, const uint8_t *code)
{
	if (sc_insn_is_trap(code) &&
	    (same_behind_trap(p, code, p->live) ||
	     same_behind_trap(p, code, p->pristine)))
		return SC_TRAPPED;
	return SC_FOREIGN;
}

/*
 * The program may give the page back to its file while it is read, which shows
 * part of each form: then look again.
 */
int sc_place_look(const struct sc_place *p, uint8_t *now, enum sc_sight *sight)
{
	int err, tries;

	for (tries = 0; tries < 5; tries++) {
		err = sc_text_read(p->text, now, (uintptr_t)p->addr, p->len);
		if (err)
			return err;
		*sight = sc_place_sight(p, now);
		if (*sight != SC_FOREIGN)
			break;
	}
	return 0;
}

/* ----------------------------------------------------- under a debugger */

bool sc_is_traced(void)
{
	if (sc_tx->traced < 0)
		sc_tx->traced = sc_maps_traced();
	return sc_tx->traced;
}

const uint8_t *sc_place_under_trap(const struct sc_place *p, const uint8_t *now)
{
	return same_behind_trap(p, now, p->live) ? p->live : p->pristine;
}

static int encode(const struct sc_change *c, const uint8_t *keep, uint8_t *out)
{
	return sc_insn_encode((enum sc_form)c->place->form, c->addr, c->target,
			      keep, out);
}

/*
 * The debugger will put back the bytes that it found; so the form must begin
 * with them.
 */
bool sc_change_fits_trap(struct sc_change *c, const uint8_t *now)
{
	const struct sc_place *p = c->place;
	const uint8_t *under = sc_place_under_trap(p, now);
	uint8_t made[SC_INSN_ROOM];

	if (memcmp(c->wanted, under, SC_TRAP_LEN) == 0)
		return true;
	if (!c->target)
		return false;
	memcpy(made, p->pristine, SC_INSN_MAX);
	if (encode(c, under, made)) {
		/* A target out of reach wants the place pristine. */
		if (memcmp(made, under, SC_TRAP_LEN) != 0 ||
		    !encode(c, NULL, made))
			return false;
	}
	memcpy(c->wanted, made, SC_INSN_MAX);
	return true;
}

/*
 * A trap stands on the place.  Without a debugger it is a probe of the kernel,
 * which the edit leaves out.  To skip the place instead would be wrong: it goes
 * on calling the old function whenever the debugger steps over its trap.
 */
static int check_trapped(struct sc_change *c, const uint8_t *now)
{
	struct sc_place *p = c->place;

	if (!SC_RULE(6))
		return 1;
	if (!sc_is_traced())
		return 0;
	if (sc_change_fits_trap(c, now))
		return 0;
	if (memcmp(sc_place_under_trap(p, now), p->pristine, SC_TRAP_LEN) ||
	    !same_behind_trap(p, now, p->pristine))
		return sc_why_note("a breakpoint stands on a call", NULL,
				   -EBUSY);
	/* As it is it goes through the key. */
	sc_place_set_pristine(p);
	return 1;
}

int sc_change_check_odd(struct sc_change *c)
{
	uint8_t now[SC_INSN_MAX];
	enum sc_sight sight = SC_FOREIGN;
	int err = sc_place_look(c->place, now, &sight);

	if (err)
		return err;
	if (sight == SC_OURS)
		return 0;
	if (sight == SC_TRAPPED)
		return check_trapped(c, now);
	if (sc_place_is_pristine(c->place))
		return 1;
	return sc_why_note("other code stands on a call", NULL, -EBUSY);
}
