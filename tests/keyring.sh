#!/usr/bin/env bash
# The record's key in a real Secret Service: gnome-keyring on a bus of its own, in a home of its
# own. apt-get install libsecret-tools gnome-keyring dbus
set -uo pipefail
cd "$(dirname "$0")/.."
if [ -z "${INSIDE:-}" ]; then
    for program in secret-tool gnome-keyring-daemon dbus-run-session; do
        command -v "$program" >/dev/null || { echo "$program is not installed"; exit 0; }
    done
    here=$(mktemp -d /tmp/lck.XXXXXX)
    trap 'rm -rf "$here"' EXIT
    leakcoach=$(realpath "${LEAKCOACH:-target/debug/leakcoach}")
    mkdir -p "$here/home" "$here/run" && chmod 700 "$here/run"
    env -i INSIDE=1 PATH="$(dirname "$leakcoach"):$PATH" HOME="$here/home" \
        XDG_RUNTIME_DIR="$here/run" GIT_CONFIG_NOSYSTEM=1 here="$here" \
        timeout 100 dbus-run-session -- bash "tests/$(basename "$0")" 2>"$here/bus"
    exit $?
fi

failed=0
row() { printf '%-10s %s\n' "$1" "$2"; [ "$1" != FAILED ] || failed=1; }
# says WORDS COMMAND…: the command says them.
says() { local words=$1; shift; "$@" >"$here/said" 2>&1; grep -qF -- "$words" "$here/said"; }
try() { local name=$1; shift; if "$@"; then row good "$name"; else row FAILED "$name"; cat "$here/said"; fi; }
unlocked() {
    printf pw | gnome-keyring-daemon --unlock --components=secrets --foreground >/dev/null 2>&1 &
    daemon=$!
    for _ in $(seq 50); do
        busctl --user status org.freedesktop.secrets >/dev/null 2>&1 && return
        dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
            org.freedesktop.DBus.GetNameOwner string:org.freedesktop.secrets >/dev/null 2>&1 && return
        sleep 0.1
    done
}

unlocked
git init -q -b main "$here/shop" && cd "$here/shop" || exit 4
git config user.name t && git config user.email t@localhost
leakcoach install >/dev/null 2>&1
leakcoach rules --sample github-pat | head -n1 > app.py
git add -A
try 'a refusal is recorded' says 'refused: ' git commit -m no
state=$HOME/.local/state/leakcoach
try 'its key is in the keyring' says "the Secret Service's keyring" leakcoach audit verify
try 'and in no file' test ! -e "$state/record.key"
name=$(cat "$state/record.keyring")
key=$(secret-tool lookup application leakcoach record "$name")
try 'the keyring has 32 bytes of it' test "${#key}" = 64
found=no; grep -rqaF -- "$key" "$here/home" --include='*' && found=yes
try 'no file of ours holds it' test "$found" = no
try 'what was recorded is read again' says 'verdict block' leakcoach audit show

dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
    org.freedesktop.Secret.Service.Lock \
    array:objpath:/org/freedesktop/secrets/collection/login >/dev/null 2>&1
try 'a locked keyring is named' says 'is locked, or' leakcoach audit verify
try 'and stops no refusal' says 'refused: ' git commit -m no
try 'which says that it is not recorded' says 'not recorded: the keyring' git commit -m no
echo 'a = 1' > app.py && git add -A
try 'nor a clean commit' git commit -qm clean
kill "$daemon"; wait "$daemon" 2>/dev/null
DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere try 'a bus that is gone is named' \
    says 'cannot be reached' leakcoach audit verify
try 'no keyring in the session is named' says 'there is none in this session' \
    env -u DBUS_SESSION_BUS_ADDRESS -u XDG_RUNTIME_DIR leakcoach audit verify

rm -rf "$HOME/.local/share/keyrings"
for pid in $(pgrep -P $$ gnome-keyring); do kill "$pid"; done
unlocked
try 'a lost keyring is named' says 'gone from it' leakcoach audit verify
kill "$daemon" 2>/dev/null
exit $failed
