/* SPDX-License-Identifier: MIT */
/*
 * transport.c - a table of operations, switched as one batch.
 *
 * The table stays: it is how a transport is described and chosen.  The calls do not go
 * through it, but through one static call for each operation, and all of them change in
 * one update, which costs little more than the update of one.
 *
 * While the batch is under way, a call on another thread may see one operation changed
 * and another not.  So switch where no operation is half done, as here; or let each
 * operation work after any other.
 */
#include <stdio.h>
#include <string.h>

#include <static_call.h>

struct transport {
	const char *name;
	size_t (*pack)(char *to, const char *from);
	size_t (*unpack)(char *to, const char *from);
	void (*report)(size_t bytes);
};

static size_t copy(char *to, const char *from)
{
	return strlen(strcpy(to, from));
}

static void report_nothing(size_t bytes)
{
	(void)bytes;
}

/* A letter and how often it comes: "aaab" is "a3b1". */
static size_t shorten(char *to, const char *from)
{
	char *begin = to;

	while (*from) {
		int n = 1;

		while (n < 9 && from[n] == *from)
			n++;
		*to++ = *from;
		*to++ = (char)('0' + n);
		from += n;
	}
	*to = '\0';
	return (size_t)(to - begin);
}

static size_t lengthen(char *to, const char *from)
{
	char *begin = to;

	for (; *from; from += 2) {
		memset(to, from[0], (size_t)(from[1] - '0'));
		to += from[1] - '0';
	}
	*to = '\0';
	return (size_t)(to - begin);
}

static void report_size(size_t bytes)
{
	printf("  %zu bytes on the line\n", bytes);
}

static const struct transport plain = {
	"plain", copy, copy, report_nothing
};
static const struct transport packed = {
	"packed", shorten, lengthen, report_size
};

DEFINE_STATIC_CALL(transport_pack, copy);
DEFINE_STATIC_CALL(transport_unpack, copy);
DEFINE_STATIC_CALL(transport_report, report_nothing);

/* All operations change, or none does. */
static int use(const struct transport *t)
{
	const struct static_call_change changes[] = {
		STATIC_CALL_CHANGE(transport_pack, t->pack),
		STATIC_CALL_CHANGE(transport_unpack, t->unpack),
		STATIC_CALL_CHANGE(transport_report, t->report),
	};
	int err = static_call_update_batch(changes, 3);

	if (!err)
		printf("%s\n", t->name);
	return err;
}

static void send_text(const char *text)
{
	char line[100], arrived[100];
	size_t bytes = static_call(transport_pack)(line, text);

	static_call(transport_report)(bytes);
	static_call(transport_unpack)(arrived, line);
	printf("  sent %s, arrived %s\n", line, arrived);
}

int main(void)
{
	const struct transport *order[] = { &plain, &packed, &plain };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (use(order[i]))
			return 1;
		send_text("aaaaaabbb");
	}
	return 0;
}
