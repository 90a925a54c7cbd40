/* SPDX-License-Identifier: MIT */
/* main.c - the program of calls.c. */
int call_it(int x);
int change_it(void);
int missing_sites(void);

int main(void)
{
	return call_it(1) != 4 || change_it() || call_it(1) != 6 ||
	       missing_sites();
}
