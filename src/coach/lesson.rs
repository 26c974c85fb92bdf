//! Short lessons with a question at their end, from `patterns/lessons.toml` and from the rules'
//! own coaching.
//!
//! Takes a lesson's text or a rule, and a seed; gives words and a question whose lines of code
//! are fresh. Knows of no terminal.

use super::drill::bare;
use super::stack::Stack;
use crate::catalogue::lessons::{LessonText, OptionText, lessons};
use crate::catalogue::{Catalogue, Coaching, Rule, sample::expand};
use crate::scan::{Scanner, Text};
use crate::source::role::FileRole;
use fastrand::Rng;

/// What is read in two minutes.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Its name on the command line.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Paragraphs, some of them with a label.
    pub says: Vec<(&'static str, String)>,
    /// A command that shows it; may be empty.
    pub tries: String,
    /// The page behind it; may be empty.
    pub source: String,
    /// What is asked at the end.
    pub question: Question,
}

/// A question with one right answer.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is asked.
    pub ask: String,
    /// Three or four answers.
    pub answers: Vec<Answer>,
}

/// One answer to choose.
#[derive(Clone)]
pub struct Answer {
    /// Words, or a line of code.
    pub text: String,
    /// Whether it is a line of code.
    pub code: bool,
    /// Whether it is the right one.
    pub right: bool,
    /// Why it is, or is not.
    pub because: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A line of code may hold a fake that looks real.
        f.debug_struct("Answer")
            .field("right", &self.right)
            .field("because", &self.because)
            .finish_non_exhaustive()
    }
}

impl Question {
    /// The letter of the answer at `index`.
    pub fn letter(index: usize) -> char {
        char::from(b"abcd"[index.min(3)])
    }

    /// The answer that was meant by what somebody typed.
    pub fn chosen(&self, typed: &str) -> Option<usize> {
        let typed = typed.trim().trim_end_matches([')', '.']).to_lowercase();
        (0..self.answers.len()).find(|index| typed == Self::letter(*index).to_string())
    }

    /// The right one.
    pub fn right(&self) -> usize {
        self.answers.iter().position(|answer| answer.right).unwrap_or_default()
    }
}

/// All lessons: `patterns/lessons.toml`, which `build.rs` has read too.
fn all() -> Vec<LessonText> {
    let text = include_str!("../../patterns/lessons.toml");
    lessons(text).expect("build.rs has read it").lesson
}

/// The ids and titles of all lessons, in their order.
pub fn list() -> Vec<(String, String)> {
    all().into_iter().map(|lesson| (lesson.id, lesson.title)).collect()
}

/// The lesson called `id`, or the id that is nearest.
///
/// # Errors
/// There is none; the nearest id, if one is near.
pub fn called(id: &str, seed: u64) -> Result<Lesson, Option<String>> {
    let all = all();
    if let Some(lesson) = all.iter().find(|lesson| lesson.id == id) {
        return Ok(made(lesson, seed));
    }
    let far = |lesson: &LessonText| strsim::damerau_levenshtein(&lesson.id, id);
    let nearest = all.iter().min_by_key(|lesson| far(lesson));
    Err(nearest.filter(|lesson| far(lesson) <= 3).map(|lesson| lesson.id.clone()))
}

/// Why a lesson is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// A credential of this rule was found.
    Found(&'static str),
    /// The repository has such files.
    Files,
    /// It is the first one.
    First,
}

/// The lesson to propose: for what was found last, else for what the repository has, else the
/// first.
pub fn proposed(found: Option<&Rule>, stack: &Stack) -> (String, Because) {
    let all = all();
    let for_rule = |rule: &Rule| {
        let family = rule.family.split('/').next().unwrap_or_default();
        let of_family = |lesson: &&LessonText| lesson.families.iter().any(|one| one == family);
        let of_kind = |lesson: &&LessonText| lesson.kinds.iter().any(|one| one == rule.kind.word());
        all.iter().find(of_family).or_else(|| all.iter().find(of_kind))
    };
    if let Some(rule) = found
        && let Some(lesson) = for_rule(rule)
    {
        return (lesson.id.clone(), Because::Found(rule.id));
    }
    if let Some(lesson) = all.iter().find(|lesson| stack.has(&lesson.fits)) {
        return (lesson.id.clone(), Because::Files);
    }
    (all.first().map(|lesson| lesson.id.clone()).unwrap_or_default(), Because::First)
}

