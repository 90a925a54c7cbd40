/* SPDX-License-Identifier: MIT */
/*
 * soak.c - what a run for hours has besides: plugins that have the library
 * inside, also in namespaces of their own, descriptors that run out and come
 * back, and a watch on what must not grow.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"
#include "stress.h"
#include "stress_copy.h"

/* -------------------------------------------------------------- famine */

#define FEW_DESCRIPTORS	40
#define FAMINE_NS	3000000
#define PLENTY_NS	30000000

static pthread_rwlock_t descriptors = PTHREAD_RWLOCK_INITIALIZER;
bool soak_is_short;
static atomic_bool hungry;

bool soak_is_hungry(void)
{
	return hungry;
}

void soak_need_descriptors(void)
{
	pthread_rwlock_rdlock(&descriptors);
}

void soak_need_no_more(void)
{
	pthread_rwlock_unlock(&descriptors);
}

static void wait_ns(long ns)
{
	struct timespec time = { .tv_nsec = ns };

	nanosleep(&time, NULL);
}

/* Takes all that there are. */
static void starve(void)
{
	int taken[FEW_DESCRIPTORS], n = 0, fd;

	while (n < FEW_DESCRIPTORS &&
	       (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		taken[n++] = fd;
	wait_ns(FAMINE_NS);
	while (n > 0)
		close(taken[--n]);
}

void *soak_famine(void *arg)
{
	const struct rlimit limit = { FEW_DESCRIPTORS, FEW_DESCRIPTORS };

	(void)arg;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fault("no limit of descriptors");
	while (!stopped()) {
		pthread_rwlock_wrlock(&descriptors);
		hungry = true;
		starve();
		hungry = false;
		pthread_rwlock_unlock(&descriptors);
		count(FAMINES, 1);
		wait_ns(PLENTY_NS);
	}
	return NULL;
}

/* -------------------------------------------------------------- copies */

static void use_copy(void *handle)
{
	const struct stress_copy *copy;
	const char *wrong;

	if (!handle)
		fault("%s", dlerror());
	copy = dlsym(handle, "stress_copy");
	if (!copy)
		fault("%s", dlerror());
	wrong = copy->use(soak_is_hungry);
	if (wrong)
		fault("a copy in a plugin: %s", wrong);
	if (dlclose(handle))
		fault("%s", dlerror());
}

static void load_and_use(Lmid_t namespace)
{
	const char *dir = getenv("STRESS_PLUGINS");
	char path[PATH_MAX];
	void *handle;

	snprintf(path, sizeof(path), "%s/stress-copy.so",
		 dir ? dir : STRESS_PLUGINS);
	soak_need_descriptors();
	handle = dlmopen(namespace, path, RTLD_NOW | RTLD_LOCAL);
	soak_need_no_more();
	use_copy(handle);
}

void *soak_copies(void *arg)
{
	while (!stopped()) {
		load_and_use(LM_ID_BASE);
		count(COPIES, 1);
	}
	return arg;
}

/* Each has a C library of its own. */
void *soak_namespaces(void *arg)
{
	while (!stopped()) {
		load_and_use(LM_ID_NEWLM);
		count(NAMESPACES, 1);
		wait_ns(PLENTY_NS);
	}
	return arg;
}

/* -------------------------------------------------------------- growth */

/* The least that was seen in a quarter of the run: what comes and goes is out. */
struct holding {
	long anonymous;		/* KiB */
	long mappings;
	long descriptors;
	int samples;
};
/* Fewer do not tell what comes and goes. */
#define ENOUGH	5
static struct holding then, now;

/* What a sanitizer keeps grows. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED	1
#else
#define SANITIZED	0
#endif

static long count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	long n = 0;
	int c;

	if (!file)
		fault("no %s", path);
	while ((c = getc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	return n;
}

static long anonymous_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (!file || kib < 0)
		fault("no /proc/self/status");
	fclose(file);
	return kib;
}

long soak_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long n = 0;

	if (!dir)
		fault("no /proc/self/fd");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void lower(long *least, long value)
{
	if (!*least || value < *least)
		*least = value;
}

void soak_sample(double part)
{
	struct holding *in = part >= 0.75 ? &now : &then;

	if (part < 0.25 || (part >= 0.5 && part < 0.75))
		return;
	soak_need_descriptors();
	lower(&in->anonymous, anonymous_kib());
	lower(&in->mappings, count_lines("/proc/self/maps"));
	lower(&in->descriptors, soak_descriptors());
	soak_need_no_more();
	in->samples++;
}

void soak_check_growth(void)
{
	if (then.samples < ENOUGH || now.samples < ENOUGH)
		return;
	printf("growth   from the second quarter to the last: "
	       "anonymous memory %ld to %ld KiB, mappings %ld to %ld, "
	       "descriptors %ld to %ld\n", then.anonymous, now.anonymous,
	       then.mappings, now.mappings, then.descriptors, now.descriptors);
	fflush(stdout);
	if (now.anonymous > then.anonymous + 2048 && !SANITIZED)
		fault("%ld KiB more memory", now.anonymous - then.anonymous);
	if (now.mappings > then.mappings + 32)
		fault("%ld more mappings", now.mappings - then.mappings);
	if (now.descriptors > then.descriptors + 2)
		fault("%ld more descriptors",
		      now.descriptors - then.descriptors);
}
