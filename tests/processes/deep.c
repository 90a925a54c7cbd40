/* SPDX-License-Identifier: MIT */
/* deep.c - a library without static calls, which refers to a function of another. */
void NEEDED(void);

void (*DEFINED(void))(void);
__attribute__((visibility("default"))) void (*DEFINED(void))(void)
{
	return NEEDED;
}
