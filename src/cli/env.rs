//! The only reader of the environment.

use crate::config::Outside;
use crate::config::keys::KEYS;
use crate::error::Error;
use crate::judge::{Actor, Terminal};
use crate::record::Keyring;
use crate::report::Style;
use crate::secret::Secret;
use std::fs::{File, OpenOptions};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use zeroize::Zeroizing;

/// Agents, by a variable that each sets in the commands it runs, with where its maker says
/// so. Aider hands on its own environment as it is (`aider/run_cmd.py`), and so cannot be told
/// from a person; of Windsurf and GitHub Copilot no page was found that names one.
const AGENTS: &[(&str, &str)] = &[
    // https://code.claude.com/docs/en/env-vars
    ("CLAUDECODE", "Claude Code"),
    // https://forum.cursor.com/t/151935, an answer of its makers on their terminal page
    ("CURSOR_AGENT", "Cursor"),
    // The first in its sandbox on macOS, the second where that has no network, the third
    // in each session of its `unified_exec`: https://github.com/openai/codex
    // (codex-rs/core/src/spawn.rs, unified_exec/process_manager.rs)
    ("CODEX_SANDBOX", "Codex"),
    ("CODEX_SANDBOX_NETWORK_DISABLED", "Codex"),
    ("CODEX_CI", "Codex"),
    // https://github.com/google-gemini/gemini-cli (docs/tools/shell.md)
    ("GEMINI_CLI", "Gemini CLI"),
    // In the terminals it opens in VS Code: https://github.com/cline/cline
    // (apps/vscode/src/hosts/vscode/terminal/VscodeTerminalRegistry.ts)
    ("CLINE_ACTIVE", "Cline"),
    // For all it starts; read in copies of https://github.com/anomalyco/opencode
    // (packages/opencode/src/index.ts) and in https://github.com/vercel/detect-agent
    // (agents.json), not in a tree of its makers'.
    ("OPENCODE", "OpenCode"),
    // What agents without one of their own are asked to set:
    // https://github.com/vercel/detect-agent (README.md)
    ("AI_AGENT", "an agent"),
];

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn read(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A variable that a vendor's documentation tells of.
pub(super) fn variable(name: &str) -> Option<std::ffi::OsString> {
    read(name)
}

/// The index that git hands to a hook.
pub(super) fn index_file() -> Option<PathBuf> {
    read("GIT_INDEX_FILE").map(PathBuf::from)
}

/// The key of ids that runs on several machines share.
pub(super) fn id_key() -> Option<Zeroizing<Vec<u8>>> {
    use std::os::unix::ffi::OsStringExt;
    read("LEAKCOACH_KEY").map(|key| Zeroizing::new(key.into_vec()))
}

/// The file to which GitHub's runner lets a step add its summary.
pub(super) fn step_summary() -> Option<PathBuf> {
    read("GITHUB_STEP_SUMMARY").map(PathBuf::from)
}

/// For the demonstration: this binary first on `PATH`, and a number that differs each time.
pub(super) fn stage() -> Result<crate::hook::demo::Stage, Error> {
    let program = program()?;
    let own = program.parent().map(PathBuf::from);
    let rest = read("PATH").unwrap_or_default();
    let folders = own.into_iter().chain(std::env::split_paths(&rest));
    let path = std::env::join_paths(folders).unwrap_or(rest.clone());
    Ok(crate::hook::demo::Stage { program, path, seed: fastrand::u64(..) })
}

/// Whether the person stands in a folder below `top`. git runs hooks at the top and says
/// by `GIT_PREFIX` where it was called.
pub(super) fn is_below(top: &Path) -> bool {
    let here = || std::env::current_dir().and_then(std::fs::canonicalize).ok();
    let below = |here: PathBuf| {
        std::fs::canonicalize(top).is_ok_and(|top| here != top && here.starts_with(top))
    };
    read("GIT_PREFIX").is_some() || here().is_some_and(below)
}

/// This very program.
pub(super) fn program() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|source| Error::File {
        deed: "find",
        path: PathBuf::from("leakcoach"),
        source,
    })
}

