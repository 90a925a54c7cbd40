/* SPDX-License-Identifier: MIT */
/*
 * test_stuck.c - modules that cannot go yet, and what a child of fork() makes of
 * the registry; on the backend of paper.h.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend.h"
#include "enter.h"
#include "fork.h"
#include "mem.h"
#include "paper.h"
#include "registry.h"
#include "unit.h"
#include "world.h"

static void one(void)
{
}

static void two(void)
{
}

static struct static_call_key keys[4], single;
static struct plan plan = { .defines = keys, .n_defines = 2 };
static struct plan user = { .uses = keys + 2, .n_uses = 2 };

/* As module.c makes them: the registry frees one that was stuck. */
static struct sc_module *add(struct plan *state)
{
	struct sc_module *m = sc_alloc(sizeof(*m));

	ck_assert_ptr_nonnull(m);
	m->state = (char *)state;
	ck_assert_int_eq(sc_registry_add(m), 0);
	ck_assert_ptr_eq(fake.moving, m);
	ck_assert_ptr_null(sc_world->moving);
	return m;
}

static struct sc_module *setup(void)
{
	size_t i;

	for (i = 0; i < 4; i++)
		keys[i].func = (void *)one;
	single.func = (void *)one;
	static_call_init();
	ck_assert_int_eq(sc_enter(), 0);
	sc_leave();
	ck_assert_int_eq(sc_registry_define_one(&single, "single", false), 0);
	return add(&plan);
}

/* Mappings that are next to each other may be one. */
static void traces_same_bytes(const struct traces *before)
{
	struct traces now;

	traces_look(&now);
	if (memory_is_ours())
		ck_assert_uint_eq(now.bytes, before->bytes);
}

static size_t count(const struct sc_key *list)
{
	size_t n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

/* A module that is stuck, with -EMFILE. */
static struct sc_module *setup_stuck(void)
{
	struct sc_module *m = setup();

	fake.is_mapped = true;
	fake.remove_error = -EMFILE;
	ck_assert_ptr_null(sc_registry_remove(m->state));
	ck_assert_int_eq(m->stuck, -EMFILE);
	fake.remove_error = 0;
	return m;
}

/* --------------------------------------------------------------- stuck */

START_TEST(test_stuck_module_is_kept)
{
	struct sc_module *m = setup_stuck();

	ck_assert_ptr_eq(fake.moving, m);
	ck_assert_ptr_eq(sc_world->modules, m);
	ck_assert_uint_eq(sc_world->n_stuck, 1);
	ck_assert_ptr_null(sc_world->moving);
	/* it leaves once */
	ck_assert_ptr_null(sc_registry_remove(m->state));
	ck_assert_int_eq(fake.removes, 1);
}
END_TEST

/* Its names are gone with it; those of others are not. */
START_TEST(test_stuck_keys_have_no_name)
{
	struct static_call_info info = { .size = sizeof(info) };

	setup_stuck();
	ck_assert_str_eq(sc_registry_find(keys)->name, "");
	ck_assert_str_eq(sc_registry_find(&single)->name, "single");
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.keys, 1);
	ck_assert_uint_eq(info.modules, 1);
}
END_TEST

START_TEST(test_stuck_keys_cannot_be_updated)
{
	setup_stuck();
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), -EMFILE);
	ck_assert_ptr_eq(keys[0].func, (void *)one);
	ck_assert_int_eq(__static_call_update(&single, NULL, (void *)two), 0);
	ck_assert_int_eq(fake.drops, 0);
}
END_TEST

/* The update notices; the memory of the keys is another's by then. */
START_TEST(test_stuck_module_is_dropped_when_its_text_is_gone)
{
	const struct sc_module *m = setup_stuck();
	struct traces traces;
	void *owner;

	traces_look(&traces);
	owner = keys[0].static_call_owner;
	ck_assert_ptr_nonnull(owner);
	fake.is_mapped = false;
	ck_assert_int_eq(__static_call_update(&single, NULL, (void *)two), 0);
	ck_assert_int_eq(fake.drops, 1);
	ck_assert_ptr_eq(fake.moving, m);
	ck_assert_ptr_null(sc_world->modules);
	ck_assert_uint_eq(sc_world->n_stuck, 0);
	ck_assert_ptr_null(sc_world->moving);
	ck_assert_uint_eq(count(sc_world->keys), 1);
	ck_assert_ptr_eq(keys[0].static_call_owner, owner);
	ck_assert_ptr_null(sc_registry_find(keys));
	traces.bytes -= (size_t)sysconf(_SC_PAGESIZE);
	traces_same_bytes(&traces);
	/* Nothing is looked for any more. */
	ck_assert_int_eq(__static_call_update(&single, NULL, (void *)one), 0);
	ck_assert_int_eq(fake.drops, 1);
}
END_TEST

