//! Rules that are wrong too often, and the narrowest line of policy that would quiet them.

use super::numbers::Share;
use super::rules::{Cell, Rule};
use serde::{Deserialize, Serialize};
use toml::Spanned;

/// So few findings tell nothing.
const ENOUGH: u64 = 5;

/// A change of policy that is proposed. Nothing is changed until somebody applies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The rule.
    pub rule: String,
    /// How many of its findings were noise.
    pub noise: Share,
    /// Why it is proposed.
    pub because: String,
    /// What changes, in words; why nothing does, where nothing should.
    pub what: String,
    /// The line of policy, in TOML; empty where none is proposed.
    pub line: String,
}

/// What is proposed for `rules`, the noisiest first, and those that are let through though
/// nobody says that they are wrong: there the way of working is at fault.
pub(super) fn of(rules: &[Rule]) -> (Vec<Proposal>, Vec<String>) {
    let mut noisy: Vec<(&Rule, u64)> = rules
        .iter()
        .map(|rule| (rule, rule.noisy()))
        .filter(|(rule, noisy)| rule.findings >= ENOUGH && noisy * 2 >= rule.findings)
        .collect();
    noisy.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.rule.cmp(&b.rule)));
    let (mut proposals, mut processes) = (Vec::new(), Vec::new());
    for (rule, noisy) in noisy {
        // A finding told to be wrong and let through too was let through for that.
        let wrong: u64 = rule.cells.iter().map(|cell| cell.wrong).sum();
        if wrong * 2 < noisy {
            processes.push(format!(
                "{}: {noisy} of {} let through, {wrong} of them said to be wrong: the way of \
                 working may be at fault and not the rule",
                rule.rule, rule.findings
            ));
        } else {
            proposals.push(proposal(rule, noisy, wrong));
        }
    }
    (proposals, processes)
}

fn proposal(of: &Rule, noisy: u64, wrong: u64) -> Proposal {
    let share = Share { of: of.findings, are: noisy };
    let mut because = format!("{share} were noise, {wrong} of them said to be wrong");
    let role = narrowest(of, noisy);
    let cells = || of.cells.iter().filter(|cell| role.is_none_or(|role| cell.role == role));
    if let Some(role) = role {
        because = format!("{because}; nearly all of it in {role} files");
    }
    let sure = cells().any(|cell| cell.confidence == "proven" && cell.wrong > 0);
    let strictest = cells().filter(|cell| cell.noisy > 0).map(|cell| rank(&cell.verdict)).max();
    let severe = matches!(of.severity.as_str(), "high" | "critical");
    let verdict = match strictest {
        Some(3) => Some("guide"),
        // What opens much is never out of sight.
        Some(1 | 2) if !severe => Some("digest"),
        _ => None,
    };
    let confidence =
        (!sure && of.cells.iter().any(|cell| cell.confidence == "proven")).then_some("<=likely");
    let mut proposal = Proposal {
        rule: of.rule.clone(),
        noise: share,
        because,
        what: String::new(),
        line: String::new(),
    };
    let Some(verdict) = verdict else {
        "what is left of it is told and not refused; it opens too much to be told less"
            .clone_into(&mut proposal.what);
        return proposal;
    };
    if sure && severe {
        "a check proves these values, so that no line is proposed: an exception for the one value \
         (leakcoach wrong says how)"
            .clone_into(&mut proposal.what);
        return proposal;
    }
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut line = format!("[[policy]]\nrule = {}\n", quoted(&of.rule));
    for (key, value) in
        [("file-role", role), ("confidence", confidence), ("verdict", Some(verdict))]
    {
        if let Some(value) = value {
            line.extend([key, " = ", &quoted(value), "\n"]);
        }
    }
    let place = role.map_or_else(String::new, |role| format!(" in {role} files"));
    proposal.what = match verdict {
        "guide" => format!("ask about it{place} instead of refusing it"),
        _ => format!("let it through{place} and count it"),
    };
    proposal.line = line;
    proposal
}

