//! A verdict becomes a card: words in sections, still without colour or width.

use crate::catalogue::Rule;
use crate::judge::fingerprint::FindingId;
use crate::judge::{Exposure, Judgement, Standing, Verdict};
use crate::scan::{Confidence, Finding};
use crate::source::Medium;
use crate::source::lines::Region;
use crate::source::role::FileRole;
use crate::text::Escaped;
use bstr::BString;
use std::borrow::Cow;

/// What a person sees for one finding.
#[derive(Debug)]
pub struct Card {
    /// What it is.
    pub what: &'static str,
    /// The rule's id.
    pub rule: &'static str,
    /// The finding's id in this repository.
    pub id: Option<FindingId>,
    /// `config/app.py`, fit for a terminal.
    pub path: String,
    /// One-based.
    pub line: usize,
    /// The line with the credential masked, fit for a terminal.
    pub masked: String,
    /// How sure it is, and why.
    pub seen: String,
    /// What there was to notice.
    pub signal: &'static str,
    /// What it opens.
    pub opens: &'static str,
    /// Why it matters here.
    pub here: String,
    /// What to do now, in order.
    pub steps: Vec<Step>,
    /// What to do next time.
    pub next_time: &'static str,
    /// How to go on when it is none.
    pub go_on: String,
    /// What was decided.
    pub judgement: Judgement,
    /// What reports for machines say beside the words.
    pub facts: Facts,
}

/// What is known of a finding, without words. Holds nothing of the credential.
#[derive(Debug)]
pub struct Facts {
    /// The rule.
    pub rule: &'static Rule,
    /// How sure it is.
    pub confidence: Confidence,
    /// How far the credential has come.
    pub exposure: Exposure,
    /// The file's role.
    pub role: FileRole,
    /// The file's path, as git or the system has it; of a member, the archive's.
    pub file: BString,
    /// Whether it is in an archive, so that its lines are not those of the file.
    pub packed: bool,
    /// Where in the text the credential is.
    pub region: Region,
    /// The whole id of the commit it is in.
    pub commit: Option<String>,
    /// Whether the card's id is the same in the next run.
    pub id_lasts: bool,
    /// Where it comes from, if from another run.
    pub from: Option<Box<Provenance>>,
}

/// What another run knew of a finding's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The repository, as the list of those to check names it; fit for a terminal.
    pub repository: Option<String>,
    /// The file's path from the top of the repository; any bytes.
    pub file: BString,
    /// Who owns it.
    pub owners: Vec<String>,
}

impl Card {
    /// The path, with that of the repository before it where a run is about several.
    pub fn full_path(&self) -> Cow<'_, str> {
        match self.facts.from.as_ref().and_then(|from| from.repository.as_ref()) {
            Some(repository) => Cow::Owned(format!("{repository}/{}", self.path)),
            None => Cow::Borrowed(&self.path),
        }
    }
}

/// One thing to do.
#[derive(Debug)]
pub struct Step {
    /// What to do.
    pub words: String,
    /// What to paste, on a line of its own so that it survives any width.
    pub command: Option<String>,
}

/// Where a finding stands.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The file's path; any bytes. Of a member of an archive, the archive's path before it.
    pub path: &'a [u8],
    /// The path of the archive that the file is in.
    pub archive: Option<&'a [u8]>,
    /// One-based.
    pub line: usize,
    /// The line itself, the credential already masked.
    pub masked: &'a [u8],
    /// The file's role.
    pub role: FileRole,
    /// How far the credential has come.
    pub exposure: Exposure,
    /// The short id of the commit it is in, `HEAD` for the last one, or the name of its tag.
    pub commit: Option<&'a str>,
    /// What holds it.
    pub medium: Medium,
    /// Who wrote it, where that is known: the job or step of a log; any bytes.
    pub writer: Option<&'a [u8]>,
    /// The whole of it.
    pub whole_commit: Option<String>,
    /// Where the credential is.
    pub region: Region,
    /// Whether ids last.
    pub id_lasts: bool,
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// The card for `finding`.
pub fn card(
    finding: &Finding,
    id: Option<FindingId>,
    judgement: Judgement,
    place: &Place<'_>,
) -> Card {
    let words = finding.rule.coaching();
    let path = Escaped(place.path).to_string();
    Card {
        what: finding.rule.what,
        rule: finding.rule.id,
        id,
        line: place.line,
        masked: Escaped(place.masked).to_string(),
        seen: seen(finding, &judgement, place.now),
        signal: words.missed,
        opens: words.opens,
        here: here(place),
        steps: steps(finding, place, &path),
        next_time: words.next_time,
        go_on: go_on(&judgement, finding.rule.id, place, &path),
        path,
        judgement,
        facts: Facts {
            rule: finding.rule,
            confidence: finding.confidence,
            exposure: place.exposure,
            role: place.role,
            file: place.archive.unwrap_or(place.path).into(),
            packed: place.archive.is_some(),
            region: place.region,
            commit: place.whole_commit.clone(),
            id_lasts: place.id_lasts,
            from: None,
        },
    }
}

