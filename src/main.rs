//! leakcoach: see the library's documentation.

use std::process::ExitCode;

fn main() -> ExitCode {
    leakcoach::keep_panics_quiet();
    let code = std::panic::catch_unwind(|| leakcoach::run(std::env::args_os()));
    code.unwrap_or(leakcoach::exit::INTERNAL).into()
}