/// The user's data folder (XDG Base Directory Specification).
pub(super) fn data_folder() -> Result<PathBuf, Error> {
    let absolute = |path: &PathBuf| path.is_absolute();
    read("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(absolute)
        .or_else(|| read("HOME").map(|home| PathBuf::from(home).join(".local/share")))
        .ok_or_else(|| Error::Usage("neither XDG_DATA_HOME nor HOME is set".to_owned()))
}

/// Where the user's record is (XDG Base Directory Specification), and how long to wait for
/// it; nothing without a home.
pub(super) fn record(patience: Duration) -> Option<crate::record::Place> {
    // In another folder than the record: one that was put back as it was does not fit it.
    let anchor = data_folder().ok().map(|folder| folder.join("leakcoach/record.head"));
    Some(crate::record::Place { folder: state_folder()?, keyring: keyring(), anchor, patience })
}

/// The user's private state folder (XDG Base Directory Specification).
pub(super) fn state_folder() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let named = read("XDG_STATE_HOME").map(PathBuf::from).filter(absolute);
    let folder =
        named.or_else(|| read("HOME").map(|home| PathBuf::from(home).join(".local/state")))?;
    Some(folder.join("leakcoach"))
}

/// Whether standard input is a terminal.
pub(super) fn reads_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// The keyring of the session: one is asked only where a session's bus is there, for else
/// its program would begin one, or wait.
fn keyring() -> Option<Keyring> {
    if cfg!(target_os = "macos") {
        return Some(Keyring::Keychain);
    }
    let bus =
        || read("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("bus").exists());
    (read("DBUS_SESSION_BUS_ADDRESS").is_some() || bus()).then_some(Keyring::SecretService)
}

/// The name of who works here, as far as the environment tells.
pub(super) fn login() -> String {
    let name = read("USER").or_else(|| read("LOGNAME")).and_then(|name| name.into_string().ok());
    name.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// The user's configuration folder (XDG Base Directory Specification).
fn config_folder() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let named = read("XDG_CONFIG_HOME").map(PathBuf::from).filter(absolute);
    named.or_else(|| read("HOME").map(|home| PathBuf::from(home).join(".config")))
}

/// What `--set` says, once for the whole run.
static FLAGS: OnceLock<Vec<String>> = OnceLock::new();

/// Remembers what `--set` says.
pub(super) fn set_flags(flags: Vec<String>) {
    // Arguments are read once.
    let _first = FLAGS.set(flags);
}

/// What is configured outside of the repository.
pub(super) fn outside() -> Result<Outside, Error> {
    let mut environment = Vec::new();
    for name in KEYS.iter().filter_map(|key| key.variable) {
        if let Some(value) = read(name) {
            let text = value.into_string();
            let wrong = |_| Error::Usage(format!("{name} is no text in UTF-8"));
            environment.push((name, text.map_err(wrong)?));
        }
    }
    Ok(Outside {
        organisation: Some(PathBuf::from("/etc/leakcoach/config.toml")),
        named: read("LEAKCOACH_ORG_CONFIG").map(PathBuf::from),
        user: config_folder().map(|folder| folder.join("leakcoach/config.toml")),
        environment,
        flags: FLAGS.get().cloned().unwrap_or_default(),
    })
}

/// What the doctor looks at.
pub(super) fn surroundings() -> crate::hook::doctor::Surroundings {
    use crate::hook::doctor::{SWITCHES, Surroundings};
    let switches = SWITCHES.into_iter().filter_map(|name| Some((name, read(name)?))).collect();
    Surroundings { switches, seed: fastrand::u64(..), server_config: server().config }
}

/// The installed hook that called, beside which an earlier one may be kept.
pub(super) fn shim() -> Option<PathBuf> {
    read("LEAKCOACH_SHIM").map(PathBuf::from)
}

/// Why what is refused is to go through this once.
pub(super) fn reason() -> Option<String> {
    read("LEAKCOACH_REASON").map(|reason| reason.to_string_lossy().into_owned())
}

/// The commits that a merge in progress brings, as git tells pre-merge-commit.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(super) fn merged() -> Vec<gix_hash::ObjectId> {
    std::env::vars_os()
        .filter_map(|(name, _)| crate::source::index::merged_by_variable(&name))
        .collect()
}

/// The day it is, in UTC, so that it is the same day for everyone.
pub(super) fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// Who acts, as far as the environment tells.
pub(super) fn actor() -> Actor {
    for (variable, name) in AGENTS {
        if read(variable).is_some() {
            return Actor::Agent(name);
        }
    }
    let ci = read("CI").is_some_and(|value| value != "false" && value != "0");
    if ci { Actor::Ci } else { Actor::Person }
}

/// Whether a person can be asked: a terminal on both ends, and no machine acting.
pub(super) fn terminal(actor: &Actor) -> Terminal {
    let asked = *actor == Actor::Person && std::io::stderr().is_terminal() && in_foreground();
    if asked { Terminal::Interactive } else { Terminal::Absent }
}

