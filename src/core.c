/* SPDX-License-Identifier: MIT */
/*
 * core.c - the public functions: arguments, the lock, and the commit.
 *
 * An update stores keys with release; a call loads its key with acquire, or has
 * been changed to run the new target.  So a call that begins after an update
 * sees everything written before it.
 */
#include "sc_config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include <static_call/api.h>

#include "backend.h"
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "registry.h"
#include "sync.h"
#include "targets.h"

static atomic_int initialized;
static atomic_flag fork_handlers = ATOMIC_FLAG_INIT;

/* ------------------------------------------------------ initialisation */

/* fork(): the child must not inherit an update half done. */
static int fork_locked;

static void before_fork(void)
{
	fork_locked = sc_lock() == 0;
}

static void after_fork_in_parent(void)
{
	if (fork_locked)
		sc_unlock();
}

static void after_fork_in_child(void)
{
	if (fork_locked)
		sc_unlock_child();
}

static int is_set(const char *name, char value)
{
	const char *s = getauxval(AT_SECURE) ? NULL : getenv(name);

	return s && s[0] == value && s[1] == '\0';
}

int static_call_init(void)
{
	int saved = errno;

	if (atomic_load(&initialized))
		return 0;
	/* Not with our lock: fork() takes the two in the other order. */
	if (!atomic_flag_test_and_set(&fork_handlers))
		pthread_atfork(before_fork, after_fork_in_parent,
			       after_fork_in_child);
	if (sc_lock())
		return 0;
	if (!atomic_load(&initialized)) {
		bool patch = !is_set("STATIC_CALL_PATCH", '0');

		sc_log_enable(is_set("STATIC_CALL_DEBUG", '1'));
		/* Whoever forbids patching may kill for the system calls. */
		if (patch)
			sc_sync_init();
		sc_backend_start(patch);
		sc_log("backend", sc_backend_name(), sc_backend_reason(), 0);
		atomic_store(&initialized, 1);
	}
	sc_unlock();
	errno = saved;
	return 0;
}

int static_call_is_initialized(void)
{
	return atomic_load(&initialized);
}

/* -------------------------------------------------------------- update */

static void *stored(void *func)
{
	return func ? func : (void *)&__static_call_nop;
}

/*
 * Checks a batch and links the keys that have entries into *changing.  While it
 * is under way each of its keys is marked, by which a second mention shows.
 */
static int collect(const struct static_call_change *changes, size_t n,
		   struct sc_key **changing)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct static_call_key *key = changes[i].key;
		struct sc_key *entry;

		if (!key || key->static_call_spare)
			break;
		if (sc_registry_is_foreign(key))
			break;
		key->static_call_spare = key;
		entry = sc_registry_find(key);
		if (!entry)
			continue;
		entry->target = stored(changes[i].func);
		entry->next_changing = *changing;
		*changing = entry;
	}
	if (i == n)
		return 0;
	n = i;
	for (i = 0; i < n; i++)
		changes[i].key->static_call_spare = NULL;
	return changes[n].key && sc_registry_is_foreign(changes[n].key) ?
		       -EPERM : -EINVAL;
}

/* What the system said, as one of the errors that an update may return. */
static int documented(int err)
{
	switch (-err) {
	case 0:
	case EINVAL:
	case ENOMEM:
	case EBUSY:
	case EDEADLK:
	case EPERM:
	case EACCES:
	case EMFILE:
	case ENFILE:
	case EIO:
	case ENOSYS:
		return err;
	default:
		/* ENOENT is /proc that is not there. */
		return -EACCES;
	}
}

/* A target that was refused must not be in the way of a later update. */
static void forget_targets(struct sc_key *changing)
{
	for (; changing; changing = changing->next_changing)
		changing->target = changing->key->func;
}

static int update(const struct static_call_change *changes, size_t n)
{
	struct sc_key *changing = NULL;
	size_t i;
	int err;

	err = collect(changes, n, &changing);
	if (err) {
		forget_targets(changing);
		return err;
	}
	err = documented(sc_backend_prepare(changing));
	for (i = 0; i < n; i++) {
		struct static_call_key *key = changes[i].key;

		key->static_call_spare = NULL;
		if (!err)
			__atomic_store_n(&key->func, stored(changes[i].func),
					 __ATOMIC_RELEASE);
	}
	if (err) {
		forget_targets(changing);
		return err;
	}
	sc_backend_commit();
	sc_sync_threads();
	return 0;
}

int static_call_update_batch(const struct static_call_change *changes, size_t n)
{
	int saved = errno, err;

	if (!n)
		return 0;
	if (!changes)
		return -EINVAL;
	err = sc_lock();
	if (!err) {
		err = update(changes, n);
		if (sc_log_enabled()) {
			struct sc_key *entry = changes[0].key ?
				sc_registry_find(changes[0].key) : NULL;

			sc_log("update", entry ? entry->name : "", NULL, err);
		}
		sc_unlock();
	}
	errno = saved;
	return err;
}

int __static_call_update(struct static_call_key *key, void *tramp, void *func)
{
	struct static_call_change change = { key, func };

	(void)tramp;
	return static_call_update_batch(&change, 1);
}

void *__static_call_query(const struct static_call_key *key)
{
	void *func = __atomic_load_n(&key->func, __ATOMIC_ACQUIRE);

	return sc_target_kind(func) == SC_TARGET_NULL ? NULL : func;
}

/* ------------------------------------------- generic definitions */

void static_call_define(struct static_call_definition *def)
{
	struct static_call_key *key = def->static_call_def_key;
	int saved = errno;

	static_call_init();
	if (sc_lock() == 0) {
		sc_log("define", def->static_call_def_name, NULL,
		       sc_registry_define(key, def->static_call_def_name));
		sc_unlock();
	}
	errno = saved;
}

void static_call_undefine(struct static_call_definition *def)
{
	int saved = errno;

	if (sc_lock() == 0) {
		sc_registry_undefine(def->static_call_def_key);
		sc_unlock();
	}
	errno = saved;
}

/* ----------------------------------------------------------- reporting */

const char *static_call_backend(void)
{
	return sc_backend_name();
}

int static_call_get_info(struct static_call_info *info)
{
	struct static_call_info now = { .backend = sc_backend_name() };
	size_t size;
	int err;

	if (!info || info->size < offsetof(struct static_call_info, reason))
		return -EINVAL;
	static_call_init();
	err = sc_lock();
	if (err)
		return err;
	now.reason = sc_backend_reason();
	now.patching = !now.reason;
	sc_registry_count(&now);
	sc_backend_count(&now);
	sc_unlock();
	size = info->size < sizeof(now) ? info->size : sizeof(now);
	now.size = size;
	memcpy(info, &now, size);
	return 0;
}

int static_call_text_reserved(const void *start, const void *end)
{
	int ret;

	if ((const char *)start > (const char *)end)
		return -EINVAL;
	ret = sc_lock();
	if (ret)
		return ret;
	ret = sc_backend_reserved(start, end);
	sc_unlock();
	return ret;
}
