/* SPDX-License-Identifier: MIT */
/*
 * target_left.c - the log names the keys whose target is unloaded with its library,
 * once, whether that has static calls or not; and none as the process ends.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <static_call.h>

#include "apart.h"
#include "late.h"
#include "subject.h"

static void set_nothing(void (*func)(void))
{
	(void)func;
}

static const struct subject *no_subject(void)
{
	return NULL;
}

DEFINE_STATIC_CALL(call_of_plain, set_nothing);
DEFINE_STATIC_CALL(call_of_plugin, no_subject);

static void *load(const char *library)
{
	void *handle = dlopen(apart_path(library), RTLD_NOW);

	expect(handle);
	return handle;
}

/* The library has no static calls. */
static void *lead_to_plain(void)
{
	void *handle = load("libafter.so");
	__typeof__(late_set) *func;

	*(void **)&func = dlsym(handle, "late_set");
	expect_equal(static_call_update(call_of_plain, func), 0);
	return handle;
}

/* The plugin's own keys lead to it as well. */
static void *lead_to_plugin(void)
{
	void *handle = load("plugin.so");
	__typeof__(program_subject) *func;

	*(void **)&func = dlsym(handle, SUBJECT_OF_PLUGIN);
	expect_equal(static_call_update(call_of_plugin, func), 0);
	return handle;
}

/* --------------------------------------------------- parts, with the log on */

static void log_to_output(void)
{
	expect(dup2(STDOUT_FILENO, STDERR_FILENO) == STDERR_FILENO);
}

static void plain_leaves(void)
{
	log_to_output();
	dlclose(lead_to_plain());
}

static void plugin_leaves(void)
{
	log_to_output();
	dlclose(lead_to_plugin());
}

/* Many updates, and a library that is loaded again. */
static void both_leave_twice(void)
{
	int i;

	log_to_output();
	for (i = 0; i < 2; i++) {
		void *plain, *plugin;

		lead_to_plain();
		plain = lead_to_plain();
		lead_to_plugin();
		plugin = lead_to_plugin();
		dlclose(plain);
		dlclose(plain);
		dlclose(plugin);
		dlclose(plugin);
	}
}

static void led_elsewhere(void)
{
	void *plain, *plugin;

	log_to_output();
	plain = lead_to_plain();
	plugin = lead_to_plugin();
	expect_equal(static_call_update(call_of_plain, set_nothing), 0);
	expect_equal(static_call_update(call_of_plugin, no_subject), 0);
	dlclose(plain);
	dlclose(plugin);
}

static void process_ends(void)
{
	log_to_output();
	lead_to_plain();
	lead_to_plugin();
}

/* ------------------------------------------------------------------ cases */

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* Each of the two calls is named so often, and nothing else. */
static void names(const char *part, unsigned int plain, unsigned int plugin)
{
	static char output[65536];

	setenv("STATIC_CALL_DEBUG", apart_is_control() ? "0" : "1", 1);
	expect_equal(apart_run(part, output, sizeof(output)), 0);
	expect_equal(count(output, "key call_of_plain: its target leaves"), plain);
	expect_equal(count(output, "key call_of_plugin: its target leaves"), plugin);
	expect_equal(count(output, "its target leaves"), plain + plugin);
}

static void unloaded(void)
{
	names("plain leaves", 1, 0);
	names("plugin leaves", 0, 1);
	names("both leave twice", 2, 2);
}

static void nothing_led_there(void)
{
	names("led elsewhere", 0, 0);
}

static void exited(void)
{
	names("process ends", 0, 0);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a key whose target is unloaded is named", unloaded,
		  APART_TEST },
		{ "a key that leads elsewhere is not", nothing_led_there,
		  APART_TEST },
		{ "none is named as the process ends", exited, APART_TEST },
		{ "control: without the log none is named", unloaded,
		  APART_CONTROL },
		{ "plain leaves", plain_leaves, APART_PART },
		{ "plugin leaves", plugin_leaves, APART_PART },
		{ "both leave twice", both_leave_twice, APART_PART },
		{ "led elsewhere", led_elsewhere, APART_PART },
		{ "process ends", process_ends, APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
