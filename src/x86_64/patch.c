/* SPDX-License-Identifier: MIT */
/*
 * patch.c - the places of modules: found, decoded, encoded, counted.
 *
 * Everything here is guarded by the library's lock.
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "mem.h"
#include "sort.h"
#include "step.h"
#include "targets.h"
#include "x86_64/insn.h"
#include "x86_64/patch.h"

/* The places of one module; one allocation. */
struct sc_places {
	size_t size;
	struct sc_places *next;
	struct sc_text *texts;
	size_t n_texts;
	struct sc_patch *patches;	/* by address */
	size_t n;
};

static struct sc_places *all_places;
static size_t n_all;
static bool forbidden;

/* Room for a transaction of all places there are. */
static struct {
	struct sc_patch **queue, **scratch;
	size_t n, max;
} tx;

void sc_backend_start(bool patch)
{
	forbidden = !patch;
	if (patch)
		sc_text_start();
}

const char *sc_backend_reason(void)
{
	return forbidden ? "STATIC_CALL_PATCH=0" : sc_text_reason();
}

/* ----------------------------------------------------------- modules */

int sc_backend_read(struct sc_module *m)
{
	return sc_image_read(m->state, &m->image);
}

void sc_backend_forget(struct sc_module *m)
{
	sc_image_free(m->image);
	m->image = NULL;
}

static struct sc_text *text_of(const struct sc_finding *finding, uintptr_t addr)
{
	size_t i;

	for (i = 0; i < finding->image->n_segments; i++)
		if (addr >= finding->texts[i].start &&
		    addr < finding->texts[i].end)
			return finding->texts + i;
	return NULL;
}

/* The place @p with the instruction behind @addr, or why it is left alone. */
static enum static_call_site_state decode(struct sc_patch *p, uintptr_t addr)
{
	uint8_t code[STATIC_CALL_TRAMP_SIZE];
	size_t avail = sizeof(code);
	struct sc_insn insn;
	int err;

	if (!p->text)
		return STATIC_CALL_SITE_UNSAFE;
	/* Never beyond the end of the mapping. */
	if (avail > p->text->end - addr)
		avail = p->text->end - addr;
	if (sc_text_read(p->text, code, addr, avail))
		return STATIC_CALL_SITE_UNSAFE;
	err = addr == p->tramp ? sc_insn_decode_tramp(code, avail, &insn) :
				 sc_insn_decode(code, avail, &insn);
	if (err)
		return STATIC_CALL_SITE_FOREIGN;
	p->addr = (uint8_t *)addr + insn.skip;
	p->form = (uint8_t)insn.form;
	p->size = (uint8_t)insn.len;
	memcpy(p->pristine, code + insn.skip, insn.len);
	if (!sc_text_enabled())
		return STATIC_CALL_SITE_WAITING;
	if (!p->text->usable)
		return STATIC_CALL_SITE_UNSAFE;
	/*
	 * Somebody may give one of two pages back to the file, and with it half
	 * of the instruction.
	 */
	if (SC_RULE(3) &&
	    (addr + insn.skip) / SC_PAGE !=
	    (addr + insn.skip + insn.len - 1) / SC_PAGE)
		return STATIC_CALL_SITE_CROSSING;
	return STATIC_CALL_SITE_PATCHED;
}

void sc_patch_found(struct sc_finding *finding, uintptr_t addr,
		    uintptr_t tramp, struct sc_key *key)
{
	struct sc_patch *p = finding->found + finding->n;

	if (finding->n == finding->max)
		return;
	finding->n++;
	*p = (struct sc_patch){
		.addr = (uint8_t *)addr,
		.text = text_of(finding, addr),
		.tramp = tramp,
		.key = key,
	};
	p->fixed = (uint8_t)decode(p, addr);
	if (p->fixed == STATIC_CALL_SITE_PATCHED)
		p->len = p->size;
	memcpy(p->live, p->pristine, sizeof(p->live));
	memcpy(p->next, p->pristine, sizeof(p->next));
}

struct static_call_key *sc_tramp_key(uintptr_t tramp)
{
	const int32_t *slot;
	uint32_t magic;

