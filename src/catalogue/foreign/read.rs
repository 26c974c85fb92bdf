//! The TOML of gitleaks' and betterleaks' rule files as drafts.
//!
//! gitleaks reads keys in any case, and so does this. Sources:
//! github.com/gitleaks/gitleaks (README, "Configuration") and
//! github.com/betterleaks/betterleaks (docs/config.md).

use super::{AllowDraft, Base, Draft, Foreign, RequiredDraft, Written};
use crate::catalogue::given::{Fault, Remark, Weight};
use crate::catalogue::lint::unquoted;
use crate::source::lines::LineStarts;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads `text`, a file that is called `path` where it is named.
///
/// # Errors
/// Every fault found.
pub(super) fn read(path: &str, text: &str) -> Result<Foreign, Vec<Fault>> {
    let lines = LineStarts::of(text.as_bytes());
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        vec![Fault::new(path, lines.line_of(at), unquoted(error.message()))]
    })?;
    let mut reader = Reader { path, lines, rule: None, faults: Vec::new(), remarks: Vec::new() };
    let mut foreign = Foreign { path: path.to_owned(), ..Foreign::default() };
    for field in fields(document.get_ref()) {
        reader.top(&field, &mut foreign);
    }
    foreign.remarks = reader.remarks;
    if reader.faults.is_empty() { Ok(foreign) } else { Err(reader.faults) }
}

/// A key, in lower case and as written, and its value.
struct Field<'a, 'i> {
    key: String,
    written: &'a str,
    at: usize,
    value: &'a Spanned<DeValue<'i>>,
}

fn fields<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Field<'a, 'i>> {
    let mut fields: Vec<Field<'a, 'i>> = table
        .iter()
        .map(|(key, value)| Field {
            key: key.get_ref().to_lowercase(),
            written: key.get_ref(),
            at: key.span().start,
            value,
        })
        .collect();
    fields.sort_by_key(|field| field.at);
    fields
}

struct Reader<'a> {
    path: &'a str,
    lines: LineStarts,
    /// The id of the rule that is read.
    rule: Option<String>,
    faults: Vec<Fault>,
    remarks: Vec<Remark>,
}

