//! Arguments in, exit code out. Thin: each command calls the stages.

mod agent;
mod ask;
mod base;
mod check;
mod env;
mod key;
mod letting;
mod long;
mod mask;
mod named;
mod overview;
mod own;
mod pipelines;
mod recorded;
mod reports;
mod setup;
mod spread;
mod teach;
mod way_out;

use self::agent::{approve, guard, mcp};
use self::check::{commit, server};
use self::letting::{allow, baseline, exceptions, import};
use self::pipelines::{gate, wrap};
use self::recorded::{audit, feedback, review, send, wrong};
use self::setup::{complete, config, hooks, init, policy};
use self::spread::merge;
use self::teach::{drill, eval, explain, learn, rules};
#[cfg(feature = "fix")]
use self::way_out::fix;
use self::way_out::{remediate, revoke, rewrite, vault, verify};
use crate::error::Error;
use crate::record::Deed;
use crate::source::{self, Repo};
use crate::{exit, hook, report};
use clap::{CommandFactory, FromArgMatches as _, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Read;

/// Catches credentials on their way out of git and coaches the way back.
#[derive(Debug, Parser)]
#[command(name = "leakcoach", version, arg_required_else_help = true)]
struct Args {
    /// Set a key of the configuration for this run
    #[arg(long, value_name = "KEY=VALUE", global = true)]
    set: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
struct HookArgs {
    /// The hook's name
    #[arg(value_parser = hook_name)]
    name: String,
    /// What git gives to the hook
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// The commands that commits and tool calls wait for, read without the words of all others:
/// to make those takes longer than the rest of a start. What it cannot read, [`Args`] can.
#[derive(Debug, Parser)]
#[command(name = "leakcoach")]
struct Often {
    #[arg(long, global = true)]
    set: Vec<String>,
    #[command(subcommand)]
    command: OftenCommand,
}

#[derive(Debug, Subcommand)]
enum OftenCommand {
    Hook(HookArgs),
    Guard(guard::GuardArgs),
}

impl Args {
    fn of(args: &[OsString]) -> Result<Self, clap::Error> {
        if args.get(1).is_some_and(|word| word == "hook" || word == "guard")
            && let Ok(Often { set, command }) = Often::try_parse_from(args)
        {
            let command = match command {
                OftenCommand::Hook(args) => Command::Hook(args),
                OftenCommand::Guard(args) => Command::Guard(args),
            };
            return Ok(Self { set, command });
        }
        let command = overview::grouped(Self::command(), env::style());
        Self::from_arg_matches(&command.try_get_matches_from(args)?)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put the hooks into this repository
    #[command(
        after_help = "Examples:\n  leakcoach install\n  leakcoach install --global\n  leakcoach install --agent claude-code"
    )]
    Install(hooks::InstallArgs),
    /// Take the hooks out and put back what was there
    #[command(after_help = "Example:\n  leakcoach uninstall")]
    Uninstall(hooks::InstallArgs),
    /// Prove by a fake commit that the hooks fire
    ///
    /// The commit is made in a scratch repository, by this repository's own hooks.
    #[command(after_help = "Example:\n  leakcoach doctor --format json")]
    Doctor(hooks::DoctorArgs),
    /// Show a refused commit and its way out, in a scratch repository
    #[command(after_help = "Example:\n  leakcoach demo")]
    Demo,
    /// Look at this repository and propose a configuration
    #[command(after_help = "Examples:\n  leakcoach init\n  leakcoach init --preset strict --yes")]
    Init(init::InitArgs),
    /// Show what is configured, and where each value comes from
    #[command(
        after_help = "Examples:\n  leakcoach config\n  leakcoach config --format json\n  leakcoach config --check"
    )]
    Config(config::ConfigArgs),
    /// Tell which line of policy decides, try lines, find dead ones
    #[command(
        after_help = "Examples:\n  leakcoach policy explain 7h2kq9xw\n  leakcoach policy test policy-cases.toml\n  leakcoach policy lint"
    )]
    Policy {
        #[command(subcommand)]
        ask: policy::Ask,
    },
    /// Print a shell's completions
    #[command(
        after_help = "Example:\n  leakcoach completions bash > ~/.local/share/bash-completion/completions/leakcoach"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual's page, or write all pages into a folder
    #[command(after_help = "Example:\n  leakcoach man ~/.local/share/man/man1")]
    Man {
        /// The folder, which must be there
        folder: Option<std::path::PathBuf>,
    },
    /// What an installed hook calls
    #[command(after_help = "Example:\n  leakcoach hook pre-commit")]
    Hook(HookArgs),
    /// Answer an AI agent's event, in that agent's own contract
    ///
    /// The event is read from standard input.
    #[command(
        after_help = "Exit codes: 0 the answer is on standard output, 2 refused with the reason on standard error; for `generic` 0 allowed, 1 refused, 3 could not check.\n\nExamples:\n  leakcoach install --agent claude-code\n  leakcoach guard --agent claude-code < event.json"
    )]
    Guard(guard::GuardArgs),
    /// Stand between an agent and an MCP server, or be one
    #[command(
        after_help = "Exit codes: those of the server; 2 wrong usage or configuration, 126 and 127 where it cannot be run.\n\nExamples:\n  leakcoach mcp -- npx -y @modelcontextprotocol/server-filesystem .\n  leakcoach mcp --agent cursor --name files -- mcp-server-filesystem .\n  leakcoach mcp serve"
    )]
    Mcp(mcp::McpArgs),
    /// Let an agent do for a time what is refused to it
    ///
    /// The person at the terminal is asked.
    #[command(
        after_help = "Examples:\n  leakcoach approve --agent claude-code --scope env-file:.env.test --for 30m --reason 'e2e tests need it'\n  leakcoach approve --list"
    )]
    Approve(approve::ApproveArgs),
    /// Check what is staged, or what else is named
    #[command(
        after_help = "Examples:\n  leakcoach check\n  leakcoach check --all-changes\n  leakcoach check --branch topic\n  leakcoach check --history\n  leakcoach check --tree .\n  leakcoach check --log build.log\n  pbpaste | leakcoach check --stdin --path settings.yml\n  leakcoach check --report sarif=leakcoach.sarif --report html=leakcoach.html\n  leakcoach check --repos repos.txt --shard 2/8 --part part-2.jsonl"
    )]
    Check(check::CheckArgs),
    /// Join the parts of a check that several machines made
    ///
    /// What comes out is what one machine would have said.
    #[command(
        after_help = "Examples:\n  leakcoach merge part-*.jsonl\n  leakcoach merge part-*.jsonl --report sarif=leakcoach.sarif"
    )]
    Merge(merge::MergeArgs),
    /// Prove, read, hand out and forget what is recorded
    ///
    /// Whether the private record is as leakcoach left it; a part of it for somebody else.
    #[command(
        after_help = "Examples:\n  leakcoach audit verify\n  leakcoach audit show --since 7d --why 'weekly look'\n  leakcoach audit replay 7h2kq9xw\n  leakcoach audit export --to Ana --why 'weekly look' --out ana.export\n  leakcoach audit forget --finding 7h2kq9xw --why 'asked to'"
    )]
    Audit {
        #[command(subcommand)]
        ask: audit::Ask,
    },
    /// Tell what cards led to and what to tune
    ///
    /// By control of a framework too, and for others to read.
    #[command(
        after_help = "Examples:\n  leakcoach report --since 90d\n  leakcoach report --format html --output feedback.html\n  leakcoach report --shared --format markdown\n  leakcoach report --framework csf\n  leakcoach report --apply 1"
    )]
    Report(feedback::ReportArgs),
    /// List what to look at again, assign it and close it
    #[command(
        after_help = "Examples:\n  leakcoach review\n  leakcoach review --assign q5k2m7ab --to ann\n  leakcoach review --close q5k2m7ab --note 'the template was mended'"
    )]
    Review(review::ReviewArgs),
    /// Record that a finding is none, and be told how to silence it
    #[command(
        after_help = "Example:\n  leakcoach wrong 7h2kq9xw --because 'checksum of a public archive'"
    )]
    Wrong(wrong::WrongArgs),
    /// Write down what is here, so that only what is new is refused
    #[command(
        after_help = "Examples:\n  leakcoach baseline\n  leakcoach baseline --tree src config\n  leakcoach baseline --check"
    )]
    Baseline(baseline::BaselineArgs),
    /// Let one credential through until a day, with a reason
    #[command(
        after_help = "Exit codes: 0 it is written, 1 you may not, 2 the reason or the end is none.\n\nExamples:\n  leakcoach allow 7h2kq9xw --reason 'revoked on Monday, kept for the parser'\n  leakcoach allow src/app.py:12 --reason 'the vendor publishes this key' --until 14d"
    )]
    Allow(allow::AllowArgs),
    /// List the exceptions: live, expiring, expired, dead or void
    #[command(
        after_help = "Examples:\n  leakcoach exceptions\n  leakcoach exceptions --check --format json\n  leakcoach exceptions --prune\n  leakcoach exceptions approve src/app.py:12"
    )]
    Exceptions(exceptions::ExceptionsArgs),
    /// Tell all about a rule, a finding or a file
    ///
    /// Of a file, what was seen in it and why some of that is let through.
    #[command(
        after_help = "Examples:\n  leakcoach explain github-pat\n  leakcoach explain 7h2kq9xw\n  leakcoach explain config/app.py\n  leakcoach explain github-pat --with-ai 'llm --no-log'"
    )]
    Explain {
        /// The rule's id, the finding's id on a card, or a file's path
        id: String,
        /// Also ask a program, which is told the rule, the file's role and how far it has come
        /// and nothing else; `ai.command` of the configuration without CMD
        #[arg(long, value_name = "CMD", num_args = 0..=1, default_missing_value = "")]
        with_ai: Option<String>,
    },
    /// Take a lesson of two minutes, with a question at its end
    #[command(
        after_help = "Examples:\n  leakcoach learn\n  leakcoach learn exposure\n  leakcoach learn --rule github-pat"
    )]
    Learn(learn::LearnArgs),
    /// Tell fresh fake credentials from look-alikes, in a drill
    ///
    /// In a scratch repository.
    #[command(
        after_help = "Examples:\n  leakcoach drill\n  leakcoach drill --commit --count 5\n  leakcoach drill --seed 7 --mark 3,9\n  leakcoach drill --ci"
    )]
    Drill(drill::DrillArgs),
    /// Measure precision and recall on labelled files
    ///
    /// Or count findings in real code, which has no labels.
    #[command(
        after_help = "Examples:\n  leakcoach eval samples --labels samples/labels.csv --list 20\n  leakcoach eval /usr/lib/python3.11"
    )]
    Eval(eval::EvalArgs),
    /// Replace a credential by what reads it at run time
    ///
    /// Shows the change, and writes it on consent.
    #[cfg(feature = "fix")]
    #[command(
        after_help = "Examples:\n  leakcoach fix\n  leakcoach fix 7h2kq9xw --dry-run\n  leakcoach fix config/app.py:12 --name PAYMENTS_TOKEN --yes\n  leakcoach fix --undo"
    )]
    Fix(fix::FixArgs),
    /// Let a deployment go on only with a fresh, signed approval
    ///
    /// Of this very commit, for this target.
    #[command(
        after_help = "Exit codes: 0 it may go on, 1 no approval counts, 2 wrong usage or configuration, 3 it cannot be told.\n\nExamples:\n  leakcoach gate --target production\n  leakcoach gate approve --target production --for 2h --reason 'release 4' --push"
    )]
    Gate(gate::GateArgs),
    /// Turn other tools' ignore lists into exceptions that end
    #[command(
        after_help = "Examples:\n  leakcoach import --dry-run\n  leakcoach import --until 30d --reason 'found before we moved; being rotated'\n  leakcoach import --from ci/trufflehog-exclude.txt"
    )]
    Import(import::ImportArgs),
    /// Go the whole way out, step by step, and remember it
    ///
    /// From found to revoked, rotated, vaulted and looked after.
    #[command(
        after_help = "Exit codes: 0 nothing is left to do or what was asked is recorded, 1 something is left.\n\nExamples:\n  leakcoach remediate 7h2kq9xw\n  leakcoach remediate 7h2kq9xw --next\n  leakcoach remediate 7h2kq9xw --done rotated='new key since 10:40, ticket 812'\n  leakcoach remediate 7h2kq9xw --skip history --reason 'revoked: its text opens nothing'\n  leakcoach remediate 7h2kq9xw --close\n  leakcoach remediate --status --all --format json"
    )]
    Remediate(remediate::RemediateArgs),
    /// Take a credential out of commits, pushed ones too
    #[command(
        after_help = "Examples:\n  leakcoach rewrite 7h2kq9xw --dry-run\n  leakcoach rewrite config/app.py:12 --yes\n  leakcoach rewrite 7h2kq9xw --pushed --yes"
    )]
    Rewrite(rewrite::RewriteArgs),
    /// Run a command, and mask credentials in what it writes
    #[command(
        after_help = "Exit code: that of the command; 126 it cannot be run, 127 there is none; a signal that ends it ends leakcoach.\n\nExamples:\n  leakcoach run -- npm publish\n  leakcoach run --strict -- ./deploy.sh production"
    )]
    Run(wrap::RunArgs),
    /// List every rule
    #[command(
        after_help = "Examples:\n  leakcoach rules --service github\n  leakcoach rules --severity critical --format json\n  leakcoach rules --sample github-pat"
    )]
    Rules(rules::RulesArgs),
    /// Send what was recorded to the sinks that are configured
    ///
    /// Each from where it has come to.
    #[command(
        after_help = "Exit codes: 0 everything arrived, 3 something did not and stays for the next time.\n\nExamples:\n  leakcoach send\n  leakcoach send siem --dry-run\n  leakcoach send --status --format json"
    )]
    Send(send::SendArgs),
    /// Put a credential into your vault, and say how to read it
    #[command(
        after_help = "Examples:\n  leakcoach vault --check\n  leakcoach vault 7h2kq9xw --to pass\n  leakcoach vault config/app.py:12 --dry-run\n  leakcoach vault 7h2kq9xw --to aws-ssm --place path=/shop/{name} --yes\n  new-token | leakcoach vault 7h2kq9xw --new --replace --yes"
    )]
    Vault(vault::VaultArgs),
    /// Ask a service whether its credential still opens something
    #[command(
        after_help = "Exit codes: 0 it opens nothing, 1 it is alive, 3 it could not be told.\n\nExamples:\n  leakcoach verify\n  leakcoach verify 7h2kq9xw --yes\n  leakcoach verify config/app.py:12 --host gitlab.acme.example\n  leakcoach verify --all --history --dry-run"
    )]
    Verify(verify::VerifyArgs),
    /// Make a credential useless, or say where that is done
    ///
    /// By a call, where its service has one for that.
    #[command(
        after_help = "Exit codes: 0 it opens nothing, 1 it is alive, 3 it could not be told or revoked from here.\n\nExamples:\n  leakcoach revoke 7h2kq9xw\n  leakcoach revoke github-pat --dry-run\n  leakcoach revoke 7h2kq9xw --yes --confirm github-pat"
    )]
    Revoke(revoke::RevokeArgs),
}

