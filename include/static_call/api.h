/* SPDX-License-Identifier: MIT */
/*
 * static_call/api.h - the functions of libstaticcall and their types.
 *
 * Programs include <static_call.h>, never this file.
 *
 * Errors.  A function that can fail returns 0 or one of these, negated, and
 * then nothing has changed:
 *
 *   EINVAL   an argument is wrong: a NULL pointer, a key twice in one batch,
 *            a size that no version of the structure had
 *   ENOMEM   no memory or address space to prepare the change
 *   EBUSY    a debugger or another patcher holds one of the places in a form
 *            that cannot be changed under it; or a library that has left could
 *            not be given back, and is still mapped
 *   EDEADLK  this thread is inside the library already: a debugger stopped it
 *            there and calls from it.  No signal handler does, for signals are
 *            blocked there, but for those that an instruction raises
 *   EPERM    the key belongs to another copy of the library, this copy has been
 *            unloaded, or the system forbids the change
 *   EACCES   the system forbids access to the process's own text or maps
 *   EMFILE   no file descriptor left in the process
 *   ENFILE   no file descriptor left in the system
 *   EIO      the file behind the text could not be read
 *   ENOSYS   the kernel lacks what undoing an earlier patch needs
 *
 * Prototypes have no parameter names, which a macro of the program could break;
 * the comments have them.
 *
 * Threads and signals.  Every function here may be called from any thread at
 * any time.  Making a static call is async-signal-safe; the functions here are
 * not, for they may wait for another thread.  None of them waits for its own
 * thread: it returns -EDEADLK.
 */
#ifndef STATIC_CALL_API_H
#define STATIC_CALL_API_H

#include <static_call/types.h>

#ifdef __GNUC__
#pragma GCC system_header
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifdef STATIC_CALL_BUILDING_LIBRARY
#define __static_call_api	__attribute__((__visibility__("default")))
#else
#define __static_call_api
#endif

/*
 * __static_call_return0() - the target of a RET0 static call: returns 0.
 *
 * One function with one address for each copy of the library; an update to it
 * makes the call a RET0 call.  It stands in for any function whose result
 * clearing the first integer result register produces: void, bool, integers up
 * to long, pointers.  Updating a call of another type to it, through void *,
 * is the caller's promise that the result is not used.
 */
__static_call_api long __static_call_return0(void);

/*
 * __static_call_nop() - what the key of a NULL static call holds.
 *
 * Not for programs: pass NULL to static_call_update().
 */
__static_call_api void __static_call_nop(void);

/*
 * __static_call_update(key, tramp, func) - change the target of the static call of @key.
 *
 * What static_call_update() is made of, for keys chosen at run time.  @tramp
 * is ignored (the kernel's prototype has it) and may be NULL.  @func must have
 * the type the call was declared with; NULL makes it a NULL call.
 *
 * Returns 0 or a negative error of the list above.
 */
__static_call_api int __static_call_update(struct static_call_key *, void *,
					   void *);

/*
 * __static_call_query(key) - the current target of the static call of @key, NULL
 * for a NULL call.  Lock-free and async-signal-safe.
 */
__static_call_api void *__static_call_query(const struct static_call_key *);

/* One change of a batch; written with STATIC_CALL_CHANGE(). */
struct static_call_change {
	struct static_call_key *key;
	void *func;
};

/*
 * static_call_update_batch(changes, n) - change @n static calls in one transaction.
 *
 * All or nothing, at the price of one synchronisation.  A call that runs
 * meanwhile may see some keys changed and others not; after the return every
 * call sees all.  @n may be 0.  A key twice: -EINVAL.
 *
 * Returns 0 or a negative error of the list above.
 */
__static_call_api int
static_call_update_batch(const struct static_call_change *, size_t);

/*
 * static_call_init() - initialise the library.
 *
 * There is no need to call it: each module that holds static calls does so as
 * it is loaded.  It exists because the kernel has it.  Returns 0.
 */
__static_call_api int static_call_init(void);

/* What the macro static_call_initialized reads. */
__static_call_api int static_call_is_initialized(void);

/*
 * static_call_initialized - 1 once the library has been initialised (before
 * main() in any program with static calls), else 0.
 */
#define static_call_initialized	(static_call_is_initialized())

/*
 * static_call_text_reserved(start, end) - is any byte of [@start, @end] part of
 * a place that the library may patch?
 *
 * For other patchers and debuggers.  As in the kernel @end is included.
 * Returns 1, 0, or a negative error (EINVAL, EDEADLK, ENOMEM, EPERM).
 */
__static_call_api int static_call_text_reserved(const void *, const void *);

/* static_call_backend() - "generic", "trampoline" or "inline". */
__static_call_api const char *static_call_backend(void);

/*
 * struct static_call_info - the state of the library in this process.
 *
 * The caller sets @size to sizeof(struct static_call_info); later versions may
 * append members, and fill no more than @size bytes.
 */