	if (!tramp || tramp % STATIC_CALL_TRAMP_SIZE)
		return NULL;
	memcpy(&magic, (const void *)(tramp + STATIC_CALL_TRAMP_SIGNATURE),
	       sizeof(magic));
	if (magic != STATIC_CALL_TRAMP_MAGIC)
		return NULL;
	slot = (const int32_t *)(tramp + STATIC_CALL_TRAMP_KEY);
	return *(struct static_call_key **)((uintptr_t)slot +
					    (uintptr_t)(intptr_t)*slot);
}

static void fill_texts(const struct sc_image *image, struct sc_text *texts)
{
	size_t i;

	for (i = 0; i < image->n_segments; i++) {
		texts[i] = (struct sc_text){
			.start = image->segments[i].start,
			.end = image->segments[i].end,
			.path = image->path,
			.readable = image->segments[i].readable,
		};
		if (sc_text_enabled() && !image->text_relocations)
			sc_text_register(texts + i);
	}
}

/* Copies what was found, sorted and each place once. */
static void keep_sorted(struct sc_places *places, struct sc_finding *finding,
			struct sc_patch **order, struct sc_patch **scratch)
{
	size_t i;

	for (i = 0; i < finding->n; i++)
		order[i] = finding->found + i;
	sc_sort(order, scratch, finding->n);
	for (i = 0; i < finding->n; i++)
		if (i == 0 || order[i]->addr != order[i - 1]->addr)
			places->patches[places->n++] = *order[i];
	for (i = 0; i < places->n; i++) {
		struct sc_text *text = places->patches[i].text;

		if (!text)
			continue;
		if (!text->n_patches)
			text->patches = places->patches + i;
		text->n_patches++;
	}
}

static struct sc_places *places_new(size_t n_texts, size_t n)
{
	size_t size = sizeof(struct sc_places) +
		      n_texts * sizeof(struct sc_text) +
		      n * sizeof(struct sc_patch);
	struct sc_places *places = sc_alloc(size);

	if (!places)
		return NULL;
	places->size = size;
	places->texts = (void *)(places + 1);
	places->n_texts = n_texts;
	places->patches = (void *)(places->texts + n_texts);
	return places;
}

/* Makes room for transactions of @n places. */
static int reserve(size_t n)
{
	struct sc_patch **both;

	if (n <= tx.max)
		return sc_text_reserve(n);
	both = sc_alloc(2 * n * sizeof(*both));
	if (!both)
		return -ENOMEM;
	sc_free(tx.queue, 2 * tx.max * sizeof(*tx.queue));
	tx.queue = both;
	tx.scratch = both + n;
	tx.max = n;
	return sc_text_reserve(n);
}

/* All that needs memory; the temporary part is freed here. */
static int find_places(struct sc_module *m, const struct sc_registrar *reg)
{
	size_t n = sc_places_max(m->image);
	size_t size = n * (sizeof(struct sc_patch) + 2 * sizeof(void *)) + 1;
	struct sc_finding finding = {
		.image = m->image,
		.registrar = reg,
		.max = n,
	};
	struct sc_patch **order;
	int err = reserve(n_all + n);

	if (err)
		return err;
	finding.found = sc_alloc(size);
	if (!finding.found)
		return -ENOMEM;
	m->places = places_new(m->image->n_segments, n);
	if (m->places) {
		finding.texts = m->places->texts;
		fill_texts(m->image, finding.texts);
		sc_places_find(&finding);
		order = (struct sc_patch **)(finding.found + n);
		keep_sorted(m->places, &finding, order, order + n);
	}
	sc_free(finding.found, size);
	return m->places ? 0 : -ENOMEM;
}

/* ---------------------------------------------------------- encoding */

static struct sc_target target_of(void *func)
{
	static const enum sc_action actions[] = {
		[SC_TARGET_FUNC] = SC_ACTION_CALL,
		[SC_TARGET_NULL] = SC_ACTION_NULL,
		[SC_TARGET_RET0] = SC_ACTION_RET0,
	};

	return (struct sc_target){
		.action = actions[sc_target_kind(func)],
		.func = (uintptr_t)func,
	};
}

/* Out of reach leaves the pristine form, which goes through the key. */
static int encode(const struct sc_patch *p, struct sc_target *target,
		  const uint8_t *keep, uint8_t *out)
{
	target->null_stub = p->tramp + STATIC_CALL_TRAMP_NULL;
	target->ret0_stub = p->tramp + STATIC_CALL_TRAMP_RET0;
	memcpy(out, p->pristine, SC_PATCH_MAX);
	return sc_insn_encode((enum sc_form)p->form, (uintptr_t)p->addr, target,
			      keep, out);
}

