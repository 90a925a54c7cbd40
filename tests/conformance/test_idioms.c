/* SPDX-License-Identifier: MIT */
/*
 * test_idioms.c - the ways in which kernel code uses static calls: tracepoints,
 * a list of operations, a table of hooks, preemption points in asm, updates
 * early in the boot.
 */
#include <stddef.h>

#include "suite.h"

/* ---- a tracepoint: the trampoline's address in a static initialiser ------- */

struct tracepoint {
	const char *name;
	struct static_call_key *key;
	void *tramp;
	void *iterator;
	void *probe;
};

#define DECLARE_TRACE(name)						\
	int trace_iterate_##name(void *data, int value);		\
	extern struct tracepoint trace_point_##name;			\
	DECLARE_STATIC_CALL(tp_func_##name, trace_iterate_##name);	\
	static inline int trace_##name(int value)			\
	{								\
		struct tracepoint *tp = &trace_point_##name;		\
									\
		return tp->probe ?					\
			static_call(tp_func_##name)(tp->probe, value) : 0; \
	}

#define DEFINE_TRACE(tp)						\
	struct tracepoint trace_point_##tp = {				\
		.name = #tp,						\
		.key = &STATIC_CALL_KEY(tp_func_##tp),			\
		.tramp = STATIC_CALL_TRAMP_ADDR(tp_func_##tp),		\
		.iterator = (void *)&trace_iterate_##tp,		\
	};								\
	int trace_iterate_##tp(void *data, int value)			\
	{								\
		return *(int *)data + 2 * value;			\
	}								\
	DEFINE_STATIC_CALL(tp_func_##tp, trace_iterate_##tp)

DECLARE_TRACE(sched)
DECLARE_TRACE(wakeup)
DEFINE_TRACE(sched);
DEFINE_TRACE(wakeup);
EXPORT_STATIC_CALL_GPL(tp_func_sched);

static NOINLINE int probe_first(void *data, int value)
{
	return *(int *)data + 100 * value;
}

static int trace_update(struct tracepoint *tp, void *func)
{
	return __static_call_update(tp->key, tp->tramp, func);
}

START_TEST(test_tracepoint_is_updated_through_its_initialiser)
{
	int data = 5;

#ifdef CONFIG_HAVE_STATIC_CALL
	ck_assert_ptr_nonnull(trace_point_sched.tramp);
	ck_assert_ptr_ne(trace_point_sched.tramp, trace_point_wakeup.tramp);
#else
	ck_assert_ptr_null(trace_point_sched.tramp);
#endif
	ck_assert_int_eq(trace_sched(1), 0);
	trace_point_sched.probe = &data;
	ck_assert_int_eq(trace_sched(1), 7);
	ck_assert_int_eq(trace_update(&trace_point_sched,
				      (void *)probe_first), 0);
	ck_assert_int_eq(trace_sched(1), 105);
	ck_assert_int_eq(trace_wakeup(1), 0);
	ck_assert_int_eq(trace_update(&trace_point_sched,
				      trace_point_sched.iterator), 0);
	ck_assert_int_eq(trace_sched(1), 7);
	trace_point_sched.probe = NULL;
}
END_TEST

/* ---- a list of operations, over a hundred, by X macro ----------------------- */

#define TEN(X, n)							\
	X(n##0) X(n##1) X(n##2) X(n##3) X(n##4)				\
	X(n##5) X(n##6) X(n##7) X(n##8) X(n##9)
#define OPERATIONS(X)							\
	TEN(X, op_a) TEN(X, op_b) TEN(X, op_c) TEN(X, op_d) TEN(X, op_e)	\
	TEN(X, op_f) TEN(X, op_g) TEN(X, op_h) TEN(X, op_i) TEN(X, op_j)	\
	TEN(X, op_k)

#define MEMBER(op)	int (*op)(int x);
struct operations {
	OPERATIONS(MEMBER)
};
static struct operations operations;

#define DECLARE_OP(op)	DECLARE_STATIC_CALL(virt_##op, *operations.op);
OPERATIONS(DECLARE_OP)
#define DEFINE_OP(op)							\
	DEFINE_STATIC_CALL_NULL(virt_##op, *(((struct operations *)0)->op));
OPERATIONS(DEFINE_OP)

static NOINLINE int operation(int x)
{
	return x + 1;
}

static void update_operations(const struct operations *ops)
{
	operations = *ops;
#define UPDATE_OP(op)							\
	static_call_update(virt_##op, operations.op ?			\
			   (void *)operations.op :			\
			   (void *)__static_call_return0);
	OPERATIONS(UPDATE_OP)
}

static NOINLINE int sum_of_operations(int x)
{
	int sum = 0;

#define CALL_OP(op)	sum += static_call(virt_##op)(x);
	OPERATIONS(CALL_OP)
	return sum;
}

START_TEST(test_list_of_operations)
{
	static struct operations ops;
	int n = 0;

#define COUNT_OP(op)	n++;
	OPERATIONS(COUNT_OP)
	ck_assert_int_gt(n, 100);
#define COND_OP(op)	static_call_cond(virt_##op)(1);
	OPERATIONS(COND_OP)
	update_operations(&ops);
	ck_assert_int_eq(sum_of_operations(1), 0);
	ops.op_a0 = ops.op_k9 = operation;
	update_operations(&ops);
	ck_assert_int_eq(sum_of_operations(1), 4);
#define SET_OP(op)	ops.op = operation;
	OPERATIONS(SET_OP)
	update_operations(&ops);
	ck_assert_int_eq(sum_of_operations(1), 2 * n);
}
END_TEST

/* ---- hooks in slots: a table of keys and trampolines ------------------------ */

#define SLOTS(X, hook)	X(hook, 0) X(hook, 1) X(hook, 2)
#define HOOKS(X)	X(file_open) X(inode_create)

struct slot {
	struct static_call_key *key;
	void *tramp;
	int active;
};

typedef int hook_fn(int x);

#define DEFINE_SLOT(hook, n)						\
	DEFINE_STATIC_CALL_NULL(lsm_##hook##_##n, hook_fn);
#define DEFINE_HOOK(hook)	SLOTS(DEFINE_SLOT, hook)
HOOKS(DEFINE_HOOK)

#define SLOT(hook, n)							\
	{ &STATIC_CALL_KEY(lsm_##hook##_##n),				\
	  STATIC_CALL_TRAMP_ADDR(lsm_##hook##_##n), 0 },
#define HOOK(hook)	struct slot hook[3];
static struct table {
	HOOKS(HOOK)
} table = {
#define FILL(hook)	.hook = { SLOTS(SLOT, hook) },
	HOOKS(FILL)
};

#define TRY(hook, n)							\
	if (table.hook[n].active) {					\
		err = static_call(lsm_##hook##_##n)(x);			\
		if (err)						\
			return err;					\
	}
static NOINLINE int security_file_open(int x)
{
	int err;

	SLOTS(TRY, file_open)
	return 0;
}

static NOINLINE int allows(int x)
{
	return x - x;
}

static NOINLINE int refuses(int x)
{
	return -100 - x;
}

static int add_hook(struct slot *slots, int (*hook)(int))
{
	int i, err;

	for (i = 0; i < 3; i++) {
		if (slots[i].active)
			continue;
		err = __static_call_update(slots[i].key, slots[i].tramp,
					   (void *)hook);
		slots[i].active = !err;
		return err;
	}
	return -1;
}

START_TEST(test_table_of_hooks)
{
	ck_assert_int_eq(security_file_open(1), 0);
	ck_assert_int_eq(add_hook(table.file_open, allows), 0);
	ck_assert_int_eq(security_file_open(1), 0);
	ck_assert_int_eq(add_hook(table.file_open, refuses), 0);
	ck_assert_int_eq(security_file_open(1), -101);
	ck_assert_int_eq(add_hook(table.file_open, allows), 0);
	ck_assert_int_eq(add_hook(table.file_open, allows), -1);
	ck_assert_int_eq(security_file_open(2), -102);
}
END_TEST

/* ---- preemption points: asm that calls the trampoline ----------------------- */

static int scheduled;

static NOINLINE void preempt_schedule_default(void)
{
	scheduled++;
}

static NOINLINE void preempt_schedule_other(void)
{
	scheduled += 10;
}

DEFINE_STATIC_CALL(preempt_schedule, preempt_schedule_default);

#if defined(CONFIG_HAVE_STATIC_CALL) && defined(__x86_64__)
/* Steps over the red zone: a kernel has none. */
#define preempt_schedule()						\
do {									\
	__STATIC_CALL_MOD_ADDRESSABLE(preempt_schedule);		\
	__asm__ volatile("lea -136(%%rsp), %%rsp\n\t"			\
			 "call " STATIC_CALL_TRAMP_STR(preempt_schedule)	\
			 "\n\t"						\
			 "lea 136(%%rsp), %%rsp"			\
			 : : : "rax", "rcx", "rdx", "rsi", "rdi", "r8",	\
			 "r9", "r10", "r11", "memory", "cc");		\
} while (0)
#else
#define preempt_schedule()	static_call_mod(preempt_schedule)()
#endif

static NOINLINE int preempted(void)
{
	__STATIC_CALL_ADDRESSABLE(preempt_schedule);

	preempt_schedule();
	return scheduled;
}

START_TEST(test_preemption_point_in_asm)
{
	scheduled = 0;
	ck_assert_int_eq(preempted(), 1);
	static_call_update(preempt_schedule, preempt_schedule_other);
	ck_assert_int_eq(preempted(), 11);
	static_call_update(preempt_schedule, NULL);
	ck_assert_int_eq(preempted(), 11);
	static_call_update(preempt_schedule, preempt_schedule_default);
	ck_assert_int_eq(preempted(), 12);
}
END_TEST

/* ---- early and raw forms ---------------------------------------------------- */

static NOINLINE int clock_jiffies(void)
{
	return 1;
}

static NOINLINE int clock_tsc(void)
{
	return 2;
}

DEFINE_STATIC_CALL(sched_clock, clock_jiffies);

static int at_start;

static __attribute__((constructor)) void select_clock(void)
{
	static_call_update_early(sched_clock, clock_tsc);
	at_start = __raw_static_call(sched_clock)();
}

START_TEST(test_update_early)
{
	ck_assert_int_eq(at_start, 2);
	ck_assert_int_eq(__static_call(sched_clock)(), 2);
	ck_assert(static_call_query(sched_clock) == clock_tsc);
}
END_TEST

/* ---- a first target that is missing ----------------------------------------- */

int optional_driver(int x) __attribute__((weak));
DEFINE_STATIC_CALL(driver, optional_driver);

START_TEST(test_missing_weak_function_is_a_null_call)
{
	ck_assert(static_call_query(driver) == NULL);
	static_call_cond(driver)(1);
	(void)static_call(driver)(1);
	ck_assert_int_eq(static_call_update(driver, operation), 0);
	ck_assert_int_eq(static_call(driver)(1), 2);
	ck_assert_int_eq(static_call_update(driver, optional_driver), 0);
	static_call_cond(driver)(1);
	ck_assert(static_call_query(driver) == NULL);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("idioms");

	tcase_add_test(tc,
		       test_tracepoint_is_updated_through_its_initialiser);
	tcase_add_test(tc, test_list_of_operations);
	tcase_add_test(tc, test_table_of_hooks);
	tcase_add_test(tc, test_preemption_point_in_asm);
	tcase_add_test(tc, test_update_early);
	tcase_add_test(tc, test_missing_weak_function_is_a_null_call);
	return suite_end();
}
