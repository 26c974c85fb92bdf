#!/usr/bin/env bash
# `leakcoach vault` against the real programs and servers that are on this machine, each in a
# home of its own. Prints a table; what is not installed is named, and fails nothing.
#   apt-get install pass gnupg age libsecret-tools gnome-keyring dbus; pip install awscli
#   'moto[server]'; sops, bao, doppler, kubectl, gcloud from their vendors.
set -uo pipefail
cd "$(dirname "$0")/.."
leakcoach=$(realpath "${LEAKCOACH:-target/debug/leakcoach}")
here=$(mktemp -d /tmp/lcv.XXXXXX)
served=()
trap 'for pid in "${served[@]}"; do kill "$pid" 2>/dev/null; done; gpgconf --kill all 2>/dev/null; rm -rf "$here"' EXIT
export HOME=$here/home GIT_CONFIG_NOSYSTEM=1
unset VAULT_ADDR VAULT_TOKEN BAO_ADDR BAO_TOKEN
mkdir -p "$HOME"
failed=0

has() { for program; do command -v "$program" >/dev/null || return 1; done; }
row() { printf '%-22s %-12s %s\n' "$1" "$2" "${3:-}"; [ "$2" != FAILED ] || failed=1; }

git init -q -b main "$here/shop" && cd "$here/shop" || exit 4
git config user.name t && git config user.email t@localhost
"$leakcoach" rules --sample github-pat | head -n1 > app.py
value=$(grep -o 'ghp_[0-9A-Za-z]\{36\}' app.py | head -n1)
printf 'token = "%s"\n' "$value" > app.py
git add app.py
other=$(printf '%s' "$value" | rev)

# trial NAME READ PUT-OTHER ARGS…: put, put again, another value stays, it is replaced; READ
# prints what the store has, by its own program.
trial() {
    local name=$1 read=$2 spoil=$3; shift 3
    local log=$here/log.$name
    {
        "$leakcoach" vault --to "$@" --yes && [ "$($read)" = "$value" ] || { echo "not stored"; false; } &&
        "$leakcoach" vault --to "$@" --yes 2>&1 | grep -q 'already' || { echo "not seen again"; false; } &&
        $spoil && ! "$leakcoach" vault --to "$@" --yes && [ "$($read)" != "$value" ] || { echo "overwritten"; false; } &&
        "$leakcoach" vault --to "$@" --yes --replace && [ "$($read)" = "$value" ] || { echo "not replaced"; false; }
    } >"$log" 2>&1
    local code=$?
    if grep -q "$value" "$log"; then row "$name" FAILED "the value was shown"
    elif [ $code -eq 0 ]; then row "$name" passed "put, seen again, not overwritten, replaced"
    else row "$name" FAILED "$(tail -n3 "$log" | tr '\n' ' ')"; fi
}

if has pass gpg; then
    export GNUPGHOME=$here/g PASSWORD_STORE_DIR=$here/pass
    mkdir -m 700 "$GNUPGHOME"
    gpg --batch --pinentry-mode loopback --passphrase '' --quick-gen-key t@localhost default default never 2>/dev/null
    pass init t@localhost >/dev/null
    get() { pass show shop/GITHUB_TOKEN | head -n1; }
    spoil() { printf '%s\nuser: me\n' "$other" | pass insert -f -m shop/GITHUB_TOKEN; }
    trial pass get spoil pass
    [ "$(pass show shop/GITHUB_TOKEN | tail -n1)" = "user: me" ] || row pass FAILED "other lines were lost"
    PASSWORD_STORE_DIR=$here/none "$leakcoach" vault --to pass --yes >"$here/log" 2>&1
    [ $? -eq 3 ] && grep -q 'only where it was' "$here/log" && row "pass, not set up" passed "told, nothing stored" ||
        row "pass, not set up" FAILED "$(tail -n1 "$here/log")"
    gpgconf --kill all
else row pass 'not here' 'apt-get install pass gnupg'; fi

