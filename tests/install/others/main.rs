// SPDX-License-Identifier: MIT
// The program of calls.c, in Rust.
extern "C" {
    fn call_it(x: i32) -> i32;
    fn change_it() -> i32;
    fn missing_sites() -> i32;
}

fn main() {
    let right = unsafe {
        call_it(1) == 4 && change_it() == 0 && call_it(1) == 6 && missing_sites() == 0
    };
    std::process::exit(if right { 0 } else { 1 });
}
