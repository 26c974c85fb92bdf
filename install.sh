#!/bin/sh
# Builds leakcoach from this checkout and puts it on PATH.
set -eu
cd "$(dirname "$0")"
if ! command -v cargo >/dev/null; then
    echo "install.sh: no Rust toolchain: install one (see rust-lang.org), then run this again" >&2
    exit 1
fi
if ! command -v cc >/dev/null; then
    echo "install.sh: no C compiler: install one (Debian: apt-get install gcc), then run this again" >&2
    exit 1
fi
cargo install --path . --locked --force
bin="${CARGO_INSTALL_ROOT:-${CARGO_HOME:-$HOME/.cargo}}/bin"
case ":$PATH:" in
*":$bin:"*) ;;
*) echo "add this line to your shell's profile: export PATH=\"$bin:\$PATH\"" ;;
esac
if [ "${1:-}" = --demo ]; then
    "$bin/leakcoach" demo
fi
echo "next, in a repository: leakcoach install"