/* Others, before it and behind it in the list, stay. */
START_TEST(test_only_stuck_modules_are_dropped)
{
	struct sc_module *stuck = setup_stuck(), *other = add(&user);

	ck_assert_ptr_eq(sc_world->modules, other);
	ck_assert_ptr_eq(other->next, stuck);
	fake.is_mapped = false;
	sc_registry_purge();
	ck_assert_int_eq(fake.drops, 1);
	ck_assert_ptr_eq(sc_world->modules, other);
	ck_assert_ptr_null(other->next);
}
END_TEST

/* What is loaded at the address of a stuck one tells that it is gone. */
START_TEST(test_a_module_in_the_place_of_a_stuck_one)
{
	struct sc_module *m;

	setup_stuck();
	m = add(&plan);
	ck_assert_int_eq(fake.drops, 1);
	ck_assert_ptr_eq(sc_world->modules, m);
	ck_assert_ptr_null(m->next);
	ck_assert_uint_eq(sc_world->n_stuck, 0);
	ck_assert_int_eq(__static_call_update(keys, NULL, (void *)two), 0);
	ck_assert_ptr_eq(keys[0].func, (void *)two);
}
END_TEST

/* Before a module comes, for an address may be another file's. */
START_TEST(test_stuck_modules_are_dropped_before_one_comes)
{
	setup_stuck();
	fake.is_mapped = false;
	add(&user);
	ck_assert_int_eq(fake.drops, 1);
}
END_TEST

/* Where nothing else is left: neither a definition nor another module. */
START_TEST(test_the_end_drops_stuck_modules)
{
	setup_stuck();
	ck_assert(!sc_registry_end());
	sc_registry_undefine(&single);
	if (_i) {
		add(&user);
		ck_assert(!sc_registry_end());
		ck_assert_int_eq(fake.drops, 0);
		return;
	}
	ck_assert(sc_registry_end());
	ck_assert_int_eq(fake.drops, 1);
	ck_assert_ptr_null(sc_world->modules);
	ck_assert_ptr_null(sc_world->keys);
}
END_TEST

/* ------------------------------------------------------ keys come and go */

/* Keys that are used and not ours are counted, for they are looked for. */
START_TEST(test_keys_of_others_are_counted)
{
	struct sc_module *m;
	struct sc_key *entry;

	setup();
	ck_assert_uint_eq(sc_world->n_unowned, 0);
	m = add(&user);
	ck_assert_uint_eq(sc_world->n_unowned, 2);
	for (entry = sc_world->keys; entry; entry = entry->next)
		entry->n_places = 0;
	ck_assert_ptr_eq(sc_registry_remove(m->state), m);
	ck_assert_uint_eq(sc_world->n_unowned, 0);
	ck_assert_uint_eq(count(sc_world->keys), 3);
	m = add(&user);
	ck_assert_int_eq(sc_registry_define_one(keys + 2, "ours", false), 0);
	ck_assert_uint_eq(sc_world->n_unowned, 1);
	sc_registry_undefine(keys + 2);
	ck_assert_uint_eq(sc_world->n_unowned, 1);
}
END_TEST

/* Whatever another copy's entry says of the key. */
START_TEST(test_an_entry_of_another_copy_is_not_found)
{
	static struct sc_key theirs = { .key = keys };
	static char another_copy;

	setup();
	keys[3].static_call_owner = &another_copy;
	keys[3].static_call_entry = &theirs;
	theirs.key = keys + 3;
	ck_assert_ptr_null(sc_registry_find(keys + 3));
	ck_assert(sc_registry_is_foreign(keys + 3));
}
END_TEST

START_TEST(test_a_definition_may_stay)
{
	setup();
	ck_assert(!sc_registry_find(&single)->stays);
	ck_assert_int_eq(sc_registry_define_one(keys + 2, "x", true), 0);
	ck_assert(sc_registry_find(keys + 2)->stays);
}
END_TEST

/* One of several, in the middle of the list. */
START_TEST(test_one_definition_is_forgotten)
{
	setup();
	sc_registry_undefine(keys);
	ck_assert_ptr_null(sc_registry_find(keys));
	ck_assert_ptr_nonnull(sc_registry_find(keys + 1));
	ck_assert_ptr_nonnull(sc_registry_find(&single));
	ck_assert_uint_eq(count(sc_world->keys), 2);
}
END_TEST

START_TEST(test_a_trampoline_is_noted_once)
{
	struct sc_key *entry;

	setup();
	entry = sc_registry_define(NULL, &single, "single", 77);
	ck_assert_uint_eq(entry->tramp, 77);
	ck_assert_ptr_eq(sc_registry_define(NULL, &single, "single", 78), entry);
	ck_assert_uint_eq(entry->tramp, 77);
	/* nor does it become ours once more */
	ck_assert_uint_eq(sc_world->n_unowned, 0);
}
END_TEST

