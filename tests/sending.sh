#!/usr/bin/env bash
# `leakcoach send` against the real receivers that are on this machine, each through a restart:
# every event has to be there once, by its id. Prints a table; what is not installed is named,
# and fails nothing. Everything listens on 127.0.0.1 alone.
#   apt-get install rsyslog rsyslog-openssl openssl
#   otelcol: the OpenTelemetry Collector with otlpreceiver and debugexporter, from its own
#   builder: `go install go.opentelemetry.io/collector/cmd/builder@VERSION`; OTELCOL=/path
set -uo pipefail
cd "$(dirname "$0")/.."
leakcoach=$(realpath "${LEAKCOACH:-target/debug/leakcoach}")
here=$(mktemp -d /tmp/lcs.XXXXXX)
served=()
trap 'for pid in "${served[@]}"; do kill "$pid" 2>/dev/null; done; rm -rf "$here"' EXIT
export HOME=$here/home GIT_CONFIG_NOSYSTEM=1 LEAKCOACH_RECORD=on
unset XDG_STATE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS HTTPS_PROXY https_proxy
mkdir -p "$HOME/.config/leakcoach"
config=$HOME/.config/leakcoach/config.toml
failed=0

has() { for program; do command -v "$program" >/dev/null || return 1; done; }
row() { printf '%-34s %-10s %s\n' "$1" "$2" "${3:-}"; [ "$2" != FAILED ] || failed=1; }
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
listens() { for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0; sleep 0.1; done; return 1; }

# Events from real refusals: a hook, a fake credential, and commits that are refused.
git init -q -b main "$here/shop" && cd "$here/shop" || exit 4
git config user.name t && git config user.email t@localhost
"$leakcoach" install >/dev/null 2>&1
PATH=$(dirname "$leakcoach"):$PATH
value=$("$leakcoach" rules --sample github-pat | grep -o 'ghp_[0-9A-Za-z]\{36\}' | head -n1)
printf 'token = "%s"\n' "$value" > app.py
git add app.py
refuse() { for _ in $(seq "$1"); do git commit -q -m x >/dev/null 2>&1 && exit 4; done; return 0; }
count() { grep -o '[0-9a-f]\{16\}-[0-9]\+-[0-9a-f]\{8\}' "$@" 2>/dev/null; }

# once NAME EXPECTED FILE: each id is there once, and no credential.
once() {
    local all unique
    all=$(count -h "$3" | wc -l); unique=$(count -h "$3" | sort -u | wc -l)
    if grep -q "$value" "$3"; then row "$1" FAILED "a credential was sent"
    elif [ "$unique" -ne "$2" ]; then row "$1" FAILED "$unique of $2 events arrived"
    elif [ "$all" -ne "$2" ]; then row "$1" FAILED "$2 events arrived $all times"
    else row "$1" passed "$2 events, each once"; fi
}

# through NAME START STOP FILE: five events, a restart with five while it is down, five after.
through() {
    local name=$1 start=$2 stop=$3 file=$4 before expected
    : > "$file"; rm -rf "$HOME/.local/state/leakcoach"
    $start || { row "$name" FAILED "it did not start"; return; }
    refuse 5; "$leakcoach" send >"$here/log" 2>&1 || row "$name" FAILED "$(tail -n1 "$here/log")"
    $stop
    refuse 5
    # UDP and a socket in a folder have nobody to tell of a daemon that is down.
    if [ "${5:-tells}" = tells ]; then
        "$leakcoach" send >"$here/log" 2>&1
        [ $? -eq 3 ] || row "$name, while it is down" FAILED "$(tail -n1 "$here/log")"
    fi
    $start || { row "$name" FAILED "it did not start again"; return; }
    refuse 5; "$leakcoach" send >"$here/log" 2>&1 || row "$name" FAILED "$(tail -n1 "$here/log")"
    "$leakcoach" send >>"$here/log" 2>&1
    sleep 1; $stop
    once "$name" 15 "$file"
}

