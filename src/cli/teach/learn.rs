//! `leakcoach learn`: lessons of two minutes, each with a question.

use crate::catalogue::{Catalogue, Rule};
use crate::cli::ask::{Person, Watch};
use crate::cli::check::checked::Checked;
use crate::cli::check::run::Check;
use crate::cli::check::stand::Seen;
use crate::cli::teach::rules::{Format, config};
use crate::cli::{env, recorded::remember};
use crate::coach::lesson::{self, Because, Lesson, Question};
use crate::coach::stack::Stack;
use crate::error::Error;
use crate::exit;
use crate::report::{self, learning};
use crate::source::{Repo, index};
use clap::Args;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// No more files are looked at: a few thousand tell what a repository is about.
const FILES_AT_MOST: usize = 20_000;
/// No more of a manifest is read.
const MANIFEST_AT_MOST: u64 = 1 << 16;

#[derive(Debug, Args)]
pub(in crate::cli) struct LearnArgs {
    /// The lesson; without one, all are listed and one is proposed
    topic: Option<String>,
    /// A lesson made from the coaching of this rule
    #[arg(long, value_name = "RULE", conflicts_with = "topic")]
    rule: Option<String>,
    /// Leave out the question at the end
    #[arg(long)]
    no_question: bool,
    /// The same number gives the same question
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Tells a lesson, or which there are.
pub(in crate::cli) fn learn(args: &LearnArgs) -> Result<u8, Error> {
    report::set_colour(env::colour_of_data());
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let lesson = match (&args.rule, &args.topic) {
        (Some(id), _) => of_rule(id, seed)?,
        (None, Some(id)) => named(id, seed)?,
        (None, None) => return list(args.format),
    };
    remember::read(&lesson.id);
    if let Format::Json = args.format {
        report::data(&as_json(&lesson, args.no_question).to_string());
        return Ok(exit::PASSED);
    }
    let style = env::style();
    report::data(learning::lesson(&lesson, style).trim_end());
    if !args.no_question {
        ask(&lesson.question)?;
    }
    Ok(exit::PASSED)
}

fn ask(question: &Question) -> Result<(), Error> {
    let style = env::style();
    report::data(learning::question(question, style).trim_end_matches('\n'));
    let chosen = match Person::present() {
        None => None,
        Some(mut person) => {
            let watch = Watch::begin();
            let last = Question::letter(question.answers.len().saturating_sub(1));
            let words = format!("\nyour answer (a to {last}, or Enter to be told): ");
            let typed = person.ask(&words, &watch)?;
            typed.and_then(|typed| question.chosen(&typed))
        }
    };
    report::data(learning::answer(question, chosen, style).trim_end_matches('\n'));
    Ok(())
}

/// The lesson called `id`, or that of the rule called so.
fn named(id: &str, seed: u64) -> Result<Lesson, Error> {
    let nearest = match lesson::called(id, seed) {
        Ok(lesson) => return Ok(lesson),
        Err(nearest) => nearest,
    };
    match of_rule(id, seed) {
        Err(Error::UnknownId { id, nearest: rule }) => {
            let hint = nearest.or(rule);
            let near = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let id = crate::text::Escaped(id.as_bytes()).to_string();
            Err(Error::Usage(format!(
                "no lesson or rule is called `{id}`{near}\n  all of them: leakcoach learn"
            )))
        }
        other => other,
    }
}

fn of_rule(id: &str, seed: u64) -> Result<Lesson, Error> {
    let config = config(&[])?;
    let rule = config.users.rule(id).or_else(|| Catalogue::builtin().rule(id));
    let rule = rule.ok_or_else(|| Error::UnknownId {
        id: id.to_owned(),
        nearest: Catalogue::builtin().nearest(id).map(str::to_owned),
    })?;
    let (words, own) = config.coaching.of(rule, Path::new(""));
    Ok(lesson::of_rule(rule, &words, own, seed))
}

/// Lists the lessons, and proposes the one that fits here.
fn list(format: Format) -> Result<u8, Error> {
    let (found, stack) = match crate::cli::open() {
        Ok(repo) => {
            let stack = repo.top().map(stack_at).unwrap_or_default();
            let found = remember::last_found(&repo)?.or_else(|| {
                staged(&repo).unwrap_or_else(|error| {
                    report::notice(&format!("what is staged was not looked at: {error}"));
                    None
                })
            });
            (found, stack)
        }
        Err(Error::NoRepository { .. }) => (None, Stack::default()),
        Err(error) => return Err(error),
    };
    let (proposed, because) = lesson::proposed(found, &stack);
    let lessons = lesson::list();
    if let Format::Json = format {
        let all: Vec<serde_json::Value> = lessons
            .iter()
            .map(|(id, title)| {
                serde_json::json!({"id": id, "title": title, "proposed": *id == proposed})
            })
            .collect();
        report::data(&serde_json::Value::from(all).to_string());
        return Ok(exit::PASSED);
    }
    report::data(&learning::lessons(&lessons));
    let why = match because {
        Because::Found(rule) => format!("for the {rule} that was found here"),
        Because::Files => "for what this repository has".to_owned(),
        Because::First => "to begin with".to_owned(),
    };
    report::data(&format!("\n{why}: leakcoach learn {proposed}"));
    report::data("of one kind of credential: leakcoach learn --rule RULE");
    Ok(exit::PASSED)
}

/// The rule of the first credential that is staged.
fn staged(repo: &Repo) -> Result<Option<&'static Rule>, Error> {
    let seen: Arc<Mutex<Option<&'static Rule>>> = Arc::default();
    let into = Arc::clone(&seen);
    let check =
        Check::new(Some(repo), &[])?.unattended().watched(Box::new(move |found: &Seen<'_>| {
            into.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(found.finding.rule);
        }));
    let mut checked = Checked::default();
    check.changes(repo, &index::staged(repo)?, &mut checked)?;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(*seen)
}

