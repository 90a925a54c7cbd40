/* SPDX-License-Identifier: MIT */
/* callcost.h - what a call costs, each kind beside the others. */
#ifndef CALLCOST_H
#define CALLCOST_H

void callcost_print(void);

#endif
