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
data="${XDG_DATA_HOME:-$HOME/.local/share}"
mkdir -p "$data/bash-completion/completions" "$data/man/man1"
"$bin/leakcoach" completions bash >"$data/bash-completion/completions/leakcoach"
"$bin/leakcoach" man "$data/man/man1"
if command -v fish >/dev/null; then
    mkdir -p "${XDG_CONFIG_HOME:-$HOME/.config}/fish/completions"
    "$bin/leakcoach" completions fish >"${XDG_CONFIG_HOME:-$HOME/.config}/fish/completions/leakcoach.fish"
fi
if command -v zsh >/dev/null; then
    echo "zsh: leakcoach completions zsh >FOLDER/_leakcoach, in a FOLDER of your fpath"
fi
if [ "${1:-}" = --demo ]; then
    "$bin/leakcoach" demo
fi
echo "next, in a repository: leakcoach install"