if has rsyslogd; then
    daemon=0
    rsyslog() {
        rsyslogd -n -f "$here/rsyslog.conf" -i "$here/rsyslog.pid" >"$here/rsyslog.log" 2>&1 &
        daemon=$!; served+=("$daemon")
        if [ -n "$at" ]; then listens "$at"; else for _ in $(seq 100); do [ -S "$here/log.sock" ] && return 0; sleep 0.1; done; return 1; fi
    }
    rsyslog_ends() { kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; rm -f "$here/rsyslog.pid"; }
    written() {
        printf 'global(workDirectory="%s" maxMessageSize="64k")\n%s\n' "$here" "$1"
        # All of it as the daemon read it: time, id of the message, structured data and text.
        printf 'template(name="all" type="string" string="%%msgid%% %%app-name%% %%STRUCTURED-DATA%% %%msg%%\\n")\n'
        printf '*.* action(type="omfile" file="%s" template="all")\n' "$here/events"
    }
    sink() { printf "[[sinks]]\nname = 'daemon'\nto = 'syslog'\naddress = '%s'\n%s\n" "$1" "${2:-}" > "$config"; }
    version=$(rsyslogd -v | head -n1 | cut -d' ' -f1-3)

    at=$(port)
    written "module(load=\"imtcp\") input(type=\"imtcp\" port=\"$at\" address=\"127.0.0.1\")" > "$here/rsyslog.conf"
    sink "tcp://127.0.0.1:$at"
    through "$version, TCP" rsyslog rsyslog_ends "$here/events"
    grep -q '^shown leakcoach \[meta sequenceId="1"\]' "$here/events" || row "$version, its own reading" FAILED "$(head -c 200 "$here/events")"

    if has openssl && ls /usr/lib/*/rsyslog/lmnsd_ossl.so >/dev/null 2>&1; then
        at=$(port)
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout "$here/ca.key" -out "$here/ca.pem" 2>/dev/null
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$here/key.pem" -out "$here/csr" 2>/dev/null
        openssl x509 -req -in "$here/csr" -CA "$here/ca.pem" -CAkey "$here/ca.key" -CAcreateserial -days 2 \
            -extfile <(printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE') -out "$here/cert.pem" 2>/dev/null
        written "global(defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=\"$here/ca.pem\" defaultNetstreamDriverCertFile=\"$here/cert.pem\" defaultNetstreamDriverKeyFile=\"$here/key.pem\")
module(load=\"imtcp\" StreamDriver.Name=\"ossl\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"anon\") input(type=\"imtcp\" port=\"$at\" address=\"127.0.0.1\")" > "$here/rsyslog.conf"
        sink "tls://localhost:$at" "ca = '$here/ca.pem'"
        through "$version, TLS" rsyslog rsyslog_ends "$here/events"
        sink "tls://localhost:$at"
        rsyslog; refuse 1; "$leakcoach" send >"$here/log" 2>&1
        [ $? -eq 3 ] && grep -q '(TLS)' "$here/log" && row "$version, TLS of a stranger" passed "nothing sent" ||
            row "$version, TLS of a stranger" FAILED "$(tail -n1 "$here/log")"
        rsyslog_ends
    else row "rsyslog, TLS" 'not here' 'apt-get install rsyslog-openssl openssl'; fi

    at=
    written "module(load=\"imuxsock\" SysSock.Use=\"off\") input(type=\"imuxsock\" Socket=\"$here/log.sock\" UseSpecialParser=\"off\" ParseHostname=\"on\")" > "$here/rsyslog.conf"
    sink "unix:$here/log.sock"
    through "$version, a socket" rsyslog rsyslog_ends "$here/events"

    udp=$(port); at=$(port)
    written "module(load=\"imudp\") input(type=\"imudp\" port=\"$udp\" address=\"127.0.0.1\")
module(load=\"imtcp\") input(type=\"imtcp\" port=\"$at\" address=\"127.0.0.1\")" > "$here/rsyslog.conf"
    sink "udp://127.0.0.1:$udp"
    : > "$here/events"; rm -rf "$HOME/.local/state/leakcoach"
    rsyslog; refuse 5; "$leakcoach" send >"$here/log" 2>&1; sleep 1; rsyslog_ends
    once "$version, UDP, without a restart" 5 "$here/events"
else row rsyslog 'not here' 'apt-get install rsyslog'; fi

otelcol=${OTELCOL:-$(command -v otelcol || command -v otelcol-contrib)}
if [ -n "$otelcol" ]; then
    at=$(port)
    cat > "$here/otelcol.yaml" <<YAML
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:$at"}}}}
exporters: {debug: {verbosity: detailed, sampling_initial: 100000}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [otlp], exporters: [debug]}}
YAML
    collector() {
        "$otelcol" --config "$here/otelcol.yaml" >>"$here/collected" 2>&1 &
        daemon=$!; served+=("$daemon"); listens "$at"
    }
    collector_ends() { kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; }
    printf "[[sinks]]\nname = 'collector'\nto = 'otlp'\naddress = 'http://127.0.0.1:%s'\n" "$at" > "$config"
    version=$("$otelcol" --version 2>/dev/null | tr '\n' ' ')
    through "OpenTelemetry Collector" collector collector_ends "$here/collected"
    grep -q 'leakcoach.rule: Str(github-pat)' "$here/collected" && grep -q 'SeverityNumber: Error2(18)' "$here/collected" ||
        row "OpenTelemetry Collector, its reading" FAILED "$(grep -m1 -i 'error\|rule' "$here/collected")"
    # Killed while it reads: what was not confirmed comes again, with the same ids.
    for n in $(seq 300); do printf 'token%s = "ghp_%s"\n' "$n" "${value#ghp_}" ; done > app.py
    name="OpenTelemetry Collector, kill -9"
    : > "$here/collected"; rm -rf "$HOME/.local/state/leakcoach"
    collector; git add app.py; refuse 10
    waiting=$("$leakcoach" send --status | grep -o '[0-9]* waiting' | cut -d' ' -f1)
    "$leakcoach" send >"$here/log" 2>&1 & sender=$!
    sleep 1.2; kill -9 "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null
    killed=$(count -h "$here/collected" | sort -u | wc -l)
    sleep 0.5; collector; wait "$sender"
    "$leakcoach" send >>"$here/log" 2>&1; sleep 1; collector_ends
    all=$(count -h "$here/collected" | wc -l); unique=$(count -h "$here/collected" | sort -u | wc -l)
    if [ "$unique" -eq "$waiting" ]; then row "$name" passed "killed after $killed of $waiting events: all are there, $((all - unique)) of them twice, with the same ids"
    else row "$name" FAILED "$unique of $waiting events"; fi
    row "" "" "$version"
else row "OpenTelemetry Collector" 'not here' 'its builder, see the head of this file'; fi

exit $failed