fn made(lesson: &LessonText, seed: u64) -> Lesson {
    let mut rng = Rng::with_seed(seed);
    let mut answers: Vec<Answer> =
        lesson.question.option.iter().map(|option| answer(option, rng.u64(..))).collect();
    rng.shuffle(&mut answers);
    Lesson {
        id: lesson.id.clone(),
        title: lesson.title.clone(),
        says: lesson.says.iter().map(|words| ("", words.clone())).collect(),
        tries: lesson.tries.clone(),
        source: lesson.source.clone(),
        question: Question { ask: lesson.question.ask.clone(), answers },
    }
}

fn answer(option: &OptionText, seed: u64) -> Answer {
    let signal = Catalogue::builtin().rule(&option.rule).map(|rule| rule.coaching().missed);
    Answer {
        text: if option.line.is_empty() {
            option.text.clone()
        } else {
            expand(&option.line, seed).unwrap_or_default()
        },
        code: !option.line.is_empty(),
        right: option.right,
        because: signal.map_or_else(|| option.because.clone(), str::to_owned),
    }
}

/// The lesson of one rule: what it is, how to see it, and the way out. `words` are the rule's or
/// the organisation's; `own` is what the organisation adds.
pub fn of_rule(rule: &Rule, words: &Coaching, own: Option<String>, seed: u64) -> Lesson {
    let mut revoke = words.revoke_console.to_owned();
    for more in [words.revoke_cli, words.revoke_note] {
        if !more.is_empty() {
            revoke = [&revoke, "; ", more].concat();
        }
    }
    let says = [
        ("opens", words.opens.to_owned()),
        ("signal", words.missed.to_owned()),
        ("next time", words.next_time.to_owned()),
        ("revoke", revoke),
        ("rotate", words.rotate.to_owned()),
        ("vault", words.vault.to_owned()),
        ("instead", words.instead.to_owned()),
        ("your team", own.unwrap_or_default()),
    ];
    Lesson {
        id: rule.id.to_owned(),
        title: rule.what.to_owned(),
        says: says.into_iter().filter(|(_, words)| !words.is_empty()).collect(),
        tries: format!("leakcoach explain {}", rule.id),
        source: words.sources.iter().next().unwrap_or_default().to_owned(),
        question: seen(rule, words, seed).unwrap_or_else(|| first_step(rule, words, seed)),
    }
}

/// "Which of these lines holds one?", by the rule's own samples and near-misses; nothing where
/// they do not make one.
fn seen(rule: &Rule, words: &Coaching, seed: u64) -> Option<Question> {
    let mut rng = Rng::with_seed(seed);
    let scanner = Scanner::new(Catalogue::builtin());
    let name = if words.variable.is_empty() { "VALUE" } else { words.variable };
    let line = |value: &str| format!("{name} = \"{value}\"");
    let real = line(&bare(rule, rng.u64(..))?);
    let is_found = |line: &str| {
        let text = Text { bytes: line.as_bytes(), path: b"", role: FileRole::Source };
        scanner.scan(&text)
    };
    if !is_found(&real).findings.iter().any(|finding| finding.rule.id == rule.id) {
        return None;
    }
    let mut answers =
        vec![Answer { text: real, code: true, right: true, because: words.missed.to_owned() }];
    let mut wrong: Vec<(String, String)> = Vec::new();
    for near in rule.near_misses.iter().filter_map(|near| expand(near, rng.u64(..)).ok()) {
        if near.contains(['\n', '"', '\'']) || near.len() > 72 {
            continue;
        }
        let text = if near.contains([' ', '=']) { near } else { line(&near) };
        let found = is_found(&text);
        if !found.findings.is_empty() {
            continue;
        }
        let because = match found.dismissed.first() {
            Some(dismissed) => dismissed.reason.to_string(),
            None => "it begins alike, and its length or its letters are not those of a real one"
                .to_owned(),
        };
        wrong.push((text, because));
    }
    rng.shuffle(&mut wrong);
    wrong.truncate(2);
    for (value, because) in [
        ("{uuid}", "a UUID: knowing it opens nothing"),
        ("<put yours here>", "brackets and words say that it stands for another value"),
        ("{hex:12}", "a short run of hexadecimal digits, with nothing that every real one has"),
    ] {
        let text = line(&expand(value, rng.u64(..)).unwrap_or_default());
        if wrong.len() < 3 && is_found(&text).findings.is_empty() {
            wrong.push((text, because.to_owned()));
        }
    }
    if wrong.len() < 2 {
        return None;
    }
    answers.extend(wrong.into_iter().map(|(text, because)| Answer {
        text,
        code: true,
        right: false,
        because,
    }));
    rng.shuffle(&mut answers);
    Some(Question { ask: format!("Which of these lines holds one ({})?", rule.what), answers })
}