/* A first target that is missing is a call of nothing. */
START_TEST(test_no_first_target)
{
	setup();
	ck_assert_ptr_nonnull(sc_registry_define(NULL, keys + 3, "x", 0));
	ck_assert_ptr_eq(keys[3].func, (void *)one);
	sc_registry_undefine(keys + 3);
	keys[3].func = NULL;
	ck_assert_ptr_nonnull(sc_registry_define(NULL, keys + 3, "x", 0));
	ck_assert_ptr_eq(keys[3].func, (void *)&__static_call_nop);
	ck_assert_ptr_eq(sc_registry_find(keys + 3)->target,
			 (void *)&__static_call_nop);
}
END_TEST

START_TEST(test_the_end_gives_back_all_memory)
{
	struct traces traces;
	struct sc_module *m = setup();

	sc_registry_undefine(&single);
	ck_assert_ptr_eq(sc_registry_remove(m->state), m);
	sc_keys_end();
	ck_assert_ptr_null(sc_world->keys);
	ck_assert_ptr_null(sc_world->spare);
	ck_assert_ptr_null(sc_world->slabs);
	traces_look(&traces);
	/* two slabs, and none */
	plan.n_defines = 0;
	plan.n_uses = 100;
	plan.uses = sc_alloc(100 * sizeof(*plan.uses));
	m->state = (char *)&plan;
	ck_assert_int_eq(sc_registry_add(m), 0);
	ck_assert_uint_eq(count(sc_world->keys), 100);
	sc_keys_end();
	ck_assert_ptr_null(sc_world->keys);
	sc_free(plan.uses, 100 * sizeof(*plan.uses));
	traces_same(&traces);
}
END_TEST

/* -------------------------------------------------- in a child of fork() */

/* Some keys of the program were copied before their entries were. */
START_TEST(test_child_restores_keys)
{
	struct sc_key *entry;

	setup();
	entry = sc_registry_find(keys);
	if (_i & 1)
		keys[0].static_call_entry = NULL;
	if (_i & 2)
		keys[0].static_call_owner = NULL;
	if (_i & 4)
		keys[0].func = (void *)two;
	sc_registry_repair();
	ck_assert_ptr_eq(sc_registry_find(keys), entry);
	ck_assert_ptr_eq(keys[0].func, (void *)one);
	ck_assert_uint_eq(count(sc_world->keys), 3);
}
END_TEST

/* What cannot be known to be there is not written. */
START_TEST(test_child_leaves_other_keys_alone)
{
	size_t at = _i ? 2 : 0;

	if (_i) {
		setup();
		add(&user);
	} else {
		setup_stuck();
	}
	keys[at].static_call_owner = NULL;
	keys[at].func = (void *)two;
	sc_registry_repair();
	ck_assert_ptr_null(keys[at].static_call_owner);
	ck_assert_ptr_eq(keys[at].func, (void *)two);
	ck_assert_uint_eq(sc_world->n_stuck, !_i);
	ck_assert_uint_eq(sc_world->n_unowned, _i ? 2 : 0);
}
END_TEST

/* Places are linked again by the backend; what is spare is spare again. */
START_TEST(test_child_makes_the_lists_anew)
{
	size_t spare;
	struct sc_key *entry;

	setup();
	spare = count(sc_world->spare);
	entry = sc_registry_find(keys);
	entry->n_places = 5;
	entry->places = (struct sc_place *)entry;
	sc_registry_repair();
	ck_assert_uint_eq(entry->n_places, 0);
	ck_assert_ptr_null(entry->places);
	ck_assert_uint_eq(count(sc_world->keys), 3);
	ck_assert_uint_eq(count(sc_world->spare), spare);
}
END_TEST

/* One that was coming or going is not known, nor are its keys. */
START_TEST(test_child_finishes_the_moving_module)
{
	struct sc_module *other, *m = setup();

	other = add(&user);
	sc_world->moving = m;
	sc_registry_repair();
	ck_assert_ptr_eq(sc_world->modules, other);
	ck_assert_ptr_null(other->next);
	ck_assert_ptr_null(sc_registry_find(keys));
	ck_assert_ptr_nonnull(sc_registry_find(&single));
	ck_assert_uint_eq(count(sc_world->keys), 3);
}
END_TEST

/* As in the middle of an update of two keys: one is stored. */
static void store_one_of_two(void)
{
	struct sc_plan *p = &sc_world->plan;
	size_t i;

	ck_assert_int_eq(sc_plan_reserve_keys(p, 2), 0);
	p->n_keys = 2;
	for (i = 0; i < 2; i++)
		p->keys[i] = (struct sc_plan_key){
			.key = keys + i,
			.entry = sc_registry_find(keys + i),
			.func = (void *)two,
		};
	sc_registry_store(p->keys);
}