/* For a place with a debugger's breakpoint. */
static bool reshape(struct sc_patch *p, uint8_t opcode)
{
	struct sc_target target;

	/* A place that leaves with its key is to be pristine, or nothing. */
	if (!p->key || !p->key->target)
		return false;
	target = target_of(p->key->target);
	if (p->pristine[0] == opcode && encode(p, &target, NULL, p->next))
		return true;
	return encode(p, &target, &opcode, p->next) == 0;
}

static void enqueue_if_changed(struct sc_patch *p)
{
	if (memcmp(p->next, p->live, SC_PATCH_MAX) != 0)
		tx.queue[tx.n++] = p;
}

static void enqueue(struct sc_patch *p, struct sc_target *target)
{
	if (!p->len)
		return;
	encode(p, target, NULL, p->next);
	enqueue_if_changed(p);
}

static void enqueue_current(struct sc_patch *p)
{
	struct sc_target target;

	p->key->target = p->key->key->func;
	target = target_of(p->key->target);
	enqueue(p, &target);
}

static void enqueue_pristine(struct sc_patch *p)
{
	memcpy(p->next, p->pristine, SC_PATCH_MAX);
	enqueue_if_changed(p);
}

static int prepare(void)
{
	sc_sort(tx.queue, tx.scratch, tx.n);
	return sc_text_prepare(tx.queue, tx.n, reshape);
}

int sc_backend_prepare(struct sc_key *changing)
{
	struct sc_key *key;
	struct sc_patch *p;

	tx.n = 0;
	for (key = changing; key; key = key->next_changing) {
		struct sc_target target = target_of(key->target);

		for (p = key->places; p; p = p->next_of_key)
			enqueue(p, &target);
	}
	return prepare();
}

void sc_backend_commit(void)
{
	sc_text_commit();
}

/* ------------------------------------------------- coming and leaving */

int sc_backend_add(struct sc_module *m, const struct sc_registrar *reg)
{
	struct sc_places *places;
	size_t i;
	int err;

	for (i = 0; i < m->image->n_defines; i++) {
		const struct sc_define *define = m->image->defines + i;

		if (reg->define(m, define->key, define->name))
			continue;
		sc_log("not defined", define->name, NULL, -ENOMEM);
		/* Unless it is another copy's, nobody would forget it. */
		if (!define->key->static_call_owner)
			return -ENOMEM;
	}
	err = find_places(m, reg);
	if (err)
		return err;
	places = m->places;
	places->next = all_places;
	all_places = places;
	n_all += places->n;

	/* In reverse, so that the list of each key is in order. */
	for (i = places->n; i-- > 0;) {
		struct sc_patch *p = places->patches + i;

		p->next_of_key = p->key->places;
		p->key->places = p;
		p->key->n_places++;
	}
	tx.n = 0;
	for (i = 0; sc_text_enabled() && i < places->n; i++)
		enqueue_current(places->patches + i);
	err = prepare();
	if (err)
		sc_log("not patched", m->image->path, NULL, err);
	else
		sc_text_commit();
	return 0;
}

/* Takes the places of one module out of the list of @key. */
static void unlink_places(struct sc_key *key, const struct sc_places *places)
{
	struct sc_patch **link = &key->places, *p;

	while ((p = *link)) {
		if (p >= places->patches && p < places->patches + places->n) {
			*link = p->next_of_key;
			key->n_places--;
		} else {
			link = &p->next_of_key;
		}
	}
}

/*
 * Where text could not be given back to its file as a whole: place by place, as
 * in an update.
 */
static void make_pristine(struct sc_places *places)
{
	size_t i;
	int err;

	tx.n = 0;
	for (i = 0; i < places->n; i++)
		enqueue_pristine(places->patches + i);
	err = prepare();
	if (err)
		sc_log("not restored", places->texts[0].path, NULL, err);
	else
		sc_text_commit();
}

