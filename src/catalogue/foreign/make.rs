//! Rules of drafts: expressions read, allowlists shared out, requirements tied.

use super::whole::{self, Allow, Pattern, Required, Target, Whole};
use super::{AllowDraft, Draft, Foreign, Written, filter, literal};
use crate::catalogue::given::{Fault, Remark, Search, UserRule, Weight, filled, kept};
use crate::catalogue::{
    ByteSet, Coaching, Engine, FileLine, Grade, Kind, Lifetime, Lines, Rule, Severity, Words,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes rules of drafts.
#[derive(Default)]
pub(super) struct Builder {
    faults: Vec<Fault>,
    remarks: Vec<Remark>,
    /// The least entropy that every rule asks for.
    entropy: f64,
    /// What all expressions weigh.
    weight: u64,
}

impl Builder {
    pub(super) fn build(
        mut self,
        file: Foreign,
    ) -> Result<(Vec<UserRule>, Vec<Remark>), Vec<Fault>> {
        self.remarks = file.remarks;
        let mut drafts: Vec<Draft> = Vec::new();
        for draft in file.rules {
            // gitleaks keeps the last of a name.
            if let Some(at) = drafts.iter().position(|known| known.id == draft.id) {
                let first = drafts.remove(at);
                let what = "stands twice: the last one counts, as in gitleaks".to_owned();
                self.say(&first, first.line, Weight::Loses, what);
            }
            drafts.push(draft);
        }
        let ids: Vec<String> = drafts.iter().map(|draft| draft.id.clone()).collect();
        let (mut everywhere, mut targeted) =
            (Vec::new(), BTreeMap::<String, Vec<Arc<Allow>>>::new());
        for draft in file.allow {
            let allow = Arc::new(self.allow(&file.path, None, &draft));
            if draft.targets.is_empty() {
                everywhere.push(allow);
                continue;
            }
            for id in draft.targets {
                if ids.contains(&id) {
                    targeted.entry(id).or_default().push(Arc::clone(&allow));
                } else if file.default {
                    let what = format!("`targetRules`: no rule here is called `{id}`");
                    let remark = Remark::new(&file.path, draft.line, None, Weight::Widens, what);
                    self.remarks.push(remark);
                } else {
                    let what = format!("`targetRules`: no rule is called `{id}`");
                    self.faults.push(Fault::new(&file.path, draft.line, what));
                }
            }
        }
        for written in &file.filters {
            let filter = filter::read(&written.what);
            self.entropy = self.entropy.max(filter.entropy);
            for list in filter.allow {
                let list = AllowDraft { line: written.line, ..list };
                everywhere.push(Arc::new(self.allow(&file.path, None, &list)));
            }
            if !filter.whole {
                let what = "a part of the expression for all rules is not honoured".to_owned();
                self.remarks.push(Remark::new(
                    &file.path,
                    written.line,
                    None,
                    Weight::Widens,
                    what,
                ));
            }
        }
        if !everywhere.is_empty() {
            let what =
                "its allowlists hold for its own rules; for leakcoach's there is `paths.ignore` \
                        in .leakcoach.toml"
                    .to_owned();
            self.remarks.push(Remark::new(&file.path, 1, None, Weight::Tells, what));
        }
        let mut made = Vec::new();
        for draft in drafts {
            let own = targeted.remove(&draft.id).unwrap_or_default();
            let allow = everywhere.iter().cloned().chain(own).collect();
            if let Some(whole) = self.whole(&draft, allow, file.default) {
                made.push((draft, whole));
            }
        }
        let rules = self.with_required(made, &ids);
        if self.faults.is_empty() {
            self.remarks.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
            Ok((rules, self.remarks))
        } else {
            self.faults.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
            Err(self.faults)
        }
    }

    fn fault(&mut self, draft: &Draft, line: usize, what: String) {
        self.faults.push(Fault::new(&draft.path_of, line, what));
    }

    fn say(&mut self, draft: &Draft, line: usize, weight: Weight, what: String) {
        self.remarks.push(Remark::new(&draft.path_of, line, Some(&draft.id), weight, what));
    }

    /// Puts in what rules require of one another, by index.
    fn with_required(&mut self, mut made: Vec<(Draft, Whole)>, ids: &[String]) -> Vec<UserRule> {
        // What requires a rule that was left out is left out itself.
        loop {
            let here: Vec<String> = made.iter().map(|(draft, _)| draft.id.clone()).collect();
            let (mut kept, mut changed) = (Vec::new(), false);
            for (draft, whole) in made {
                let lost = draft.required.iter().find(|needs| !here.contains(&needs.id)).cloned();
                match lost {
                    None => kept.push((draft, whole)),
                    Some(needs) if ids.contains(&needs.id) => {
                        let what = format!("left out, because `{}` is", needs.id);
                        self.say(&draft, needs.line, Weight::Loses, what);
                        changed = true;
                    }
                    Some(needs) => {
                        let what = format!(
                            "`{}` requires `{}`, and no rule is called so",
                            draft.id, needs.id
                        );
                        self.fault(&draft, needs.line, what);
                        changed = true;
                    }
                }
            }
            made = kept;
            if !changed {
                break;
            }
        }
        let here: Vec<String> = made.iter().map(|(draft, _)| draft.id.clone()).collect();
        made.into_iter()
            .map(|(draft, mut whole)| {
                whole.required = draft
                    .required
                    .iter()
                    .filter_map(|needs| {
                        let rule = here.iter().position(|id| *id == needs.id)?;
                        Some(Required { rule, lines: needs.lines, columns: needs.columns })
                    })
                    .collect();
                UserRule { rule: rule_of(&draft), search: Search::Whole(Box::new(whole)) }
            })
            .collect()
    }

    /// How the rule is searched for; nothing when it is left out or wrong.
    fn whole(&mut self, draft: &Draft, mut allow: Vec<Arc<Allow>>, default: bool) -> Option<Whole> {
        if draft.regex.is_none() && draft.path.is_none() {
            if default {
                let what = "changes gitleaks's own rule of that name, which leakcoach has not";
                self.say(draft, draft.line, Weight::Widens, what.to_owned());
            } else {
                self.fault(
                    draft,
                    draft.line,
                    format!("`{}` has neither `regex` nor `path`", draft.id),
                );
            }
            return None;
        }
        allow.extend(
            draft
                .allow
                .iter()
                .map(|list| Arc::new(self.allow(&draft.path_of, Some(&draft.id), list))),
        );
        let mut literals = Vec::new();
        let mut regex = None;
        if let Some(written) = &draft.regex {
            let (pattern, hir) = self.pattern(draft, written, "regex")?;
            if hir.properties().minimum_len() == Some(0) {
                let what = format!("the regex of `{}` matches the empty string", draft.id);
                self.fault(draft, written.line, what);
                return None;
            }
            let groups = hir.properties().explicit_captures_len();
            if let Some(group) = &draft.group
                && group.what as usize > groups
            {
                let what = format!(
                    "`{}` has {groups} groups, and `secretGroup` is {}",
                    draft.id, group.what
                );
                self.fault(draft, group.line, what);
                return None;
            }
            if draft.keywords.is_empty() {
                literals = literal::needed(&hir);
            }
            regex = Some(pattern);
        }
        let path = match &draft.path {
            Some(written) => Some(self.pattern(draft, written, "path")?.0),
            None => None,
        };
        let keywords: Vec<Vec<u8>> = draft
            .keywords
            .iter()
            .flat_map(|word| {
                [word.to_lowercase().into_bytes(), word.to_ascii_lowercase().into_bytes()]
            })
            .filter(|word| !word.is_empty())
            .collect();
        let mut entropy = draft.entropy.max(self.entropy);
        if let Some(written) = &draft.filter {
            let filter = filter::read(&written.what);
            entropy = entropy.max(filter.entropy);
            for list in filter.allow {
                let list = AllowDraft { line: written.line, ..list };
                allow.push(Arc::new(self.allow(&draft.path_of, Some(&draft.id), &list)));
            }
            if !filter.whole {
                let what = "a part of its `filter` is not honoured".to_owned();
                self.say(draft, written.line, Weight::Widens, what);
            }
        }
        Some(Whole {
            keywords: if keywords.is_empty() { literals } else { keywords },
            regex,
            path,
            group: draft.group.as_ref().map_or(0, |group| group.what as usize),
            entropy,
            allow,
            required: Vec::new(),
            silent: draft.silent,
        })
    }

    /// An expression of a rule, ready to be compiled.
    fn pattern(
        &mut self,
        draft: &Draft,
        written: &Written<String>,
        key: &str,
    ) -> Option<(Pattern, regex_syntax::hir::Hir)> {
        match Pattern::of(&written.what) {
            Ok((pattern, hir)) => {
                self.weight = self.weight.saturating_add(pattern.weight());
                if self.weight > whole::MOST_WEIGHT {
                    let what = "the expressions of the file are too large together".to_owned();
                    self.fault(draft, written.line, what);
                    return None;
                }
                Some((pattern, hir))
            }
            Err(whole::Unfit::Foreign(what)) => {
                let what = format!("left out: its {key} asks for {what}");
                self.say(draft, written.line, Weight::Loses, what);
                None
            }
            Err(whole::Unfit::Wrong(what)) => {
                self.fault(draft, written.line, format!("the {key} of `{}` {what}", draft.id));
                None
            }
        }
    }

    fn allow(&mut self, path: &str, rule: Option<&str>, draft: &AllowDraft) -> Allow {
        let patterns = |builder: &mut Self, all: &[Written<String>], key: &str| {
            let mut kept = Vec::new();
            for written in all {
                let said = match Pattern::of(&written.what) {
                    Ok((_, hir))
                        if hir.properties().minimum_len() == Some(0)
                            && hir.properties().look_set().is_empty() =>
                    {
                        Some(
                            "matches the empty string, and so would let everything through"
                                .to_owned(),
                        )
                    }
                    Ok((pattern, _)) => {
                        builder.weight = builder.weight.saturating_add(pattern.weight());
                        kept.push(pattern);
                        None
                    }
                    Err(whole::Unfit::Foreign(what)) => Some(format!("asks for {what}")),
                    Err(whole::Unfit::Wrong(what)) => {
                        let what = format!("an expression in `{key}` of an allowlist {what}");
                        builder.faults.push(Fault::new(path, written.line, what));
                        None
                    }
                };
                if let Some(what) = said {
                    let what =
                        format!("an expression in `{key}` of an allowlist is left out: it {what}");
                    builder.remarks.push(Remark::new(
                        path,
                        written.line,
                        rule,
                        Weight::Widens,
                        what,
                    ));
                }
            }
            kept
        };
        let paths = patterns(self, &draft.paths, "paths");
        let regexes = patterns(self, &draft.regexes, "regexes");
        // With AND, a list of which nothing is left can never fit.
        let broken = draft.all
            && (draft.commits
                || !draft.paths.is_empty() && paths.is_empty()
                || !draft.regexes.is_empty() && regexes.is_empty());
        let target = match draft.target.as_str() {
            "match" => Target::Match,
            "line" => Target::Line,
            _ => Target::Secret,
        };
        let stopwords = draft.stopwords.iter().map(|word| word.to_lowercase().into_bytes());
        let stopwords = stopwords.filter(|word| !word.is_empty()).collect();
        Allow::new(draft.all, broken, paths, target, regexes, stopwords)
    }
}

/// What is told of a rule whose file says no more than what it is.
fn rule_of(draft: &Draft) -> &'static Rule {
    let path = kept(&draft.path_of);
    let id = kept(&draft.id);
    let what: String =
        draft.description.as_deref().unwrap_or(&draft.id).chars().take(120).collect();
    let what = if what.trim().is_empty() { id } else { kept(&what) };
    // gitleaks itself lets a rule of such a name give way to any other.
    let generic = draft.id.to_lowercase().contains("generic");
    // What its own tool would sort out is still among its matches.
    let unsorted = draft.filter.as_ref().is_some_and(|written| !filter::read(&written.what).whole);
    let coaching: &'static Coaching = Box::leak(Box::new(filled(path, id, |_| {})));
    Box::leak(Box::new(Rule {
        id,
        service: path,
        family: path,
        what,
        kind: Kind::ApiToken,
        severity: if unsorted { Severity::Medium } else { Severity::High },
        lifetime: Lifetime::Chosen,
        grade: if generic || unsorted { Grade::Possible } else { Grade::Likely },
        public: false,
        engine: Engine::Shape,
        shape: "",
        names: Lines::kept::<&str>([]),
        least: 1,
        leads: false,
        before: 0,
        after: 0,
        head: ByteSet([0; 4]),
        tail: ByteSet([0; 4]),
        checks: &[],
        companion: None,
        cwe: &[798],
        nhi: Lines::kept::<&str>([]),
        words: Words::User(coaching),
        file: Some(FileLine { path, line: draft.line }),
        samples: Lines::kept::<&str>([]),
        near_misses: Lines::kept::<&str>([]),
    }))
}
