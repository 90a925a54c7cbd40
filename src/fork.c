/* SPDX-License-Identifier: MIT */
/*
 * fork.c - a child of fork() repairs what it has inherited.
 *
 * There is no handler and no lock held across fork(): a handler would wait for
 * locks of the program, and many ways to make a child run none.  The child finds
 * at its first use of the lock that the mark is gone (lock.h), and comes here.
 * Calls were right before: text was pristine, or led to what the key held.
 *
 * Beside a thread that updates in a loop most children are born in the middle of
 * an update, for fork() waits for the same lock of the kernel as an update does.
 * So this is no rare path.  It must be simple, and it is the same wherever the
 * parent was:
 *
 *   1  store_the_rest()	an update that had stored one key stores all
 *   2  sc_registry_repair()	a module that was coming or going is none;
 *				lists and keys are made from the entries
 *   3  sc_backend_repair()	each text is given back to its file; places
 *				are linked to the keys that are left
 *   4  sc_patch_again()	as at load
 *
 * Nothing here trusts a list, a count or a key of the program, but the facts of
 * world.h alone; nothing asks the dynamic loader, whose lists may be half
 * changed in the child as well.
 *
 * What is done here may be cut off by another fork(), and is done again then;
 * so each step leads to the same end from wherever it begins.
 *
 * Left over in such a child, until it ends or executes another program: memory
 * that the parent had mapped or unlinked and not yet noted or freed.  That is at
 * most the tables of one module, the old or the new room of a plan or of the
 * ranges, an arena with what is in it, the second view of a file, two single pages
 * without access beside the text (move.c), and descriptors that were open and
 * not noted, which are closed on exec.  To look for them would mean to guess
 * whose they are.
 */
#include "sc_config.h"

#include "backend.h"
#include "fork.h"
#include "registry.h"
#include "repatch.h"
#include "valgrind.h"
#include "world.h"

/*
 * An update whose keys were being stored is completed: nobody tells the child
 * which ones were, and the plan has all of them.
 */
static void store_the_rest(void)
{
	struct sc_plan *plan = sc_world->storing;
	size_t i;

	for (i = 0; plan && i < plan->n_keys; i++)
		sc_registry_store(plan->keys + i);
	sc_world->storing = NULL;
}

/*
 * @moving is cleared when nothing depends on it any more: a child of this child
 * that is born before finishes the same module in the same way.
 */
void sc_repair_after_fork(void)
{
	sc_valgrind_inherit(sc_world, sizeof(*sc_world));
	sc_plan_inherit(&sc_world->plan);
	store_the_rest();
	sc_registry_repair();
	sc_backend_repair(sc_world->modules);
	sc_world->moving = NULL;
	/* A stuck module whose text has been given back by now. */
	sc_registry_purge();
	sc_patch_again();
}
