# SPDX-License-Identifier: MIT
# Every file of the tests of fork, exit, load and unload.

processes_files = \
	apart.c \
	apart.h \
	audit.c \
	audited.c \
	deep.c \
	exit_late.c \
	exit_sandboxed.c \
	exit_trace.sh \
	exit_traced.c \
	exported.c \
	exported.h \
	fork_audit.c \
	fork_emulated.sh \
	fork_first_load.c \
	fork_handlers.c \
	fork_host.c \
	fork_kinds.c \
	fork_namespace.c \
	fork_stdio.c \
	fork_steps.c \
	fork_storm.c \
	fork_unwiped.c \
	handlers.c \
	handlers.h \
	hostile.c \
	late.c \
	late.h \
	late_subject.c \
	late_updates.c \
	late_updates.h \
	oldlock.c \
	oldlock.h \
	paired.c \
	paired.h \
	plugin_after.c \
	plugin_exported.c \
	plugin_plain.c \
	plugin_plain.h \
	plugin_reads.c \
	program_subject.c \
	sandbox.c \
	sandbox.h \
	sandbox_broker.c \
	start_up.c \
	stopper.c \
	stopper.h \
	stopper_calls.c \
	stopper_letters.c \
	subject.c \
	subject.h \
	subject_load.c \
	unload.c \
	unload_copy.c \
	unload_steps.c