/// Whether somebody watches how far a long check has come: a person at a terminal that can
/// draw over a line.
pub(super) fn shows_progress() -> bool {
    actor() == Actor::Person
        && read("NO_PROGRESS").is_none()
        && read("TERM").is_some_and(|term| term != "dumb")
        && std::io::stderr().is_terminal()
}

/// The terminal, to be read from and written to.
pub(super) fn tty() -> Option<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty").ok()
}

/// Whether there is a terminal that this may read from. Who reads from it in the
/// background is stopped by the system until brought to the foreground (tcsetpgrp(3)).
pub(super) fn in_foreground() -> bool {
    tty().is_some_and(|tty| {
        rustix::termios::tcgetpgrp(&tty).is_ok_and(|group| group == rustix::process::getpgrp())
    })
}

/// How to draw: columns and characters.
pub(super) fn style() -> Style {
    let width = read("COLUMNS")
        .and_then(|columns| columns.to_str()?.parse().ok())
        // Shells keep it to themselves.
        .or_else(|| terminal_size::terminal_size_of(std::io::stderr()).map(|(w, _)| w.0.into()))
        .unwrap_or(80_usize)
        .clamp(40, 120);
    let locale = read("LC_ALL").or_else(|| read("LC_CTYPE")).or_else(|| read("LANG"));
    let unicode = locale.is_some_and(|name| {
        let name = name.to_string_lossy().to_lowercase();
        name.contains("utf-8") || name.contains("utf8")
    });
    Style { width, unicode }
}

/// Whether output is coloured: `NO_COLOR` and `CLICOLOR_FORCE` decide before the terminal does.
pub(super) fn colour() -> bool {
    if read("NO_COLOR").is_some() {
        return false;
    }
    if read("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    read("CLICOLOR").is_none_or(|value| value != "0")
        && read("TERM").is_some_and(|term| term != "dumb")
        && std::io::stderr().is_terminal()
}

/// The same of what goes to standard output.
pub(super) fn colour_of_data() -> bool {
    let forced = read("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    colour() && (forced || std::io::stdout().is_terminal())
}

/// What pre-commit and prek say of a push in place of git's standard input.
pub(super) struct ManagedPush {
    /// The remote's name.
    pub(super) remote: String,
    /// The remote's address.
    pub(super) url: String,
    /// What the remote has, as a revision; may be all zeros, unknown here or missing.
    pub(super) from: Option<String>,
    /// What is pushed, as a revision; everything from `HEAD` when missing.
    pub(super) to: Option<String>,
}

/// The push that pre-commit or prek runs this hook for, if one of them does.
pub(super) fn managed_push() -> Option<ManagedPush> {
    read("PRE_COMMIT")?;
    let text = |name| read(name).and_then(|value| value.into_string().ok());
    Some(ManagedPush {
        remote: text("PRE_COMMIT_REMOTE_NAME").unwrap_or_default(),
        url: text("PRE_COMMIT_REMOTE_URL").unwrap_or_default(),
        from: text("PRE_COMMIT_FROM_REF"),
        to: text("PRE_COMMIT_TO_REF"),
    })
}

/// Whether git had a message edited: it tells its hooks by an editor that does nothing
/// when it had not (git-commit(1), githooks(5)).
pub(super) fn edits() -> bool {
    read("GIT_EDITOR").is_none_or(|editor| editor != ":")
}

/// The time, in seconds since 1970.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The time that reports give, in seconds since 1970: that of `SOURCE_DATE_EPOCH`
/// (reproducible-builds.org) where a report has to be the same each time.
pub(super) fn report_time() -> i64 {
    let given = read("SOURCE_DATE_EPOCH").and_then(|time| time.to_str()?.parse().ok());
    given.filter(|time| (0..1 << 40).contains(time)).unwrap_or_else(now)
}

/// What the environment of a server's hook tells.
#[derive(Clone)]
pub(super) struct Server {
    /// `LEAKCOACH_SERVER_CONFIG`: the administrator's file, where it is not the repository's.
    pub(super) config: Option<PathBuf>,
    /// `LEAKCOACH_TIME_LIMIT`: how long a check may take.
    pub(super) time_limit: Option<std::ffi::OsString>,
    /// Whether GitLab runs it.
    pub(super) gitlab: bool,
    /// Whether GitHub Enterprise Server runs it.
    pub(super) github: bool,
}

/// Where a server's hook runs.
pub(super) fn server() -> Server {
    Server {
        config: read("LEAKCOACH_SERVER_CONFIG").map(PathBuf::from),
        time_limit: read("LEAKCOACH_TIME_LIMIT"),
        gitlab: read("GL_REPOSITORY").is_some(),
        github: read("GITHUB_REPO_NAME").is_some(),
    }
}

/// The options of a push, as git tells them to a server's hooks.
pub(super) fn push_options() -> impl Iterator<Item = std::ffi::OsString> {
    let count = read("GIT_PUSH_OPTION_COUNT").and_then(|count| count.to_str()?.parse().ok());
    (0..count.unwrap_or(0_u16)).filter_map(|n| read(&format!("GIT_PUSH_OPTION_{n}")))
}

/// The person's home.
pub(super) fn home() -> Option<PathBuf> {
    read("HOME").map(PathBuf::from)
}

/// Whether GitHub's runner reads what is written.
pub(super) fn on_github() -> bool {
    read("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Values of variables whose names say that they are secret.
pub(super) fn secrets() -> Vec<(String, Secret)> {
    variables(|name, value| is_secret(name) && is_value(value))
}

/// The values of all other variables.
pub(super) fn others() -> Vec<(String, Secret)> {
    variables(|name, value| !is_secret(name) && value.len() <= 1 << 16)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn variables(keep: impl Fn(&str, &[u8]) -> bool) -> Vec<(String, Secret)> {
    use std::os::unix::ffi::OsStringExt;
    let all = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, Zeroizing::new(value.into_vec()));
        keep(&name, &value).then(|| (name, Secret::new(&value)))
    });
    all.collect()
}

/// Whether the name of a variable says that its value is secret.
fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 20] = [
        "APIKEY",
        "AUTH",
        "CREDENTIAL",
        "CREDENTIALS",
        "CREDS",
        "DSN",
        "KEY",
        "PASS",
        "PASSPHRASE",
        "PASSWD",
        "PASSWORD",
        "PAT",
        "PIN",
        "PSK",
        "PW",
        "SECRET",
        "SECRETS",
        "TOKEN",
        "TOKENS",
        "WEBHOOK",
    ];
    const ENDS: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "APIKEY", "PASSPHRASE"];
    // Identifiers beside keys, and numbers or places of keys.
    const NOT: [&str; 9] =
        ["ID", "NAME", "FILE", "PATH", "URL", "SOCK", "TYPE", "VERSION", "PUBLIC"];
    let name = name.to_uppercase();
    let words: Vec<&str> = name.split(|char: char| !char.is_ascii_alphanumeric()).collect();
    let ends = words.last().is_some_and(|last| NOT.contains(last)) || words.contains(&"PUBLIC");
    !ends
        && words
            .iter()
            .any(|word| WORDS.contains(word) || ENDS.iter().any(|end| word.ends_with(end)))
}