if has sops age-keygen; then
    age-keygen -o "$here/age" 2>/dev/null
    export SOPS_AGE_KEY_FILE=$here/age
    recipient=$(grep -o 'age1.*' "$here/age")
    printf 'creation_rules:\n  - age: %s\n' "$recipient" > .sops.yaml
    get() { sops decrypt --extract '["GITHUB_TOKEN"]' secrets.enc.yaml; }
    spoil() { printf '"%s"' "$other" | sops set --value-stdin secrets.enc.yaml '["GITHUB_TOKEN"]'; }
    trial sops get spoil sops
    SOPS_AGE_KEY_FILE=/none "$leakcoach" vault --to sops --yes >"$here/log" 2>&1
    [ $? -eq 3 ] && row "sops, no key" passed "told, nothing stored" || row "sops, no key" FAILED "$(tail -n1 "$here/log")"
    printf 'creation_rules:\n  - age: %s\n    encrypted_regex: ^data$\n' "$recipient" > .sops.yaml
    "$leakcoach" vault --to sops --place file=clear.enc.yaml --yes >"$here/log" 2>&1
    [ $? -eq 3 ] && [ ! -e clear.enc.yaml ] && row "sops, left clear" passed "refused, nothing written" ||
        row "sops, left clear" FAILED "$(tail -n1 "$here/log")"
else row sops 'not here' 'go install github.com/getsops/sops/v3/cmd/sops@latest; apt-get install age'; fi

if has secret-tool gnome-keyring-daemon dbus-run-session; then
    export -f trial row has; export leakcoach value other here failed
    mkdir -p -m 700 "$here/data" "$here/run"
    XDG_DATA_HOME=$here/data XDG_RUNTIME_DIR=$here/run dbus-run-session -- bash -c '
        printf "\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
        sleep 1
        get() { secret-tool lookup service shop account GITHUB_TOKEN; }
        spoil() { printf %s "$other" | secret-tool store --label=x service shop account GITHUB_TOKEN; }
        trial keyring get spoil keyring; exit $failed' 2>"$here/dbus" || failed=1
else row keyring 'not here' 'apt-get install libsecret-tools gnome-keyring dbus'; fi

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
up() { for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.2; done; return 1; }

if has aws moto_server; then
    at=$(port); moto_server -p "$at" >/dev/null 2>&1 & served+=($!)
    up "$at"
    export AWS_ENDPOINT_URL=http://127.0.0.1:$at AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_DEFAULT_REGION=us-east-1
    get() { aws secretsmanager get-secret-value --secret-id shop/GITHUB_TOKEN --query SecretString --output text; }
    spoil() { aws secretsmanager put-secret-value --secret-id shop/GITHUB_TOKEN --secret-string "$other"; }
    trial aws-secrets-manager get spoil aws-secrets-manager
    get() { aws ssm get-parameter --name /shop/GITHUB_TOKEN --with-decryption --query Parameter.Value --output text; }
    spoil() { aws ssm put-parameter --name /shop/GITHUB_TOKEN --type SecureString --overwrite --value "$other"; }
    trial aws-ssm get spoil aws-ssm
    AWS_ENDPOINT_URL=http://127.0.0.1:1 "$leakcoach" vault --to aws-ssm --yes --time-limit 20 >"$here/log" 2>&1
    [ $? -eq 3 ] && row "aws, no server" passed "told, nothing stored" || row "aws, no server" FAILED "$(tail -n1 "$here/log")"
else row aws 'not here' "pip install awscli 'moto[server]'"; fi

if has bao || has vault; then
    has bao && server=bao || server=vault
    at=$(port)
    $server server -dev -dev-root-token-id=unreal -dev-listen-address="127.0.0.1:$at" >/dev/null 2>&1 & served+=($!)
    up "$at"; sleep 1
    export VAULT_ADDR=http://127.0.0.1:$at VAULT_TOKEN=unreal BAO_ADDR=http://127.0.0.1:$at BAO_TOKEN=unreal
    get() { $server kv get -mount=secret -field=GITHUB_TOKEN shop; }
    spoil() { $server kv patch -mount=secret shop GITHUB_TOKEN="$other" more=kept; }
    [ $server = bao ] && trial openbao get spoil openbao
    [ "$($server kv get -mount=secret -field=more shop 2>/dev/null)" = kept ] && row "$server, other fields" passed "kept" || row "$server, other fields" FAILED
    $server kv metadata delete -mount=secret shop >/dev/null
    trial "vault interface" get spoil vault
    $server kv delete -mount=secret shop >/dev/null
    "$leakcoach" vault --to vault --yes >"$here/log" 2>&1 && [ "$(get)" = "$value" ] && row "$server, deleted" passed "stored anew" || row "$server, deleted" FAILED "$(tail -n1 "$here/log")"
    $server secrets enable -path=old -version=1 kv >/dev/null
    "$leakcoach" vault --to vault --place mount=old --place path=shop --yes >"$here/log" 2>&1
    [ $? -eq 3 ] && row "$server, KV version 1" passed "refused" || row "$server, KV version 1" FAILED "$(tail -n1 "$here/log")"
    VAULT_TOKEN=wrong "$leakcoach" vault --to vault --yes >"$here/log" 2>&1
    [ $? -eq 3 ] && row "$server, wrong token" passed "told, nothing stored" || row "$server, wrong token" FAILED "$(tail -n1 "$here/log")"
    $server operator seal >/dev/null
    "$leakcoach" vault --to vault --yes >"$here/log" 2>&1
    [ $? -eq 3 ] && row "$server, sealed" passed "told, nothing stored" || row "$server, sealed" FAILED "$(tail -n1 "$here/log")"
    unset VAULT_ADDR VAULT_TOKEN BAO_ADDR BAO_TOKEN
