#!/usr/bin/env bash
# The record on a disk that is full: a tmpfs of 128 KiB, in a mount namespace of its own (root).
# Commits are refused or pass as ever, nothing that was recorded is lost, and the chain holds.
set -uo pipefail
cd "$(dirname "$0")/.."
leakcoach=$(realpath "${LEAKCOACH:-target/debug/leakcoach}")
if [ -z "${INSIDE:-}" ]; then
    unshare -m true 2>/dev/null || { echo "no mount namespace can be made here"; exit 0; }
    INSIDE=1 LEAKCOACH=$leakcoach exec unshare -m bash "$0"
fi
here=$(mktemp -d /tmp/lcd.XXXXXX)
trap 'umount "$here/state"; rm -rf "$here"' EXIT
mkdir -p "$here/state" "$here/home"
mount -t tmpfs -o size=128k tmpfs "$here/state" || exit 4
export HOME=$here/home XDG_STATE_HOME=$here/state GIT_CONFIG_NOSYSTEM=1 LEAKCOACH_RECORD=on
export PATH="$(dirname "$leakcoach"):$PATH"
unset DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR
failed=0
row() { printf '%-10s %s\n' "$1" "$2"; [ "$1" != FAILED ] || failed=1; }
try() { local name=$1; shift; if "$@"; then row good "$name"; else row FAILED "$name"; fi; }

git init -q -b main "$here/shop" && cd "$here/shop" || exit 4
git config user.name t && git config user.email t@localhost
leakcoach install >/dev/null 2>&1
events() { leakcoach audit verify --format json | grep -o '"events": [0-9]*' | grep -o '[0-9]*'; }
full=0 refusals=0 wrong=0
for round in $(seq 400); do
    leakcoach rules --sample github-pat | head -n1 > app.py
    git add -A
    git commit -qm no > "$here/said" 2>&1 && wrong=1
    grep -q 'refused: ' "$here/said" || wrong=1
    refusals=$round
    if grep -q 'not recorded: ' "$here/said"; then full=1; break; fi
    before=$(events)
done
try "after $refusals refusals the disk is full, which is said" [ "$full" = 1 ]
head -c 200 <(grep -h 'not recorded' "$here/said"); echo
try 'each commit was refused' [ "$wrong" = 0 ]
after=$(events); after=${after:-0}
try "what was recorded is there: $before events, then $after" [ "$after" -ge "${before:-1}" ]
try 'the chain holds' sh -c 'leakcoach audit verify >/dev/null 2>&1'
echo 'a = 1' > app.py; git add -A
try 'a clean commit passes' git commit -qm clean
mount -o remount,size=4m "$here/state"
leakcoach rules --sample github-pat | head -n1 > app.py
git add -A; git commit -qm no > "$here/said" 2>&1
try 'with room again it goes on' sh -c "! grep -q 'not recorded' '$here/said' && leakcoach audit verify"
exit $failed