/// Whether a value can be a secret: no switch, no small number, no path that is there.
fn is_value(value: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let number = value.iter().all(u8::is_ascii_digit);
    let least = if number { 9 } else { 6 };
    let switch = value.eq_ignore_ascii_case(b"enabled") || value.eq_ignore_ascii_case(b"disabled");
    let path = || value.starts_with(b"/") && Path::new(std::ffi::OsStr::from_bytes(value)).exists();
    value.len() >= least && !switch && !path()
}

/// How the environment says to reach the network: a proxy, the hosts that need none, and
/// the file of authorities to trust.
pub(super) struct Outward {
    /// `HTTPS_PROXY`, else `ALL_PROXY`; it may hold a password.
    pub(super) proxy: Option<Zeroizing<String>>,
    /// `NO_PROXY`.
    pub(super) no_proxy: Option<String>,
    /// `LEAKCOACH_CA_BUNDLE`, else `SSL_CERT_FILE`.
    pub(super) authorities: Option<PathBuf>,
}

/// How to reach the network.
pub(super) fn outward() -> Outward {
    let first = |names: &[&str]| names.iter().find_map(|name| read(name));
    let text = |names: &[&str]| first(names).and_then(|value| value.into_string().ok());
    Outward {
        proxy: text(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]).map(Zeroizing::new),
        no_proxy: text(&["NO_PROXY", "no_proxy"]),
        authorities: first(&["LEAKCOACH_CA_BUNDLE", "SSL_CERT_FILE"]).map(PathBuf::from),
    }
}

/// Where a service is asked in place of its vendor's server: `LEAKCOACH_VERIFY_GITHUB`.
pub(super) fn service_base(id: &str) -> Option<String> {
    let name = id.to_uppercase().replace('-', "_");
    read(&format!("LEAKCOACH_VERIFY_{name}")).and_then(|value| value.into_string().ok())
}
