#!/usr/bin/env bash
# Exports against the real `age` and `age-keygen` (https://age-encryption.org; apt-get install age):
# keys and files go both ways.
set -uo pipefail
cd "$(dirname "$0")/.."
leakcoach=$(realpath "${LEAKCOACH:-target/debug/leakcoach}")
for program in age age-keygen; do
    command -v "$program" >/dev/null || { echo "$program is not installed"; exit 0; }
done
here=$(mktemp -d /tmp/lce.XXXXXX)
trap 'rm -rf "$here"' EXIT
export HOME=$here/home GIT_CONFIG_NOSYSTEM=1 LEAKCOACH_RECORD=on PATH="$(dirname "$leakcoach"):$PATH"
unset DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR XDG_STATE_HOME XDG_DATA_HOME XDG_CONFIG_HOME
mkdir -p "$HOME"
failed=0
row() { printf '%-10s %s\n' "$1" "$2"; [ "$1" != FAILED ] || failed=1; }
try() { local name=$1; shift; if "$@"; then row good "$name"; else row FAILED "$name"; fi; }

git init -q -b main "$here/shop" && cd "$here/shop" || exit 4
git config user.name t && git config user.email t@localhost
leakcoach install >/dev/null 2>&1
leakcoach rules --sample github-pat | head -n1 > app.py
git add -A; git commit -qm no >/dev/null 2>&1

age-keygen -o "$here/theirs" 2>/dev/null
theirs=$(age-keygen -y "$here/theirs")
ours=$(leakcoach audit key "$here/ours" 2>/dev/null)
try 'age-keygen reads our key' [ "$(age-keygen -y "$here/ours")" = "$ours" ]
export_for() {
    leakcoach audit export --to "$1" --approved-by Kim --role auditor --why 'a trial' \
        --out "$2" 2>/dev/null
}
export_for "$theirs" "$here/a.export"
sed -n '/BEGIN AGE/,$p' "$here/a.export" > "$here/a.age"
try 'age opens what we sealed' sh -c "age -d -i '$here/theirs' '$here/a.age' | grep -q '\"rule\":\"github-pat\"'"
try 'and no other key does' sh -c "! age -d -i '$here/ours' '$here/a.age' >/dev/null 2>&1"
try 'we open it with their key' sh -c \
    "leakcoach audit open '$here/a.export' -i '$here/theirs' --why 'a trial' | grep -q 'rule github-pat'"

export_for "$ours" "$here/b.export"
sed -n '/BEGIN AGE/,$p' "$here/b.export" | age -d -i "$here/ours" > "$here/b.text"
{ sed '/BEGIN AGE/,$d' "$here/b.export"; age -a -r "$theirs" -r "$ours" < "$here/b.text"; } > "$here/c.export"
try 'we open what age sealed, for two' sh -c \
    "leakcoach audit open '$here/c.export' -i '$here/ours' --why 'a trial' | grep -q 'rule github-pat'"
# Many chunks of 64 KiB.
head -c 300000 /dev/zero | tr '\0' x > "$here/long"
for size in 0 1 65535 65536 65537 300000; do
    head -c "$size" "$here/long" | age -a -r "$ours" > "$here/d.age"
    { sed '/BEGIN AGE/,$d' "$here/b.export"; cat "$here/d.age"; } > "$here/d.export"
    # No export, and yet unsealed: that is told after its seal was opened.
    try "age's file of $size bytes is unsealed" sh -c \
        "leakcoach audit open '$here/d.export' -i '$here/ours' --why 'a trial' 2>&1 | grep -q 'no export of leakcoach'"
done
exit $failed