fn seen(finding: &Finding, judgement: &Judgement, now: i64) -> String {
    let mut facts: Vec<String> = finding.notes.iter().map(|note| note.at(now)).collect();
    if let Some((companion, _)) = &finding.companion {
        facts.push(format!("it stands beside its {}", companion.what));
    }
    // What is proven needs no further reason; what is not is told by which policy it went.
    let told = judgement.is_settled() || !judgement.by_default;
    if finding.confidence < Confidence::Proven || told {
        facts.push(judgement.because.to_string());
    }
    match &judgement.standing {
        Standing::Expired(exception) => {
            let end = exception.until.map(|until| until.to_string()).unwrap_or_default();
            facts.push(format!("its exception ended on {end}"));
        }
        Standing::ListedAnew(list) => {
            facts.push(format!("`{list}` lists it, by an entry that comes with it"));
        }
        Standing::Open | Standing::Excepted(_) | Standing::Baselined | Standing::Listed(_) => {}
    }
    format!("{}: {}", finding.confidence, facts.join(", "))
}

fn here(place: &Place<'_>) -> String {
    let holder = holder(place);
    match (place.exposure, place.medium) {
        (Exposure::Staged, Medium::Message) => format!(
            "it is in {holder} and the commit was not made: nobody else has it yet, so nothing \
             needs revoking"
        ),
        (Exposure::Staged, _) => format!(
            "it is only staged, in {holder}: nobody else has it yet, so nothing needs revoking"
        ),
        (Exposure::Committed, Medium::Ref) => {
            format!("it is in {holder}: once pushed, it must be revoked")
        }
        (Exposure::Committed, _) => {
            format!("it is in a local commit, in {holder}: once pushed, it must be revoked")
        }
        (Exposure::Public, _) => format!(
            "it is on its way to a public remote, in {holder}: bots find a credential there \
             within minutes, so once pushed, take it for used by others"
        ),
        (Exposure::Received, _) => format!("it is in {holder}, and this server refused it"),
        (Exposure::Logged, _) => {
            format!("it is in {holder}: whoever may read the log has it already")
        }
        (Exposure::File, _) => format!("it is in {holder}"),
    }
}

fn holder(place: &Place<'_>) -> String {
    let role = match place.role {
        FileRole::Source => "a source file",
        FileRole::Test => "a test, which is copied and shared as freely as code",
        FileRole::Docs => "a document, made to be read by others",
        FileRole::Example => "an example, made to be copied",
        FileRole::Ci => "a pipeline's definition, whose logs may repeat it",
        FileRole::Infra => "infrastructure code",
        FileRole::Config => "a settings file",
        FileRole::Lockfile => "a lockfile, which every checkout reads",
        FileRole::Generated => "a generated file, made anew from something that holds it too",
        FileRole::Vendored => "vendored code",
        FileRole::Translation => "a translation",
    };
    match place.medium {
        Medium::File => role.to_owned(),
        Medium::Message => "a commit's message, which no later commit takes back".to_owned(),
        Medium::TagMessage => "a tag's message, which everybody fetches".to_owned(),
        Medium::Path => "a file's name, which listings, logs and links repeat".to_owned(),
        Medium::Ref => "the name of a branch or tag, which logs and links repeat".to_owned(),
        Medium::Log => match place.writer {
            Some(writer) => format!("the log of `{}`", Escaped(writer)),
            None => "a pipeline's log".to_owned(),
        },
    }
}

fn steps(finding: &Finding, place: &Place<'_>, path: &str) -> Vec<Step> {
    match place.medium {
        Medium::File => {}
        Medium::Log => return steps_for_log(finding),
        Medium::Message | Medium::TagMessage | Medium::Path | Medium::Ref => {
            return steps_for_words(place);
        }
    }
    let words = finding.rule.coaching();
    let path = quoted(path);
    let whole = belongs_outside(place.path);
    let step = |words: &str, command| Step { words: words.to_owned(), command };
    let archive = place.archive.map(|archive| quoted(&Escaped(archive).to_string()));
    let (take_out, stage) = if let Some(archive) = &archive {
        let words = format!(
            "take it out of {archive} and of what that is packed from; read {} from the environment",
            words.variable
        );
        (Step { words, command: None }, archive.as_str())
    } else if whole {
        let command = format!("git rm --cached -- {path} && echo {path} >> .gitignore");
        (step("keep the file out of git", Some(command)), ".gitignore")
    } else {
        let words = format!("take it out of {path}; read {} from the environment", words.variable);
        (Step { words, command: None }, path.as_str())
    };
    let again = match place.exposure {
        Exposure::Staged => step("commit again", Some(format!("git add -- {stage} && git commit"))),
        Exposure::Committed | Exposure::Public if place.commit == Some(HEAD) => {
            let command = format!("git add -- {stage} && git commit --amend --no-edit");
            step("mend that commit", Some(command))
        }
        Exposure::Committed | Exposure::Public | Exposure::Received => {
            let commit = place.commit.unwrap_or("COMMIT");
            let command =
                format!("git add -- {stage} && git commit --fixup={commit} && {}", rebase(commit));
            step("mend that commit", Some(command))
        }
        Exposure::File | Exposure::Logged => Step {
            words: format!("if others have seen it: revoke it at {}", words.revoke_console),
            command: None,
        },
    };
    vec![take_out, step(words.vault, None), again]
}

