/* SPDX-License-Identifier: MIT */
/*
 * beside_xray.c - beside_xray UPDATES THREADS: XRay patches and unpatches all
 * functions between updates of a call on the same page, while THREADS make it.  Exit
 * status 0 if every call was right, and XRay's handler ran.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <static_call.h>

/* Of clang's run-time library, as <xray/xray_interface.h> has them. */
int __xray_patch(void);
int __xray_unpatch(void);
int __xray_set_handler(void (*handler)(int id, int type));

#define INSTRUMENTED	__attribute__((noinline, xray_always_instrument))
#define MAX_THREADS	8

INSTRUMENTED static int one(int x)
{
	return x + 1;
}

INSTRUMENTED static int two(int x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(instrumented, one);

INSTRUMENTED static int site(int x)
{
	return static_call(instrumented)(x) * 3;
}

static atomic_bool stop;
static atomic_ulong wrong, handled;

__attribute__((xray_never_instrument)) static void handler(int id, int type)
{
	(void)id;
	(void)type;
	handled++;
}

static void *keep_calling(void *arg)
{
	while (!stop) {
		int result = site(1);

		wrong += result != 6 && result != 9;
	}
	return arg;
}

static void update(int n)
{
	switch (n % 3) {
	case 0:
		__xray_patch();
		break;
	case 1:
		__xray_unpatch();
		break;
	}
	if (static_call_update(instrumented, n & 1 ? one : two))
		wrong++;
	wrong += site(1) != (n & 1 ? 6 : 9);
}

int main(int argc, char **argv)
{
	int updates = argc > 1 ? atoi(argv[1]) : 0;
	int threads = argc > 2 ? atoi(argv[2]) : 0, i;
	struct static_call_info info = { .size = sizeof(info) };
	pthread_t thread[MAX_THREADS];

	if (threads > MAX_THREADS)
		return 2;
	__xray_set_handler(handler);
	for (i = 0; i < threads; i++)
		if (pthread_create(thread + i, NULL, keep_calling, NULL))
			return 2;
	for (i = 0; i < updates; i++)
		update(i);
	stop = true;
	while (threads > 0)
		pthread_join(thread[--threads], NULL);
	static_call_get_info(&info);
	printf("wrong %lu, handled %lu, %zu of %zu places patched\n",
	       (unsigned long)wrong, (unsigned long)handled,
	       info.sites_patched, info.sites);
	return wrong || !handled || info.sites_patched != info.sites;
}