/// The role in which four of five noisy findings are, if it is mostly noise there.
fn narrowest(rule: &Rule, noisy: u64) -> Option<&str> {
    let of = |role: &str, count: fn(&Cell) -> u64| {
        rule.cells.iter().filter(|cell| cell.role == role).map(count).sum::<u64>()
    };
    let mut roles: Vec<&str> = rule.cells.iter().map(|cell| cell.role.as_str()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles.into_iter().find(|role| {
        let here = of(role, |cell| cell.noisy);
        here * 5 >= noisy * 4 && here * 2 >= of(role, |cell| cell.findings)
    })
}

fn rank(verdict: &str) -> u8 {
    match verdict {
        "block" => 3,
        "guide" => 2,
        "slow" => 1,
        _ => 0,
    }
}

/// As much of a configuration as there is to know.
#[derive(Deserialize)]
struct Lines {
    #[serde(default)]
    policy: Vec<Spanned<toml::Value>>,
}

/// The configuration `text` with `line` as the first line of its policy, since the first that
/// fits decides. Every other byte stays as it is.
///
/// # Errors
/// It is no TOML, or its policy is not written as tables.
pub fn put_first(text: &str, line: &str) -> Result<String, String> {
    let wrong = || "its policy is not written as [[policy]] tables".to_owned();
    let lines: Lines = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let line = line.replace('\n', ending);
    let new = match lines.policy.first() {
        None => {
            let gap = if text.is_empty() { "" } else { ending };
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { ending };
            [text, end, gap, &line].concat()
        }
        Some(first) => {
            let before = text.get(..first.span().start).ok_or_else(wrong)?;
            // From the header's own line on.
            let header = match before.rfind("[[policy]]") {
                Some(at) if !text.get(first.span().start..).is_some_and(is_header) => at,
                _ => first.span().start,
            };
            let head = text.get(..header).ok_or_else(wrong)?;
            let tail = text.get(header..).filter(|tail| is_header(tail)).ok_or_else(wrong)?;
            // A comment right above belongs to the line that was first.
            let own = head.lines().rev().take_while(|line| line.trim_start().starts_with('#'));
            let own: usize = own.count();
            let at = comment_start(head, own);
            let (head, comment) = (head.get(..at), head.get(at..));
            let (head, comment) = head.zip(comment).ok_or_else(wrong)?;
            [head, &line, ending, comment, tail].concat()
        }
    };
    let again: Lines = toml::from_str(&new).map_err(|_| wrong())?;
    let values = |lines: Vec<Spanned<toml::Value>>| lines.into_iter().map(Spanned::into_inner);
    let added: Lines = toml::from_str(&line).map_err(|_| wrong())?;
    let expected: Vec<_> = values(added.policy).chain(values(lines.policy)).collect();
    if values(again.policy).collect::<Vec<_>>() == expected { Ok(new) } else { Err(wrong()) }
}

fn is_header(text: &str) -> bool {
    text.starts_with("[[policy]]")
}

/// Where the last `lines` whole lines of `text` begin.
fn comment_start(text: &str, lines: usize) -> usize {
    let mut at = text.len();
    for _ in 0..lines {
        let before = text.get(..at.saturating_sub(1)).unwrap_or_default();
        at = before.rfind('\n').map_or(0, |newline| newline + 1);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::put_first;

    const LINE: &str = "[[policy]]\nrule = \"a\"\nverdict = \"guide\"\n";

    #[test]
    fn a_line_goes_before_all_others_and_leaves_them_as_they_are() {
        let text = "# ours\npreset = \"strict\"\n\n# CI\n# is read by all\n[[policy]] # first\nfile-role = \"ci\"\nverdict = \"block\"\n\n[[policy]]\nverdict = \"guide\"\n";

        let new = put_first(text, LINE).unwrap();

        assert_eq!(
            new,
            text.replace("# CI\n", &format!("{LINE}\n# CI\n")),
            "comments stay with what they are about"
        );
    }

    #[test]
    fn where_there_is_no_policy_it_goes_to_the_end() {
        assert_eq!(put_first("", LINE).unwrap(), LINE);
        assert_eq!(
            put_first("preset = \"strict\"", LINE).unwrap(),
            format!("preset = \"strict\"\n\n{LINE}")
        );
        let crlf = put_first("preset = \"strict\"\r\n", LINE).unwrap();
        assert!(
            crlf.ends_with("verdict = \"guide\"\r\n") && !crlf.replace("\r\n", "").contains('\n')
        );
    }

    #[test]
    fn what_only_looks_like_a_line_of_policy_is_none() {
        let text = "[[coaching]]\nsay = '''\n[[policy]]\n'''\n[[policy]]\nverdict = \"block\"\n";

        let new = put_first(text, LINE).unwrap();

        assert!(
            new.starts_with("[[coaching]]\nsay = '''\n[[policy]]\n'''\n[[policy]]\nrule"),
            "{new}"
        );
    }

    #[test]
    fn a_policy_in_one_list_is_not_touched() {
        let text = "policy = [{ verdict = \"block\" }]\n";

        assert_eq!(
            put_first(text, LINE).unwrap_err(),
            "its policy is not written as [[policy]] tables"
        );
        assert!(put_first("policy = [", LINE).is_err());
    }
}
