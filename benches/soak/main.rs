//! Hostile input for minutes: every parser of bytes that others wrote, on a stable
//! compiler.
//!
//! `cargo bench --profile soak --bench soak -- --seconds 60` takes turns between the
//! targets, makes each input from a seed (`inputs.rs`), and holds what comes of it
//! against the target's invariants: no panic, no hang, time in proportion to length,
//! spans in place and in order, no credential in any word. An input is never printed;
//! its target, generator and seed make it again:
//! `--target scan --generator repeated --seed 123 --cases 1`.
#![expect(
    clippy::disallowed_methods,
    clippy::exit,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench"
)]

mod git;
mod inputs;
mod parsers;
mod readers;
mod scanning;

use clap::Parser;
use fastrand::Rng;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A parser, the ways in which inputs for it are made, and what must hold.
pub(crate) trait Target {
    fn name(&self) -> &'static str;

    fn generators(&self) -> &'static [&'static str];

    /// How many shares of the time it gets.
    fn shares(&self) -> u32 {
        1
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8>;

    /// Parses `input`: how long that alone took, or what did not hold, in words that
    /// quote nothing of the input.
    fn check(&mut self, generator: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String>;
}

/// What `work` gives, and the processor's time that this thread took for it.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = processor_time();
    let made = work();
    (made, processor_time().saturating_sub(start))
}

