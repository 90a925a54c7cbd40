# SPDX-License-Identifier: MIT
# Every file of the tests of fork, exit, load and unload.

processes_files = \
	apart.c \
	apart.h \
	exported.c \
	exported.h \
	fork_first_load.c \
	fork_handlers.c \
	fork_host.c \
	fork_stdio.c \
	fork_steps.c \
	handlers.c \
	handlers.h \
	oldlock.c \
	oldlock.h \
	plugin_exported.c \
	program_subject.c \
	stopper.c \
	stopper.h \
	subject.c \
	subject.h \
	subject_load.c
