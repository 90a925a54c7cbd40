# SPDX-License-Identifier: MIT
# Every file of the tests of fork, exit, load and unload.

processes_files = \
	apart.c \
	apart.h \
	audit.c \
	audited.c \
	exported.c \
	exported.h \
	fork_audit.c \
	fork_first_load.c \
	fork_handlers.c \
	fork_host.c \
	fork_kinds.c \
	fork_namespace.c \
	fork_stdio.c \
	fork_steps.c \
	fork_storm.c \
	handlers.c \
	handlers.h \
	oldlock.c \
	oldlock.h \
	plugin_exported.c \
	program_subject.c \
	stopper.c \
	stopper.h \
	stopper_calls.c \
	stopper_letters.c \
	subject.c \
	subject.h \
	subject_load.c