void sc_backend_remove(struct sc_module *m)
{
	static unsigned long mark;
	struct sc_places *places = m->places, **link;
	size_t i;

	if (!places)
		return;
	for (i = 0; i < places->n_texts; i++)
		sc_text_restore(places->texts + i);
	make_pristine(places);
	for (i = 0; i < places->n_texts; i++)
		sc_text_forget(places->texts + i);
	mark++;
	for (i = 0; i < places->n; i++) {
		struct sc_key *key = places->patches[i].key;

		if (key && key->mark != mark) {
			key->mark = mark;
			unlink_places(key, places);
		}
	}
	for (link = &all_places; *link != places; link = &(*link)->next)
		;
	*link = places->next;
	n_all -= places->n;
	sc_free(places, places->size);
	m->places = NULL;
}

void sc_backend_orphan(struct sc_key *key)
{
	struct sc_patch *p;
	int err;

	tx.n = 0;
	key->target = NULL;
	for (p = key->places; p; p = p->next_of_key)
		enqueue_pristine(p);
	err = prepare();
	if (err)
		sc_log("not restored", key->name, NULL, err);
	else
		sc_text_commit();
	for (p = key->places; p; p = p->next_of_key)
		p->key = NULL;
	key->places = NULL;
	key->n_places = 0;
}

bool sc_backend_holds(const struct sc_module *m, const void *func)
{
	uintptr_t addr = (uintptr_t)func;
	size_t i;

	for (i = 0; m->places && i < m->places->n_texts; i++)
		if (addr >= m->places->texts[i].start &&
		    addr < m->places->texts[i].end)
			return true;
	return false;
}

/* --------------------------------------------------------- reporting */

static enum static_call_site_state state_of(struct sc_patch *p)
{
	struct sc_target target;
	uint8_t wanted[SC_PATCH_MAX];

	if (p->fixed)
		return (enum static_call_site_state)p->fixed;
	if (memcmp(p->live, p->pristine, SC_PATCH_MAX) != 0)
		return STATIC_CALL_SITE_PATCHED;
	if (!p->key)
		return STATIC_CALL_SITE_WAITING;
	target = target_of(p->key->key->func);
	if (encode(p, &target, NULL, wanted))
		return STATIC_CALL_SITE_FAR;
	return memcmp(wanted, p->live, SC_PATCH_MAX) == 0 ?
		       STATIC_CALL_SITE_PATCHED : STATIC_CALL_SITE_WAITING;
}

static void count(struct sc_patch *p, struct static_call_info *info)
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
	struct sc_places *places;
	size_t i;

	for (places = all_places; places; places = places->next)
		for (i = 0; i < places->n; i++)
			count(places->patches + i, info);
}

size_t sc_backend_patched(const struct sc_key *key)
{
	struct sc_patch *p;
	size_t n = 0;

	for (p = key->places; p; p = p->next_of_key)
		n += state_of(p) == STATIC_CALL_SITE_PATCHED;
	return n;
}

static void describe(struct sc_patch *p, struct static_call_site_info *out)
{
	static const uint8_t kinds[] = {
		[SC_FORM_CALL] = STATIC_CALL_KIND_CALL,
		[SC_FORM_CALL6] = STATIC_CALL_KIND_CALL6,
		[SC_FORM_JMP] = STATIC_CALL_KIND_TAIL,
		[SC_FORM_JMP6] = STATIC_CALL_KIND_TAIL6,
		[SC_FORM_JCC] = STATIC_CALL_KIND_COND,
		[SC_FORM_TRAMP] = STATIC_CALL_KIND_TRAMP,
	};

	*out = (struct static_call_site_info){
		.size = sizeof(*out),
		.addr = p->addr,
		.len = p->size,
		.kind = kinds[p->form],
		.state = (int)state_of(p),
		.key = p->key ? p->key->key : NULL,
		.name = p->key ? p->key->name : "",
	};
}

size_t sc_backend_list(struct static_call_site_info *out, size_t max)
{
	struct sc_places *places;
	size_t i, n = 0;

	for (places = all_places; places; places = places->next)
		for (i = 0; i < places->n; i++, n++)
			if (n < max)
				describe(places->patches + i, out + n);
	return n;
}

bool sc_backend_reserved(const void *start, const void *end)
{
	struct sc_places *places;
	size_t i;

	for (places = all_places; places; places = places->next)
		for (i = 0; i < places->n; i++) {
			const struct sc_patch *p = places->patches + i;

			/* A place that is never touched is nobody's. */
			if (p->len && p->addr <= (const uint8_t *)end &&
			    p->addr + p->len > (const uint8_t *)start)
				return true;
		}
	return false;
}