START_TEST(test_child_stores_the_rest_of_an_update)
{
	setup();
	store_one_of_two();
	sc_world->storing = _i ? &sc_world->plan : NULL;
	sc_repair_after_fork();
	ck_assert_ptr_null(sc_world->storing);
	ck_assert_ptr_eq(keys[0].func, (void *)two);
	ck_assert_ptr_eq(keys[1].func, _i ? (void *)two : (void *)one);
	ck_assert_ptr_eq(sc_registry_find(keys + 1)->target, keys[1].func);
	ck_assert_int_eq(fake.repairs, 1);
	ck_assert_int_eq(fake.repaired_modules, 1);
}
END_TEST

/* Each key gets a place, but for the last definition. */
static void link_again(void)
{
	struct sc_key *entry;

	for (entry = sc_world->keys; entry; entry = entry->next)
		if (entry->key != &single)
			entry->places = (struct sc_place *)entry;
}

/* What has places and is ours is patched again, to what it holds. */
START_TEST(test_child_patches_again)
{
	struct sc_module *m = setup();

	add(&user);
	ck_assert_int_eq(__static_call_update(keys + 1, NULL, (void *)two),
			 0);
	fake.commits = 0;
	fake.during_repair = link_again;
	fake.prepare_error = _i == 1 ? -EBUSY : 0;
	if (_i == 2) {
		m->stuck = -EMFILE;
		fake.is_mapped = true;
	}
	sc_world->moving = NULL;
	sc_repair_after_fork();
	ck_assert_int_eq(fake.commits, _i != 1);
	ck_assert_uint_eq(fake.n_changing, _i == 2 ? 0 : 2);
	if (_i == 2)
		return;
	ck_assert(fake.changing[0] == keys || fake.changing[1] == keys);
	ck_assert_ptr_eq(fake.targets[fake.changing[0] == keys],
			 (void *)two);
}
END_TEST

/* More keys than a plan has room for from the start. */
START_TEST(test_child_patches_many_keys)
{
	static struct static_call_key many[MAX_KEYS / 2];
	size_t i;

	setup();
	for (i = 0; i < MAX_KEYS / 2; i++)
		many[i].func = (void *)one;
	plan.defines = many;
	plan.n_defines = MAX_KEYS / 2;
	add(&plan);
	fake.prepares = fake.commits = 0;
	fake.during_repair = link_again;
	if (_i)
		sc_alloc_fail_after = 0;
	sc_repair_after_fork();
	ck_assert_int_eq(fake.prepares, !_i);
	ck_assert_int_eq(fake.commits, !_i);
}
END_TEST

/* A child of this child finishes nothing any more. */
START_TEST(test_nothing_moves_in_a_child)
{
	struct sc_module *m = setup();

	sc_world->moving = m;
	sc_repair_after_fork();
	ck_assert_ptr_null(sc_world->moving);
	ck_assert_ptr_null(sc_world->modules);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("stuck");

	tcase_add_test(tc, test_stuck_module_is_kept);
	tcase_add_test(tc, test_stuck_keys_have_no_name);
	tcase_add_test(tc, test_stuck_keys_cannot_be_updated);
	tcase_add_test(tc, test_stuck_module_is_dropped_when_its_text_is_gone);
	tcase_add_test(tc, test_only_stuck_modules_are_dropped);
	tcase_add_test(tc, test_a_module_in_the_place_of_a_stuck_one);
	tcase_add_test(tc, test_stuck_modules_are_dropped_before_one_comes);
	tcase_add_loop_test(tc, test_the_end_drops_stuck_modules, 0, 2);
	tcase_add_test(tc, test_keys_of_others_are_counted);
	tcase_add_test(tc, test_an_entry_of_another_copy_is_not_found);
	tcase_add_test(tc, test_a_definition_may_stay);
	tcase_add_test(tc, test_one_definition_is_forgotten);
	tcase_add_test(tc, test_a_trampoline_is_noted_once);
	tcase_add_test(tc, test_no_first_target);
	tcase_add_test(tc, test_the_end_gives_back_all_memory);
	tcase_add_loop_test(tc, test_child_restores_keys, 0, 8);
	tcase_add_loop_test(tc, test_child_leaves_other_keys_alone, 0, 2);
	tcase_add_test(tc, test_child_makes_the_lists_anew);
	tcase_add_test(tc, test_child_finishes_the_moving_module);
	tcase_add_loop_test(tc, test_child_stores_the_rest_of_an_update, 0, 2);
	tcase_add_loop_test(tc, test_child_patches_again, 0, 3);
	tcase_add_loop_test(tc, test_child_patches_many_keys, 0, 2);
	tcase_add_test(tc, test_nothing_moves_in_a_child);
	return unit_end();
}
