//! The TOML shape of `patterns/lessons.toml` and `patterns/drill.toml`, and what is wrong in them.
//!
//! `build.rs` reads both, so that a fault ends the build; the library reads the same text again
//! when somebody learns or drills, so that no other run pays for it. Names nothing of the rest of
//! the crate but the sample generator, which is shared too.

use super::sample::expand;
use serde::Deserialize;
use std::collections::HashSet;

/// A lesson is read in two minutes, its question included.
const WORDS_AT_MOST: usize = 260;
/// A line of code in a question is seen whole at 60 columns.
const COLUMNS_AT_MOST: usize = 55;

/// `patterns/lessons.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LessonFile {
    pub(crate) lesson: Vec<LessonText>,
}

/// One lesson as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LessonText {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Files for which it is the one to propose.
    #[serde(default)]
    pub(crate) fits: Vec<String>,
    /// Kinds of credentials for which it is.
    #[serde(default)]
    pub(crate) kinds: Vec<String>,
    /// Families of rules for which it is.
    #[serde(default)]
    pub(crate) families: Vec<String>,
    /// Paragraphs.
    pub(crate) says: Vec<String>,
    /// A command that shows it.
    #[serde(rename = "try")]
    pub(crate) tries: String,
    /// The page that what it says of a product was checked against.
    #[serde(default)]
    pub(crate) source: String,
    pub(crate) question: QuestionText,
}

/// The question at a lesson's end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionText {
    pub(crate) ask: String,
    pub(crate) option: Vec<OptionText>,
}

/// One answer to choose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptionText {
    /// Words, or else:
    #[serde(default)]
    pub(crate) text: String,
    /// A line of code, as a template.
    #[serde(default)]
    pub(crate) line: String,
    #[serde(default)]
    pub(crate) right: bool,
    /// Why it is right or wrong, or else:
    #[serde(default)]
    pub(crate) because: String,
    /// The rule whose signal says why.
    #[serde(default)]
    pub(crate) rule: String,
}

/// Reads `patterns/lessons.toml`; a fault names its lesson.
pub(crate) fn lessons(text: &str) -> Result<LessonFile, String> {
    let file: LessonFile = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut ids = HashSet::new();
    for lesson in &file.lesson {
        let wrong = |what: String| Err(format!("`{}` {what}", lesson.id));
        let of_id = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        if lesson.id.is_empty() || !lesson.id.bytes().all(of_id) {
            return wrong("is no id of lower-case letters and dashes".to_owned());
        }
        if !ids.insert(&lesson.id) {
            return wrong("is there twice".to_owned());
        }
        if lesson.title.is_empty() || lesson.says.is_empty() || lesson.tries.is_empty() {
            return wrong("needs `title`, `says` and `try`".to_owned());
        }
        if !lesson.source.is_empty() && !lesson.source.starts_with("https://") {
            return wrong("has a `source` that does not begin with https://".to_owned());
        }
        lower_case(&lesson.id, &lesson.fits)?;
        let words = words(lesson);
        if words > WORDS_AT_MOST {
            return wrong(format!("has {words} words, more than two minutes' {WORDS_AT_MOST}"));
        }
        if let Err(what) = question(&lesson.question) {
            return wrong(what);
        }
    }
    Ok(file)
}

fn words(lesson: &LessonText) -> usize {
    let options = lesson.question.option.iter().map(|option| option.text.as_str());
    let all = lesson.says.iter().map(String::as_str).chain([lesson.question.ask.as_str()]);
    all.chain(options).map(|text| text.split_whitespace().count()).sum()
}

fn question(question: &QuestionText) -> Result<(), String> {
    let options = &question.option;
    if !(3..=4).contains(&options.len()) || question.ask.is_empty() {
        return Err("needs a question with three or four answers".to_owned());
    }
    if options.iter().filter(|option| option.right).count() != 1 {
        return Err("needs one right answer".to_owned());
    }
    for option in options {
        if option.text.is_empty() == option.line.is_empty() {
            return Err("has an answer that is not either `text` or `line`".to_owned());
        }
        if option.because.is_empty() == option.rule.is_empty() {
            return Err("has an answer without one of `because` and `rule`".to_owned());
        }
        if !option.line.is_empty() {
            let long = expand(&option.line, 1)?.chars().count();
            if long > COLUMNS_AT_MOST {
                return Err(format!("has a line of {long} columns, more than {COLUMNS_AT_MOST}"));
            }
        }
    }
    Ok(())
}

fn lower_case(id: &str, fits: &[String]) -> Result<(), String> {
    match fits.iter().find(|pattern| **pattern != pattern.to_lowercase()) {
        Some(_) => Err(format!("`{id}` has a name in `fits` that is not in lower case")),
        None => Ok(()),
    }
}

/// `patterns/drill.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DrillFile {
    pub(crate) kit: Vec<KitText>,
    pub(crate) plant: Vec<PlantText>,
    pub(crate) look_alike: Vec<LookAlikeText>,
}

/// A file that a drill changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KitText {
    pub(crate) id: String,
    /// The file's path in the scratch repository.
    pub(crate) path: String,
    /// Files that tell that a repository is of this kind; none: of any.
    #[serde(default)]
    pub(crate) fits: Vec<String>,
    /// What stands in the file before.
    pub(crate) before: Vec<String>,
    /// What closes it.
    #[serde(default)]
    pub(crate) after: Vec<String>,
    /// How a value is given to a name: `{name}`, `{value}`.
    pub(crate) gives: String,
    /// How the name's value is read from elsewhere.
    pub(crate) reads: String,
    /// Ordinary lines.
    pub(crate) calm: Vec<String>,
    /// Names are written in lower case.
    #[serde(default)]
    pub(crate) lower: bool,
    /// The rules whose credentials are planted here.
    pub(crate) rules: Vec<String>,
}

/// How a rule's credential is planted, where its variable and first sample do not say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlantText {
    pub(crate) rule: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// What looks like a credential and is none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookAlikeText {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) because: String,
}

/// Reads `patterns/drill.toml`; a fault names its entry. `known` tells whether a rule is there.
pub(crate) fn drill(text: &str, known: impl Fn(&str) -> bool) -> Result<DrillFile, String> {
    let file: DrillFile = toml::from_str(text).map_err(|error| error.to_string())?;
    for kit in &file.kit {
        lower_case(&kit.id, &kit.fits)?;
        if !kit.gives.contains("{name}") || !kit.gives.contains("{value}") {
            return Err(format!("`{}` needs {{name}} and {{value}} in `gives`", kit.id));
        }
        if !kit.reads.contains("{name}") || kit.calm.len() < 3 || kit.rules.is_empty() {
            return Err(format!("`{}` needs `reads`, three `calm` lines and `rules`", kit.id));
        }
        if let Some(rule) = kit.rules.iter().find(|rule| !known(rule)) {
            return Err(format!("`{}`: no rule is called `{rule}`", kit.id));
        }
    }
    if file.kit.iter().all(|kit| !kit.fits.is_empty()) {
        return Err("one kit must fit any repository".to_owned());
    }
    for plant in &file.plant {
        expand(&plant.value, 1).map_err(|what| format!("`{}`: {what}", plant.rule))?;
        if !known(&plant.rule) {
            return Err(format!("no rule is called `{}`", plant.rule));
        }
    }
    for other in &file.look_alike {
        expand(&other.value, 1).map_err(|what| format!("`{}`: {what}", other.name))?;
        if other.because.is_empty() {
            return Err(format!("`{}` needs `because`", other.name));
        }
    }
    Ok(file)
}