/// What comes first once it is out: asked where a rule gives no line to show.
fn first_step(rule: &Rule, words: &Coaching, seed: u64) -> Question {
    let at =
        if words.revoke_console.is_empty() { "where it was made" } else { words.revoke_console };
    let mut answers = [
        ("Revoke it", true, format!("only then is every copy worthless: {at}")),
        ("Delete the line in a new commit", false, "the earlier commit keeps it".to_owned()),
        (
            "Rewrite the branch and force-push",
            false,
            "clones, forks and caches keep it, and all that time it works".to_owned(),
        ),
        (
            "Make the repository private",
            false,
            "that stops new readers, not those who have read it".to_owned(),
        ),
    ]
    .map(|(text, right, because)| Answer {
        text: text.to_owned(),
        code: false,
        right,
        because,
    });
    Rng::with_seed(seed).shuffle(&mut answers);
    let ask = format!("One was pushed ({}). What comes first?", rule.what);
    Question { ask, answers: answers.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::{Because, all, called, list, made, of_rule, proposed};
    use crate::catalogue::Catalogue;
    use crate::coach::stack::Stack;
    use crate::scan::{Scanner, Text};
    use crate::source::role::FileRole;

    #[test]
    fn there_are_lessons_and_each_has_a_question_with_one_right_answer() {
        assert!(list().len() >= 12);
        for lesson in all() {
            let made = made(&lesson, 1);
            let right = made.question.answers.iter().filter(|answer| answer.right).count();
            assert_eq!(right, 1, "{}", lesson.id);
            assert!(made.question.answers.iter().all(|answer| !answer.because.is_empty()));
        }
    }

    #[test]
    fn among_lines_of_code_the_one_that_holds_a_credential_is_what_a_scan_finds() {
        let scanner = Scanner::new(Catalogue::builtin());
        for seed in 0..20 {
            for lesson in all() {
                // Of vaults the question is which line may stay, not which has to go.
                let asks = lesson.question.option.iter().any(|option| !option.rule.is_empty());
                for answer in made(&lesson, seed).question.answers {
                    let text = answer.text.as_bytes();
                    let text = Text { bytes: text, path: b"", role: FileRole::Source };
                    let found = !scanner.scan(&text).findings.is_empty();
                    let holds = if asks {
                        answer.right
                    } else {
                        lesson.id == "vault" && answer.code && !answer.right
                    };
                    assert_eq!(found, holds, "{}: {}", lesson.id, answer.because);
                }
            }
        }
    }

    #[test]
    fn every_rule_makes_a_lesson_whose_right_answer_says_the_signal() {
        let (mut seen, mut asked) = (0, 0);
        for rule in Catalogue::builtin().rules() {
            let words = rule.coaching();
            let question = of_rule(rule, &words, None, 5).question;
            asked += 1;
            assert!((3..=4).contains(&question.answers.len()), "{}", rule.id);
            let right = &question.answers[question.right()];
            assert_eq!(question.answers.iter().filter(|one| one.right).count(), 1, "{}", rule.id);
            if right.code {
                seen += 1;
                assert_eq!(right.because, words.missed);
            }
        }
        assert!(seen * 2 > asked, "{seen} of {asked} rules show lines");
    }

    #[test]
    fn a_letter_chooses_an_answer_and_anything_else_none() {
        let question = called("prefixes", 1).unwrap().question;

        assert_eq!(question.chosen(" B)\n"), Some(1));
        assert_eq!(question.chosen("e"), None);
        assert_eq!(question.chosen(""), None);
        assert_eq!(called("prefxes", 1).unwrap_err().as_deref(), Some("prefixes"));
        assert_eq!(called("astronomy", 1).unwrap_err(), None);
    }

    #[test]
    fn a_lesson_is_proposed_for_what_was_found_then_for_what_is_there() {
        let mut stack = Stack::default();
        assert_eq!(proposed(None, &stack), ("prefixes".to_owned(), Because::First));
        stack.file("infra/main.tf");
        assert_eq!(proposed(None, &stack), ("terraform".to_owned(), Because::Files));
        let password = Catalogue::builtin().rule("generic-password");
        let because = Because::Found("generic-password");
        assert_eq!(proposed(password, &stack), ("no-prefix".to_owned(), because));
    }
}