impl Reader<'_> {
    fn fault(&mut self, at: usize, what: impl Into<String>) {
        self.faults.push(Fault::new(self.path, self.lines.line_of(at), what.into()));
    }

    fn remark(&mut self, at: usize, weight: Weight, what: impl Into<String>) {
        let line = self.lines.line_of(at);
        self.remarks.push(Remark::new(self.path, line, self.rule.as_deref(), weight, what.into()));
    }

    fn top(&mut self, field: &Field<'_, '_>, foreign: &mut Foreign) {
        match field.key.as_str() {
            "title" | "description" | "minversion" | "betterleaksminversion" => {}
            "rules" => {
                for (at, table) in self.tables(field) {
                    if let Some(draft) = self.rule(at, table) {
                        foreign.rules.push(draft);
                    }
                }
            }
            "allowlist" | "allowlists" => {
                for (at, table) in self.tables(field) {
                    foreign.allow.extend(self.allowlist(at, table));
                }
            }
            "extend" => {
                for (_, table) in self.tables(field) {
                    self.extend(table, foreign);
                }
            }
            "prefilter" | "filter" => {
                if let Some(what) = self.string(field) {
                    let line = self.lines.line_of(field.at);
                    foreign.filters.push(Written { line, what });
                }
            }
            _ => self.unknown(field),
        }
    }

    fn unknown(&mut self, field: &Field<'_, '_>) {
        let key: String = field.written.chars().take(40).collect();
        self.remark(field.at, Weight::Widens, format!("the key `{key}` is not known"));
    }

    fn extend(&mut self, table: &DeTable<'_>, foreign: &mut Foreign) {
        for field in fields(table) {
            match field.key.as_str() {
                "usedefault" => {
                    foreign.default = self.bool(&field);
                    if foreign.default {
                        let what = "`useDefault`: leakcoach's own rules run, not gitleaks's";
                        self.remark(field.at, Weight::Tells, what);
                    }
                }
                "path" => {
                    foreign.base = self
                        .string(&field)
                        .filter(|path| !path.is_empty())
                        .map(|path| Base { path, line: self.lines.line_of(field.at) });
                }
                "url" => {
                    let what = "`extend.url` is not honoured: nothing is fetched";
                    self.remark(field.at, Weight::Loses, what);
                }
                "disabledrules" => {
                    foreign.disabled = self.strings(&field);
                    let what = "`disabledRules` holds for the rules of the file it extends; \
                                leakcoach's own are switched off in .leakcoach.toml";
                    self.remark(field.at, Weight::Tells, what);
                }
                _ => self.unknown(&field),
            }
        }
    }

    fn rule(&mut self, at: usize, table: &DeTable<'_>) -> Option<Draft> {
        let fields = fields(table);
        let id = fields.iter().find(|field| field.key == "id");
        let id = id.and_then(|id| self.string(id)).unwrap_or_default();
        if id.trim().is_empty() || id.len() > 80 {
            self.fault(at, "a rule needs an `id` of 1 to 80 bytes");
            return None;
        }
        self.rule = Some(id.clone());
        let mut draft = Draft {
            id,
            path_of: self.path.to_owned(),
            line: self.lines.line_of(at),
            ..Draft::default()
        };
        for field in &fields {
            self.rule_field(field, &mut draft);
        }
        self.rule = None;
        Some(draft)
    }

    fn rule_field(&mut self, field: &Field<'_, '_>, draft: &mut Draft) {
        match field.key.as_str() {
            "id" | "title" => {}
            "description" => draft.description = self.string(field),
            "regex" => draft.regex = self.pattern(field),
            "path" => draft.path = self.pattern(field),
            "secretgroup" => {
                draft.group = self
                    .number(field)
                    .map(|group| Written { line: self.lines.line_of(field.at), what: group });
            }
            "entropy" => draft.entropy = self.decimal(field),
            "keywords" => draft.keywords = self.strings(field),
            "allowlist" | "allowlists" => {
                for (at, table) in self.tables(field) {
                    draft.allow.extend(self.allowlist(at, table));
                }
            }
            "required" => {
                for (at, table) in self.tables(field) {
                    draft.required.extend(self.required(at, table));
                }
            }
            "skipreport" => draft.silent = self.bool(field),
            "tags" => self.remark(field.at, Weight::Tells, "`tags` are not shown"),
            "specificity" => self.remark(
                field.at,
                Weight::Tells,
                "`specificity` is not honoured: the surer and longer of two findings stands",
            ),
            "validate" => {
                let what = "`validate` is not run: a check asks no vendor";
                self.remark(field.at, Weight::Tells, what);
            }
            "tokenefficiency" => {
                if self.bool(field) {
                    let what = "`tokenEfficiency` is not honoured";
                    self.remark(field.at, Weight::Widens, what);
                }
            }
            "filter" => {
                if let Some(text) = self.string(field) {
                    let line = self.lines.line_of(field.at);
                    draft.filter = Some(Written { line, what: text });
                }
            }
            _ => self.unknown(field),
        }
    }

    fn allowlist(&mut self, at: usize, table: &DeTable<'_>) -> Option<AllowDraft> {
        let mut draft = AllowDraft { line: self.lines.line_of(at), ..AllowDraft::default() };
        for field in fields(table) {
            let line = self.lines.line_of(field.at);
            let written = |texts: Vec<String>| -> Vec<Written<String>> {
                texts.into_iter().map(|what| Written { line, what }).collect()
            };
            match field.key.as_str() {
                "description" => {}
                "condition" => {
                    let word = self.string(&field).unwrap_or_default().to_uppercase();
                    match word.as_str() {
                        "" | "OR" | "||" => {}
                        "AND" | "&&" => draft.all = true,
                        _ => self.fault(field.at, "`condition` is one of: AND, OR"),
                    }
                }
                "regextarget" => match self.string(&field).as_deref() {
                    Some(word @ ("" | "secret" | "match" | "line")) => {
                        word.clone_into(&mut draft.target);
                    }
                    _ => self.fault(field.at, "`regexTarget` is one of: secret, match, line"),
                },
                "commits" => {
                    draft.commits = !self.strings(&field).is_empty();
                    let what = "`commits` of an allowlist are not honoured";
                    self.remark(field.at, Weight::Widens, what);
                }
                "paths" => draft.paths = written(self.strings(&field)),
                "regexes" => draft.regexes = written(self.strings(&field)),
                "stopwords" => draft.stopwords = self.strings(&field),
                "targetrules" => draft.targets = self.strings(&field),
                _ => self.unknown(&field),
            }
        }
        let empty =
            draft.paths.is_empty() && draft.regexes.is_empty() && draft.stopwords.is_empty();
        if empty && !draft.commits {
            self.fault(at, "an allowlist needs commits, paths, regexes or stopwords");
            return None;
        }
        Some(draft)
    }

    fn required(&mut self, at: usize, table: &DeTable<'_>) -> Option<RequiredDraft> {
        let line = self.lines.line_of(at);
        let mut draft = RequiredDraft { line, ..RequiredDraft::default() };
        for field in fields(table) {
            match field.key.as_str() {
                "id" => draft.id = self.string(&field).unwrap_or_default(),
                "withinlines" => draft.lines = self.number(&field),
                "withincolumns" => draft.columns = self.number(&field),
                _ => self.unknown(&field),
            }
        }
        if draft.id.is_empty() {
            self.fault(at, "[[rules.required]] needs an `id`");
            return None;
        }
        Some(draft)
    }

    /// The tables of an array, or the one table there is.
    fn tables<'t, 'i>(&mut self, field: &Field<'t, 'i>) -> Vec<(usize, &'t DeTable<'i>)> {
        if let Some(table) = field.value.get_ref().as_table() {
            return vec![(field.at, table)];
        }
        let array = field.value.get_ref().as_array();
        let tables: Option<Vec<_>> = array.and_then(|array| {
            array
                .iter()
                .map(|value| Some((value.span().start, value.get_ref().as_table()?)))
                .collect()
        });
        tables.unwrap_or_else(|| {
            self.fault(field.at, format!("`{}` is a table", field.key));
            Vec::new()
        })
    }

    fn string(&mut self, field: &Field<'_, '_>) -> Option<String> {
        let text = field.value.get_ref().as_str();
        if text.is_none() {
            self.fault(field.at, format!("`{}` is a text", field.key));
        }
        text.map(str::to_owned)
    }

    /// An expression; an empty one is none.
    fn pattern(&mut self, field: &Field<'_, '_>) -> Option<Written<String>> {
        let line = self.lines.line_of(field.at);
        self.string(field).filter(|text| !text.is_empty()).map(|what| Written { line, what })
    }

    /// A list of texts; one text is a list parted by commas, as gitleaks reads it.
    fn strings(&mut self, field: &Field<'_, '_>) -> Vec<String> {
        let value = field.value.get_ref();
        if let Some(text) = value.as_str() {
            return text.split(',').map(str::to_owned).filter(|text| !text.is_empty()).collect();
        }
        let texts = value.as_array().and_then(|array| {
            array.iter().map(|value| value.get_ref().as_str().map(str::to_owned)).collect()
        });
        texts.unwrap_or_else(|| {
            self.fault(field.at, format!("`{}` is a list of texts", field.key));
            Vec::new()
        })
    }

    fn bool(&mut self, field: &Field<'_, '_>) -> bool {
        field.value.get_ref().as_bool().unwrap_or_else(|| {
            self.fault(field.at, format!("`{}` is true or false", field.key));
            false
        })
    }

    fn number(&mut self, field: &Field<'_, '_>) -> Option<u32> {
        let number = field.value.get_ref().as_integer();
        let number = number.and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        if number.is_none() {
            self.fault(field.at, format!("`{}` is a whole number from 0 up", field.key));
        }
        number
    }

    fn decimal(&mut self, field: &Field<'_, '_>) -> f64 {
        let value = field.value.get_ref();
        let text = value.as_float().map(|number| number.as_str().to_owned());
        let text = text.or_else(|| Some(value.as_integer()?.as_str().to_owned()));
        let number =
            text.and_then(|text| text.parse().ok()).filter(|n: &f64| (0.0..=8.0).contains(n));
        number.unwrap_or_else(|| {
            self.fault(field.at, format!("`{}` is a number from 0 to 8", field.key));
            0.0
        })
    }
}