/// Runs the command line `args`, the program's name first, and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    report::set_colour(env::colour());
    let args: Vec<OsString> = args.into_iter().collect();
    let args = match Args::of(&args) {
        Ok(args) => args,
        Err(error) => {
            // Nothing can be done when even that cannot be written.
            let _printed = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::PASSED };
        }
    };
    env::set_flags(args.set);
    let code = dispatch(args.command).unwrap_or_else(|error| {
        report::error(&error);
        error.exit_code()
    });
    send::afterwards();
    code
}

/// Runs a command within another, as if `args` had been typed after the program's name.
fn run_within(args: &[&str]) -> Result<u8, Error> {
    let args = Args::try_parse_from(std::iter::once("leakcoach").chain(args.iter().copied()));
    dispatch(args.map_err(|error| Error::Usage(error.kind().to_string()))?.command)
}

fn dispatch(command: Command) -> Result<u8, Error> {
    match command {
        Command::Install(args) => hooks::install(&args),
        Command::Uninstall(args) => hooks::uninstall(&args),
        Command::Doctor(args) => hooks::doctor(&args),
        Command::Demo => hook::demo::play(&env::stage()?, report::notice).map(|()| exit::PASSED),
        Command::Init(args) => init::init(&args),
        Command::Config(args) => config::config(&args),
        Command::Policy { ask } => policy::policy(&ask),
        Command::Completions { shell } => {
            complete::completions(shell, Args::command()).map(|()| exit::PASSED)
        }
        Command::Man { folder } => {
            complete::man(folder.as_deref(), Args::command()).map(|()| exit::PASSED)
        }
        Command::Hook(HookArgs { name, args }) => on_hook(&name, &args),
        Command::Guard(args) => Ok(guard::guard(&args)),
        Command::Mcp(args) => mcp::mcp(&args),
        Command::Approve(args) => approve::approve(&args),
        Command::Check(args) => check::check(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Audit { ask } => audit::audit(&ask),
        Command::Report(args) => feedback::report(&args),
        Command::Review(args) => review::review(&args),
        Command::Wrong(args) => wrong::wrong(&args),
        Command::Baseline(args) => baseline::baseline(&args),
        Command::Allow(args) => allow::allow(&args),
        Command::Exceptions(args) => exceptions::exceptions(&args),
        Command::Explain { id, with_ai } => explain::explain(&id, with_ai.as_deref()),
        Command::Learn(args) => learn::learn(&args),
        Command::Drill(args) => drill::drill(&args),
        Command::Eval(args) => eval::eval(&args).map(|()| exit::PASSED),
        #[cfg(feature = "fix")]
        Command::Fix(args) => fix::fix(&args),
        Command::Gate(args) => gate::gate(&args),
        Command::Import(args) => import::import(&args),
        Command::Remediate(args) => remediate::remediate(&args),
        Command::Rewrite(args) => rewrite::run(&args),
        Command::Run(args) => wrap::run(&args),
        Command::Rules(args) => rules::rules(&args).map(|()| exit::PASSED),
        Command::Send(args) => send::send(&args),
        Command::Vault(args) => vault::vault(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Revoke(args) => revoke::revoke(&args),
    }
}

/// A hook that leakcoach checks in, or passes on.
fn hook_name(given: &str) -> Result<String, String> {
    let client = ["pre-commit", "pre-merge-commit", "commit-msg", "post-commit", "pre-push"];
    let checked = [&client[..], &server::HOOKS].concat();
    if checked.contains(&given) || hook::PASSED_ON.contains(&given) {
        return Ok(given.to_owned());
    }
    Err(format!("one of: {}", checked.join(", ")))
}

/// Remembers what has passed, for the look at the commit afterwards.
fn stamped(repo: &Repo, tree: Option<gix_hash::ObjectId>, code: u8) -> u8 {
    if code == exit::PASSED {
        commit::stamp(repo, tree);
    }
    code
}

fn open() -> Result<Repo, Error> {
    Ok(Repo::open_from_env(env::index_file())?.part_of(long::work()))
}

fn on_hook(name: &str, args: &[OsString]) -> Result<u8, Error> {
    if server::HOOKS.contains(&name) {
        return server::on_hook(name, args);
    }
    let repo = open()?;
    let mut input = Vec::new();
    let (code, next) = match name {
        "pre-push" => {
            std::io::stdin()
                .read_to_end(&mut input)
                .map_err(|error| Error::Usage(format!("cannot read standard input: {error}")))?;
            (
                check::push(&repo, args, &input)?.at(&repo, Deed::Push).conclude(),
                hook::Input::Read(&input),
            )
        }
        "pre-merge-commit" => {
            let set = source::index::staged_to_merge(&repo, &env::merged())?;
            let code = check::changes(&repo, &set, &[])?.at(&repo, Deed::Commit).conclude();
            (stamped(&repo, set.tree, code), hook::Input::Passed)
        }
        "pre-commit" => {
            // Hook managers run it in git's pre-merge-commit too.
            let set = source::index::staged_to_merge(&repo, &env::merged())?;
            let code = check::staged_and(&repo, &set, args)?.at(&repo, Deed::Commit).conclude();
            (stamped(&repo, set.tree, code), hook::Input::Passed)
        }
        "commit-msg" => {
            (commit::message(&repo, args)?.at(&repo, Deed::Message).conclude(), hook::Input::Passed)
        }
        "post-commit" => {
            commit::afterwards(&repo);
            (exit::PASSED, hook::Input::Passed)
        }
        _ => (exit::PASSED, hook::Input::Passed),
    };
    match env::shim() {
        Some(shim) if code == exit::PASSED => {
            Ok(hook::run_next(&shim, &repo, args, next)?.unwrap_or(code))
        }
        _ => Ok(code),
    }
}
