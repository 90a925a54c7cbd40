/* SPDX-License-Identifier: MIT */
/*
 * survey.c - what the places are like: counted, listed, looked up.
 *
 * With the lock held, between updates.  It tells what the library left, and does
 * not read text: a page that was given back to its file since is pristine, and
 * is reported as patched until the next update looks at it.
 */
#include "sc_config.h"

#include <string.h>

#include "places.h"
#include "targets.h"

/*
 * A pristine place may be so by choice: its key may hold a target for which the
 * linker's own form is what the encoder makes.
 */
static enum static_call_site_state state_of(const struct sc_place *p)
{
	struct sc_target target;
	uint8_t wanted[SC_INSN_ROOM];

	/* What the instruction is counts before the text, and that before where. */
	if (p->fixed && p->fixed != STATIC_CALL_SITE_CROSSING)
		return (enum static_call_site_state)p->fixed;
	if (!p->text->usable)
		return p->text->asked ? STATIC_CALL_SITE_UNSAFE :
					STATIC_CALL_SITE_WAITING;
	if (p->fixed)
		return STATIC_CALL_SITE_CROSSING;
	if (memcmp(p->live, p->pristine, SC_INSN_MAX) != 0)
		return STATIC_CALL_SITE_PATCHED;
	if (!p->key)
		return STATIC_CALL_SITE_WAITING;
	target = sc_target_of(p->key->target, p->key->tramp);
	if (sc_place_encode(p, &target, wanted))
		return STATIC_CALL_SITE_FAR;
	return memcmp(wanted, p->live, SC_INSN_MAX) == 0 ?
		       STATIC_CALL_SITE_PATCHED : STATIC_CALL_SITE_WAITING;
}

static void count(const struct sc_place *p, struct static_call_info *info)
{
	info->sites++;
	switch (state_of(p)) {
	case STATIC_CALL_SITE_PATCHED:
		info->sites_patched++;
		break;
	case STATIC_CALL_SITE_FAR:
		info->sites_far++;
		break;
	case STATIC_CALL_SITE_CROSSING:
		info->sites_crossing++;
		break;
	case STATIC_CALL_SITE_FOREIGN:
		info->sites_foreign++;
		break;
	case STATIC_CALL_SITE_UNSAFE:
		info->sites_unsafe++;
		break;
	case STATIC_CALL_SITE_WAITING:
		info->sites_waiting++;
		break;
	}
}

void sc_backend_count(struct static_call_info *info)
{
	const struct sc_places *places;
	size_t i;

	for_each_places(places)
		for (i = 0; i < places->n; i++)
			count(places->places + i, info);
	sc_text_count(&info->copies_dropped, &info->sites_given_up);
}

void sc_backend_sum(const struct sc_module *m, struct sc_module_sum *sum)
{
	const struct sc_places *places = m->places;
	size_t i;

	if (m->image)
		sum->path = m->image->loaded->path;
	for (i = 0; places && i < places->n; i++)
		sum->n_direct += state_of(places->places + i) ==
				 STATIC_CALL_SITE_PATCHED;
	sum->n_sites += places ? places->n : 0;
}

size_t sc_backend_patched(const struct sc_key *key)
{
	const struct sc_place *p;
	size_t n = 0;

	for (p = key->places; p; p = p->next_of_key)
		n += state_of(p) == STATIC_CALL_SITE_PATCHED;
	return n;
}

static void describe(const struct sc_place *p,
		     struct static_call_site_info *out)
{
	*out = (struct static_call_site_info){
		.size = sizeof(*out),
		.addr = p->addr,
		.len = p->size,
		.kind = sc_insn_kind((enum sc_form)p->form),
		.state = (int)state_of(p),
		.key = p->key ? p->key->key : NULL,
		.name = p->key ? p->key->name : "",
	};
}

/* Where the walk @c goes on: the newest module that it has not finished. */
static const struct sc_places *places_at(const struct sc_site_cursor *c)
{
	const struct sc_places *places, *best = NULL;

	for_each_places(places) {
		size_t from = places->serial == c->serial ? c->at : 0;

		if (from < places->n && places->serial <= c->serial &&
		    (!best || places->serial > best->serial))
			best = places;
	}
	return best;
}

bool sc_backend_next_site(struct sc_site_cursor *c,
			  struct static_call_site_info *out)
{
	const struct sc_places *places = places_at(c);

	if (!places)
		return false;
	if (places->serial != c->serial)
		*c = (struct sc_site_cursor){ .serial = places->serial };
	describe(places->places + c->at++, out);
	return true;
}

/* @end is included. */
bool sc_backend_reserved(const void *start, const void *end)
{
	const struct sc_places *places;
	size_t i;

	for_each_places(places)
		for (i = 0; i < places->n; i++) {
			const struct sc_place *p = places->places + i;

			/* A place that is not touched is nobody's. */
			if (p->len && p->text->usable &&
			    p->addr <= (const uint8_t *)end &&
			    p->addr + p->len > (const uint8_t *)start)
				return true;
		}
	return false;
}