else row openbao 'not here' 'https://openbao.org/downloads/'; fi

# Servers of which only the documented interface is served, by tests/vaults.py.
if has kubectl python3; then
    at=$(port); python3 "$OLDPWD/tests/vaults.py" kubernetes "$at" >/dev/null 2>&1 & served+=($!)
    up "$at"
    kubectl config set-cluster c --server="http://127.0.0.1:$at" >/dev/null
    kubectl config set-context c --cluster=c >/dev/null; kubectl config use-context c >/dev/null
    get() { kubectl get secret shop -o go-template='{{index .data "GITHUB_TOKEN" | base64decode}}'; }
    spoil() { kubectl patch secret shop -p "{\"stringData\":{\"GITHUB_TOKEN\":\"$other\"}}"; }
    trial kubernetes get spoil kubernetes
else row kubernetes 'not here' kubectl; fi

if has doppler python3; then
    at=$(port); python3 "$OLDPWD/tests/vaults.py" doppler "$at" >/dev/null 2>&1 & served+=($!)
    up "$at"
    export DOPPLER_API_HOST=http://127.0.0.1:$at DOPPLER_TOKEN=dp.st.unreal
    get() { doppler secrets get GITHUB_TOKEN --plain --raw --project shop --config dev; }
    spoil() { doppler secrets set GITHUB_TOKEN="$other" --silent --project shop --config dev; }
    trial doppler get spoil doppler --place project=shop --place config=dev
else row doppler 'not here' 'https://docs.doppler.com/docs/install-cli'; fi

if has gcloud python3; then
    at=$(port); python3 "$OLDPWD/tests/vaults.py" gcp "$at" >/dev/null 2>&1 & served+=($!)
    up "$at"; printf unreal > "$here/token"
    export CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER=http://127.0.0.1:$at/ CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=$here/token CLOUDSDK_CORE_PROJECT=shop CLOUDSDK_CORE_DISABLE_PROMPTS=1
    get() { gcloud secrets versions access latest --secret=shop-GITHUB_TOKEN 2>/dev/null; }
    spoil() { printf %s "$other" | gcloud secrets versions add shop-GITHUB_TOKEN --data-file=-; }
    trial gcp get spoil gcp
else row gcp 'not here' gcloud; fi

if has gh python3; then
    at=$(port); python3 "$OLDPWD/tests/vaults.py" github "$at" >/dev/null 2>&1 & served+=($!)
    up "$at"
    git remote add origin http://github.localhost/acme/shop.git
    github() { http_proxy=http://127.0.0.1:$at GH_HOST=github.localhost GH_TOKEN=unreal GH_ENTERPRISE_TOKEN=unreal "$leakcoach" vault --to github --yes "$@"; }
    github >"$here/log" 2>&1 && ! github >>"$here/log" 2>&1 && github --replace >>"$here/log" 2>&1 && ! grep -q "$value" "$here/log" &&
        row github passed "put, not overwritten, replaced" || row github FAILED "$(tail -n2 "$here/log" | tr '\n' ' ')"
    git remote remove origin
else row github 'not here' 'apt-get install gh'; fi

for program in az op bws infisical gopass glab security; do
    has "$program" && row "$program" 'not tried' 'needs an account; see tests/it/vault' || row "$program" 'not here' 'see tests/it/vault'
done
exit $failed