/// What the files under `top` are, those that git ignores left out.
pub(in crate::cli) fn stack_at(top: &Path) -> Stack {
    let mut stack = Stack::default();
    let files = ignore::WalkBuilder::new(top).hidden(false).build();
    // What cannot be read tells nothing.
    for entry in files.flatten().take(FILES_AT_MOST) {
        let relative = entry.path().strip_prefix(top).ok().and_then(Path::to_str);
        let Some(path) = relative.filter(|path| !path.starts_with(".git/")) else { continue };
        if !entry.file_type().is_some_and(|kind| kind.is_file()) || !stack.file(path) {
            continue;
        }
        let mut text = Vec::new();
        let read = std::fs::File::open(entry.path())
            .and_then(|file| file.take(MANIFEST_AT_MOST).read_to_end(&mut text));
        if read.is_ok() {
            stack.manifest(&String::from_utf8_lossy(&text));
        }
    }
    stack
}

fn as_json(lesson: &Lesson, no_question: bool) -> serde_json::Value {
    let says: Vec<serde_json::Value> = lesson
        .says
        .iter()
        .map(|(label, words)| serde_json::json!({"label": label, "words": words}))
        .collect();
    let answers: Vec<serde_json::Value> = lesson
        .question
        .answers
        .iter()
        .enumerate()
        .map(|(index, answer)| {
            serde_json::json!({
                "letter": Question::letter(index).to_string(), "text": answer.text,
                "code": answer.code, "right": answer.right, "because": answer.because,
            })
        })
        .collect();
    let question =
        (!no_question).then(|| serde_json::json!({"ask": lesson.question.ask, "answers": answers}));
    serde_json::json!({
        "id": lesson.id, "title": lesson.title, "says": says, "try": lesson.tries,
        "source": lesson.source, "question": question,
    })
}
