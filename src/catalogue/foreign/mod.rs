//! gitleaks' and betterleaks' rule files, read as they are.
//!
//! Takes their TOML, gives rules that are searched for as those tools do: a rule's
//! expression runs over the whole text once one of its keywords is in it. What is not
//! done as the file says is told by a [`Remark`] each.

mod filter;
mod go;
mod literal;
mod make;
mod read;
mod whole;

pub(crate) use whole::{Required, Seen, Whole};

use super::given::{Extends, Fault, Remark, UserRule};
use make::Builder;

/// A file may extend another, and that one a third, as in gitleaks.
const DEPTH: usize = 2;

/// A value and the line it stands on.
#[derive(Debug, Clone, Default)]
struct Written<T> {
    line: usize,
    what: T,
}

/// A file as written.
#[derive(Debug, Default)]
struct Foreign {
    path: String,
    rules: Vec<Draft>,
    allow: Vec<AllowDraft>,
    /// Expressions that hold for every rule.
    filters: Vec<Written<String>>,
    base: Option<Base>,
    /// Whether it extends the rules that its tool comes with.
    default: bool,
    disabled: Vec<String>,
    remarks: Vec<Remark>,
}

/// The file that a file extends.
#[derive(Debug)]
struct Base {
    path: String,
    line: usize,
}

/// A rule as written.
#[derive(Debug, Default)]
struct Draft {
    path_of: String,
    line: usize,
    id: String,
    description: Option<String>,
    regex: Option<Written<String>>,
    path: Option<Written<String>>,
    group: Option<Written<u32>>,
    entropy: f64,
    keywords: Vec<String>,
    allow: Vec<AllowDraft>,
    required: Vec<RequiredDraft>,
    silent: bool,
    filter: Option<Written<String>>,
}

#[derive(Debug, Default)]
struct AllowDraft {
    line: usize,
    /// Every kind of thing it lists must fit, not just one.
    all: bool,
    commits: bool,
    paths: Vec<Written<String>>,
    target: String,
    regexes: Vec<Written<String>>,
    stopwords: Vec<String>,
    targets: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct RequiredDraft {
    line: usize,
    id: String,
    lines: Option<u32>,
    columns: Option<u32>,
}

/// Whether a file is in the format of gitleaks: told by its tables, else by its name.
pub(super) fn is_foreign(path: &str, text: &str) -> bool {
    let opens = |line: &str, name: &str| {
        let line = line.trim_start().trim_start_matches('[');
        let rest = line.strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with([']', '.', '=']))
    };
    let tables =
        |names: &[&str]| text.lines().any(|line| names.iter().any(|name| opens(line, name)));
    if tables(&["rule"]) {
        return false;
    }
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).trim_start_matches('.');
    tables(&["rules", "allowlist", "allowlists", "extend"])
        || matches!(name, "gitleaks.toml" | "betterleaks.toml")
}

/// The rules of a file and of what it extends.
pub(super) fn load(
    path: &str,
    text: &str,
    base: &mut Extends<'_>,
) -> Result<(Vec<UserRule>, Vec<Remark>), Vec<Fault>> {
    let mut file = read::read(path, text)?;
    let mut seen = vec![path.to_owned()];
    while let Some(wanted) = file.base.take() {
        let fault = |what: String| vec![Fault::new(&seen[seen.len() - 1], wanted.line, what)];
        if seen.len() > DEPTH {
            return Err(fault(format!("more than {DEPTH} files extend one another")));
        }
        let (path, text) = base(&wanted.path).map_err(fault)?;
        if seen.contains(&path) {
            return Err(fault("`extend.path` comes back to the same file".to_owned()));
        }
        file = extended(file, read::read(&path, &text)?);
        seen.push(path);
    }
    Builder::default().build(file)
}

/// `file` on top of the one it extends, as gitleaks puts them together.
fn extended(mut file: Foreign, base: Foreign) -> Foreign {
    for mut below in base.rules {
        if file.disabled.contains(&below.id) {
            continue;
        }
        match file.rules.iter_mut().find(|rule| rule.id == below.id) {
            None => file.rules.push(below),
            Some(rule) => {
                rule.description = rule.description.take().or(below.description);
                rule.regex = rule.regex.take().or(below.regex);
                rule.path = rule.path.take().or(below.path);
                rule.group = rule.group.take().or(below.group);
                rule.filter = rule.filter.take().or(below.filter);
                if rule.entropy == 0.0 {
                    rule.entropy = below.entropy;
                }
                rule.keywords.append(&mut below.keywords);
                rule.allow.append(&mut below.allow);
                rule.required.append(&mut below.required);
            }
        }
    }
    file.allow.extend(base.allow);
    file.filters.extend(base.filters);
    file.remarks.extend(base.remarks);
    file.base = base.base;
    file.default |= base.default;
    file.disabled.extend(base.disabled);
    file
}