struct static_call_info {
	size_t size;
	const char *backend;	/* as static_call_backend() */
	int patching;		/* 1: text is being patched */
	const char *reason;	/* why calls are not direct; NULL: they are */
	size_t modules;		/* programs and libraries with static calls */
	size_t keys;		/* static calls defined in them */
	size_t sites;		/* places that could be patched */
	size_t sites_patched;	/* of these: direct now */
	/* Places that go through the trampoline (or the key), and why: */
	size_t sites_far;	/* target out of reach */
	size_t sites_crossing;	/* crosses a page boundary: never patched */
	size_t sites_foreign;	/* bytes there are not what a linker leaves */
	size_t sites_unsafe;	/* in text that cannot be swapped safely */
	size_t sites_waiting;	/* patching is off, or failed; tried again */
	/* Of the modules: linked without the build hook, so none of the above. */
	size_t modules_without_hook;
	/* What has happened so far; a child of fork() goes on counting. */
	size_t updates;			/* returned 0; a batch is one */
	size_t updates_refused;		/* returned an error */
	size_t copies_dropped;		/* runs of pages not made direct again */
	size_t sites_given_up;		/* in text given back to its file */
};

/*
 * static_call_get_info(info) - fill @info, whose @size the caller has set.
 *
 * Returns 0, or -EINVAL (NULL, or a size that ends before the member @reason),
 * -EDEADLK, -ENOMEM, -EPERM.
 */
__static_call_api int static_call_get_info(struct static_call_info *);

/* struct static_call_key_info - what static_call_for_each_key() tells. */
struct static_call_key_info {
	size_t size;		/* of this structure, set by the library */
	const char *name;	/* without prefix; "" if it is not known */
	struct static_call_key *key;
	void *func;		/* current target, NULL for a NULL call */
	size_t sites;		/* places known for it */
	size_t sites_patched;
};

/*
 * static_call_for_each_key(fn, arg) - call @fn for each static call known.
 *
 * @fn runs without any lock of the library.  It may update, load and unload, may
 * outlive the key that it is told of if another thread unloads a module, and may
 * end the walk by longjmp() or a C++ exception.  It is told of each key that is
 * known from the beginning of the walk to its end; of one that comes or goes
 * meanwhile, perhaps.  Strings and pointers are good during the callback only,
 * and a name of more than 2047 bytes is cut.  A non-zero result of @fn ends the
 * walk and is returned.
 *
 * Returns 0, the result of @fn, or -EINVAL, -EDEADLK, -ENOMEM, -EPERM.
 */
__static_call_api int
static_call_for_each_key(int (*)(const struct static_call_key_info *, void *),
			 void *);

/*
 * static_call_find(name) - the key of the static call @name, for a program that is
 * told names by its user.
 *
 * Returns NULL if no static call of this copy of the library has the name, or if
 * several have (static ones of different files, those of plugins): then
 * static_call_for_each_key() tells them all.  Also NULL where that would return
 * an error.  The key goes when its module is unloaded.  It is updated by
 * __static_call_update() or static_call_update_batch(), with a target of the type
 * that the static call was declared with.
 */
__static_call_api struct static_call_key *static_call_find(const char *);

/* What a place is, in struct static_call_site_info. */
enum static_call_site_kind {
	STATIC_CALL_KIND_CALL = 0,	/* call, 5 bytes */
	STATIC_CALL_KIND_CALL6 = 1,	/* call, 6 bytes (-fno-plt) */
	STATIC_CALL_KIND_TAIL = 2,	/* jump: tail call, 5 bytes */
	STATIC_CALL_KIND_TAIL6 = 3,	/* jump, 6 bytes (-fno-plt) */
	STATIC_CALL_KIND_COND = 4,	/* conditional jump, 6 bytes */
	STATIC_CALL_KIND_TRAMP = 5,	/* the trampoline itself */
};

/* How a place stands, in struct static_call_site_info. */
enum static_call_site_state {
	STATIC_CALL_SITE_PATCHED = 0,	/* direct */
	STATIC_CALL_SITE_FAR = 1,	/* the counts of static_call_info */
	STATIC_CALL_SITE_CROSSING = 2,
	STATIC_CALL_SITE_FOREIGN = 3,
	STATIC_CALL_SITE_UNSAFE = 4,
	STATIC_CALL_SITE_WAITING = 5,
};

/* struct static_call_site_info - what static_call_for_each_site() tells. */
struct static_call_site_info {
	size_t size;		/* of this structure, set by the library */
	const void *addr;	/* first byte of the instruction */
	size_t len;		/* its length */
	int kind;		/* enum static_call_site_kind */
	int state;		/* enum static_call_site_state */
	struct static_call_key *key;	/* NULL: its module is gone */
	const char *name;	/* of the key; "" if it is not known */
};

/*
 * static_call_for_each_site(fn, arg) - call @fn for each place that the library may
 * patch: call sites with the inline backend, trampolines with the trampoline
 * backend, none with the generic one.  Otherwise as static_call_for_each_key().
 */
__static_call_api int
static_call_for_each_site(int (*)(const struct static_call_site_info *, void *),
			  void *);

/*
 * Helpers of the header, not for programs.  The argument is one byte of the
 * calling module, by whose address the library knows it.  The name of the first tells
 * the backend, so that a program compiled with the headers of one backend does
 * not link with the library of another.
 */
__static_call_api void static_call_headers_are_for_backend_generic(char *);
__static_call_api void static_call_headers_are_for_backend_trampoline(char *);
__static_call_api void static_call_headers_are_for_backend_inline(char *);
__static_call_api void static_call_module_leave(char *);
__static_call_api void static_call_define(struct static_call_definition *);
__static_call_api void static_call_undefine(struct static_call_definition *);

#ifdef __cplusplus
}
#endif

#endif /* STATIC_CALL_API_H */