#[cfg(unix)]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(not(unix))]
fn processor_time() -> Duration {
    use std::sync::LazyLock;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// Feeds every parser with hostile input.
#[derive(Debug, Parser)]
struct Args {
    /// Stop after this many seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Stop after this many inputs
    #[arg(long, default_value_t = u64::MAX)]
    cases: u64,
    /// The seed of the first input; the next has the next number
    #[arg(long)]
    seed: Option<u64>,
    /// Only this target
    #[arg(long)]
    target: Option<String>,
    /// Only this generator
    #[arg(long)]
    generator: Option<String>,
    /// An input may take this many milliseconds of processor time a megabyte
    #[arg(long, default_value_t = 1000)]
    bound: u32,
    /// And this many milliseconds whatever its size
    #[arg(long, default_value_t = 50)]
    slack: u32,
    /// An input that takes this many seconds on the clock hangs
    #[arg(long, default_value_t = 120)]
    hang: u64,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// Which input: enough to make it again.
#[derive(Debug, Clone)]
struct Case {
    target: &'static str,
    generator: &'static str,
    seed: u64,
    bytes: usize,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { target, generator, seed, bytes } = self;
        write!(f, "--target {target} --generator {generator} --seed {seed} ({bytes} bytes)")
    }
}

/// The account of one target.
#[derive(Debug, Default)]
struct Account {
    cases: u64,
    bytes: u64,
    took: Duration,
    used: Duration,
    slowest: Option<(f64, Case)>,
    /// What did not hold: how often, and the first input that showed it.
    failures: BTreeMap<String, (u64, Case)>,
}

/// Below this size, what a megabyte would take says nothing.
const RATED_FROM: usize = 4096;

impl Account {
    fn add(&mut self, case: &Case, outcome: Result<Duration, String>, args: &Args) {
        self.cases += 1;
        self.bytes += case.bytes as u64;
        let failure = match outcome {
            Ok(took) => {
                self.took += took;
                let rate = milliseconds_a_megabyte(took, case.bytes);
                if case.bytes >= RATED_FROM
                    && self.slowest.as_ref().is_none_or(|(slowest, _)| rate > *slowest)
                {
                    self.slowest = Some((rate, case.clone()));
                }
                (took > allowed(case.bytes, args))
                    .then(|| "took longer than its length allows".into())
            }
            Err(what) => Some(what),
        };
        if let Some(what) = failure {
            self.failures.entry(what).or_insert_with(|| (0, case.clone())).0 += 1;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn milliseconds_a_megabyte(took: Duration, bytes: usize) -> f64 {
    took.as_secs_f64() * 1e9 / bytes.max(1) as f64
}

fn allowed(bytes: usize, args: &Args) -> Duration {
    let by_length = u64::from(args.bound) * bytes as u64; // nanoseconds: ms/MB times bytes
    Duration::from_millis(args.slack.into()) + Duration::from_nanos(by_length)
}

/// The input at work and when it began, for whoever waits for it.
type AtWork = Arc<Mutex<Option<(Instant, Case)>>>;

fn watch(at_work: &AtWork, limit: Duration) {
    let at_work = Arc::clone(at_work);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let now = at_work.lock().unwrap().clone();
            if let Some((since, case)) = now
                && since.elapsed() > limit
            {
                println!("failed: no end after {} s: {case}", limit.as_secs());
                std::process::exit(1);
            }
        }
    });
}

fn main() -> ExitCode {
    let args = Args::parse();
    let scratch = tempfile::tempdir().unwrap();
    let mut targets = scanning::targets();
    targets.extend(parsers::targets(scratch.path()));
    targets.extend(readers::targets(scratch.path()));
    targets.extend(git::targets(scratch.path()));
    targets.retain(|target| args.target.as_ref().is_none_or(|name| name == target.name()));
    assert!(!targets.is_empty(), "no such target");
    let start_seed = args.seed.unwrap_or_else(|| fastrand::u64(..1 << 48));
    println!("{} targets from seed {start_seed}", targets.len());

    let panicked_at = Arc::new(Mutex::new(String::new()));
    let place = Arc::clone(&panicked_at);
    // The place alone: a message may quote the text it choked on.
    std::panic::set_hook(Box::new(move |panic| {
        *place.lock().unwrap() = panic.location().map(ToString::to_string).unwrap_or_default();
    }));
    let at_work = AtWork::default();
    watch(&at_work, Duration::from_secs(args.hang));

    let mut accounts: Vec<Account> = targets.iter().map(|_| Account::default()).collect();
    let start = Instant::now();
    let mut seed = start_seed;
    while start.elapsed().as_secs() < args.seconds && seed - start_seed < args.cases {
        // The one that has had the least of its time.
        let had = |at: &usize| accounts[*at].used / targets[*at].shares();
        let next = (0..targets.len()).min_by_key(had).unwrap();
        let target = &mut targets[next];
        let mut rng = Rng::with_seed(seed);
        let drawn = inputs::pick(&mut rng, target.generators());
        let wanted = args.generator.as_deref();
        let generator = *target.generators().iter().find(|g| Some(**g) == wanted).unwrap_or(&drawn);
        let mut case = Case { target: target.name(), generator, seed, bytes: 0 };
        seed += 1;

        let (outcome, used) = timed(|| {
            let input = target.input(generator, &mut rng);
            case.bytes = input.len();
            *at_work.lock().unwrap() = Some((Instant::now(), case.clone()));
            let mut outcome = attempt(&mut **target, generator, &input, &rng, &panicked_at);
            // What was slow once may have been so for another reason: the first use of a
            // rule, a busy machine. The best of three counts.
            for _ in 0..2 {
                if !matches!(outcome, Ok(took) if took > allowed(input.len(), &args)) {
                    break;
                }
                let again = attempt(&mut **target, generator, &input, &rng, &panicked_at);
                outcome = outcome.and_then(|took| again.map(|again| again.min(took)));
            }
            outcome
        });
        *at_work.lock().unwrap() = None;
        accounts[next].used += used;
        accounts[next].add(&case, outcome, &args);
    }
    report(&targets, &accounts, &args)
}

fn attempt(
    target: &mut dyn Target,
    generator: &str,
    input: &[u8],
    rng: &Rng,
    panicked_at: &Mutex<String>,
) -> Result<Duration, String> {
    let check = || target.check(generator, input, &mut rng.clone());
    catch_unwind(AssertUnwindSafe(check))
        .unwrap_or_else(|_| Err(format!("panic at {}", panicked_at.lock().unwrap())))
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn report(targets: &[Box<dyn Target>], accounts: &[Account], args: &Args) -> ExitCode {
    println!("{:<12} {:>9} {:>9} {:>8} {:>12}", "target", "inputs", "MB", "MB/s", "slowest ms/MB");
    for (target, account) in targets.iter().zip(accounts) {
        let megabytes = account.bytes as f64 / 1e6;
        let rate = megabytes / account.took.as_secs_f64().max(1e-9);
        let slowest = account.slowest.as_ref();
        let slowest =
            slowest.map_or_else(String::new, |(rate, case)| format!("{rate:>12.0}  {case}"));
        println!(
            "{:<12} {:>9} {megabytes:>9.1} {rate:>8.1} {slowest}",
            target.name(),
            account.cases
        );
    }
    println!("bound: {} ms/MB after {} ms", args.bound, args.slack);
    let mut code = ExitCode::SUCCESS;
    for (what, (times, case)) in accounts.iter().flat_map(|account| &account.failures) {
        println!("failed {times} times: {what}: first {case}");
        code = ExitCode::FAILURE;
    }
    code
}
