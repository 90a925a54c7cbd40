/* SPDX-License-Identifier: MIT */
/* featurectl.c - featurectl SOCKET WORD...: tells featured something, and prints the answer. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_SEQPACKET, 0), i;
	char line[512] = "";
	ssize_t n;

	if (argc < 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: featurectl SOCKET COMMAND [WORD...]\n");
		return 2;
	}
	for (i = 2; i < argc; i++) {
		strncat(line, i > 2 ? " " : "", sizeof(line) - strlen(line) - 1);
		strncat(line, argv[i], sizeof(line) - strlen(line) - 1);
	}
	strcpy(address.sun_path, argv[1]);
	if (connect(s, (struct sockaddr *)&address, sizeof(address)) ||
	    write(s, line, strlen(line)) < 0) {
		perror("featurectl");
		return 1;
	}
	while ((n = read(s, line, sizeof(line))) > 0)
		fwrite(line, 1, (size_t)n, stdout);
	putchar('\n');
	return n < 0;
}
