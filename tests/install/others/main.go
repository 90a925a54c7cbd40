// SPDX-License-Identifier: MIT
// The program of calls.c, in Go.
package main

// int call_it(int x);
// int change_it(void);
// int missing_sites(void);
import "C"
import "os"

func main() {
	if C.call_it(1) != 4 || C.change_it() != 0 || C.call_it(1) != 6 ||
		C.missing_sites() != 0 {
		os.Exit(1)
	}
}