/// How a place names the last commit.
pub const HEAD: &str = "HEAD";

fn rebase(commit: &str) -> String {
    format!("git -c sequence.editor=: rebase -i --autosquash {commit}^")
}

/// What to do about a message or a name.
fn steps_for_words(place: &Place<'_>) -> Vec<Step> {
    let step = |words: &str, command| Step { words: words.to_owned(), command };
    let of = place.commit.map(|of| quoted(&Escaped(of.as_bytes()).to_string()));
    match (place.medium, of.as_deref()) {
        (Medium::Message, None) => {
            let path = quoted(&Escaped(place.path).to_string());
            vec![step(
                "take it out of the message, which is kept",
                Some(format!("git commit -eF {path}")),
            )]
        }
        (Medium::Message, Some(HEAD)) => {
            vec![step("write the message anew, without it", Some("git commit --amend".to_owned()))]
        }
        (Medium::Message, Some(commit)) => vec![step(
            "write that commit's message anew, without it",
            Some(format!("git commit --fixup=reword:{commit} && {}", rebase(commit))),
        )],
        (Medium::TagMessage, tag) => vec![step(
            "make the tag anew, without it",
            tag.map(|tag| format!("git tag -f -a {tag} {tag}^{{}}")),
        )],
        (Medium::Ref, _) => vec![step(
            "give it another name (git branch -m, or git tag NEW OLD), and push that",
            None,
        )],
        (Medium::Path | Medium::File | Medium::Log, of) => {
            let mut steps = vec![step("give the file another name: git mv OLD NEW", None)];
            steps.push(match (place.exposure, of) {
                (Exposure::Committed | Exposure::Public, Some(HEAD)) => {
                    step("mend that commit", Some("git commit --amend --no-edit".to_owned()))
                }
                (Exposure::Committed | Exposure::Public | Exposure::Received, Some(commit)) => {
                    step(
                        "mend that commit",
                        Some(format!("git commit --fixup={commit} && {}", rebase(commit))),
                    )
                }
                _ => step("commit again", Some("git commit".to_owned())),
            });
            steps
        }
    }
}

/// What to do about a credential in a log: others have it, so that revoking comes first.
fn steps_for_log(finding: &Finding) -> Vec<Step> {
    let words = finding.rule.coaching();
    let step = |words: String| Step { words, command: None };
    vec![
        step(format!("revoke it first, at {}", words.revoke_console)),
        step("make a new one and store it as a masked secret of the pipeline".to_owned()),
        step("delete the log, and take out what prints it (set -x, env, --verbose)".to_owned()),
    ]
}

/// Files that are nothing but credentials: there is no line to mend in them.
fn belongs_outside(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let ends = |ending: &str| name.ends_with(ending.as_bytes());
    let env =
        name == b".env" || name.starts_with(b".env.") && !ends(".example") && !ends(".sample");
    env || [".pem", ".key", ".p12", ".pfx", ".jks", ".ppk"].into_iter().any(ends)
        || matches!(
            name,
            b"id_rsa" | b"id_ed25519" | b"id_ecdsa" | b".netrc" | b".pgpass" | b"credentials"
        )
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@%,".contains(&byte);
    if path.bytes().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

fn go_on(judgement: &Judgement, rule: &str, place: &Place<'_>, path: &str) -> String {
    match judgement.verdict {
        Verdict::Permit => "nothing was refused".to_owned(),
        // Here, markers and lists are what the pusher says of the pusher's own work.
        Verdict::Slow | Verdict::Guide | Verdict::Block if place.exposure == Exposure::Received => {
            "not one? an exception for it on this server's default branch lets it through"
                .to_owned()
        }
        Verdict::Slow | Verdict::Guide | Verdict::Block
            if matches!(judgement.standing, Standing::ListedAnew(_)) =>
        {
            "not one? make its entry an exception that ends: leakcoach import".to_owned()
        }
        // Neither a name nor a log has a line whose end could be marked.
        Verdict::Slow | Verdict::Guide | Verdict::Block if place.medium == Medium::Path => {
            "not one? add its folder to `paths.ignore` in .leakcoach.toml".to_owned()
        }
        Verdict::Slow | Verdict::Guide | Verdict::Block
            if matches!(place.medium, Medium::Ref | Medium::Log) =>
        {
            format!("not one? add to `rules.disable` in .leakcoach.toml: {rule}")
        }
        // An archive is seldom packed here: its lines are for others to change.
        Verdict::Slow | Verdict::Guide | Verdict::Block if place.archive.is_some() => {
            format!("not one? add to `paths.ignore` in .leakcoach.toml: {path}")
        }
        Verdict::Slow | Verdict::Guide | Verdict::Block => {
            format!("not one? add to its line: leakcoach:allow {rule} because WORDS")
        }
    }
}
