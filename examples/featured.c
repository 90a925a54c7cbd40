/* SPDX-License-Identifier: MIT */
/*
 * featured.c - featured SOCKET: a daemon whose features are switched through a control
 * socket while it runs; featurectl.c is the client.
 *
 * A feature that is off is a NULL call.  When the command has returned, the socket
 * takes connections and the daemon runs in the background.  A packet on the socket is
 * one command or one answer.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <static_call.h>

#define ANSWER	512

/* Each feature changes the text of an answer. */
typedef void feature_fn(char *text);

static void shout(char *text)
{
	for (; *text; text++)
		*text = (char)toupper((unsigned char)*text);
}

static void mask_digits(char *text)
{
	for (; *text; text++)
		if (isdigit((unsigned char)*text))
			*text = '#';
}

DEFINE_STATIC_CALL_NULL(feature_shout, feature_fn);
DEFINE_STATIC_CALL_NULL(feature_mask, feature_fn);

/* The table knows the keys; the calls do not go through it. */
static const struct feature {
	const char *name;
	struct static_call_key *key;
	feature_fn *fn;
} features[] = {
	{ "shout", &STATIC_CALL_KEY(feature_shout), shout },
	{ "mask", &STATIC_CALL_KEY(feature_mask), mask_digits },
};

#define FEATURES	(sizeof(features) / sizeof(features[0]))

static void switch_feature(const char *name, int on, char *answer)
{
	const struct feature *f;
	int err;

	for (f = features; f < features + FEATURES; f++) {
		if (strcmp(f->name, name))
			continue;
		err = __static_call_update(f->key, NULL, on ? (void *)f->fn : NULL);
		snprintf(answer, ANSWER, err ? "%s: %s" : "%s is %s", name,
			 err ? strerror(-err) : on ? "on" : "off");
		return;
	}
	snprintf(answer, ANSWER, "there is no feature %s", name);
}

static void list(char *answer)
{
	const struct feature *f;
	int n = 0;

	for (f = features; f < features + FEATURES; f++)
		n += snprintf(answer + n, ANSWER - (size_t)n, "%s%s %s",
			      n ? ", " : "", f->name,
			      __static_call_query(f->key) ? "on" : "off");
}

/* The work, with the features in it. */
static void echo(const char *text, char *answer)
{
	snprintf(answer, ANSWER, "%s", text);
	static_call_cond(feature_mask)(answer);
	static_call_cond(feature_shout)(answer);
}

/* Returns 1 when the daemon shall end. */
static int obey(const char *line, char *answer)
{
	if (!strncmp(line, "echo ", 5))
		echo(line + 5, answer);
	else if (!strncmp(line, "on ", 3))
		switch_feature(line + 3, 1, answer);
	else if (!strncmp(line, "off ", 4))
		switch_feature(line + 4, 0, answer);
	else if (!strcmp(line, "list"))
		list(answer);
	else
		snprintf(answer, ANSWER, strcmp(line, "stop") ?
			 "try echo TEXT, on NAME, off NAME, list, stop" : "bye");
	return !strcmp(line, "stop");
}

static void serve(int listener)
{
	char line[ANSWER], answer[ANSWER];
	int client, end = 0;
	ssize_t n;

	while (!end && (client = accept(listener, NULL, NULL)) >= 0) {
		n = read(client, line, sizeof(line) - 1);
		if (n > 0) {
			line[n] = '\0';
			end = obey(line, answer);
			if (write(client, answer, strlen(answer)) < 0)
				perror("featured");
		}
		close(client);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: featured SOCKET\n");
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 8) || daemon(1, 0)) {
		perror("featured");
		return 1;
	}
	serve(listener);
	return unlink(argv[1]) != 0;
}
