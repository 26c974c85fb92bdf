//! What a script asks of GitHub by `gh`, as permissions of a token.
//!
//! Which permission a command takes is docs.github.com, "Permissions required for GitHub
//! Apps"; that `workflow_dispatch` starts workflows also from the token of a job, and nothing
//! else does, "`GITHUB_TOKEN`".

use super::github::Need;

/// Who can give a token for a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gives {
    /// The job itself.
    Job(Vec<Need>),
    /// An app: what is done is to start workflows, as what a job does itself starts none.
    App(Vec<Need>),
}

/// Programs that take no token of GitHub from their environment.
const PLAIN: &[&str] = &[
    ":", "[", "[[", "awk", "base64", "basename", "break", "cat", "continue", "cp", "cut", "date",
    "declare", "dirname", "done", "echo", "exit", "export", "false", "fi", "for", "git", "grep",
    "head", "jq", "local", "ls", "mkdir", "mv", "printf", "read", "return", "rm", "sed", "set",
    "shift", "sleep", "sort", "tail", "test", "touch", "tr", "true", "uniq", "wc",
];

const BEFORE_COMMANDS: &[&str] =
    &["if", "then", "else", "elif", "do", "while", "until", "!", "{", "time"];

/// The permissions that the commands of `script` take, if all of them are known.
pub(super) fn of_script(script: &str) -> Result<Gives, &'static str> {
    if script.contains("GH_TOKEN") || script.contains("GITHUB_TOKEN") || script.contains("<<") {
        return Err("the script hands the token on in a way that is not followed");
    }
    let (mut job, mut app): (Vec<Need>, Vec<Need>) = (Vec::new(), Vec::new());
    let mut asks = false;
    for command in simple(script).lines() {
        let mut words = command.split_whitespace().skip_while(|word| {
            BEFORE_COMMANDS.contains(word)
                || word.split_once('=').is_some_and(|(name, _)| is_name(name))
        });
        let Some(program) = words.next() else { continue };
        if program == "gh" {
            asks = true;
            let rest: Vec<&str> = words.collect();
            match one(&rest)? {
                Gives::Job(needs) => job.extend(needs),
                Gives::App(needs) => app.extend(needs),
            }
        } else if !PLAIN.contains(&program) && !program.starts_with('_') {
            return Err("its script starts programs that may use the token too");
        }
    }
    match (asks, app.is_empty()) {
        (false, _) => Err("what its script uses the token for is not told"),
        (true, true) => Ok(Gives::Job(merged(job))),
        (true, false) => Ok(Gives::App(merged(app.into_iter().chain(job).collect()))),
    }
}

/// What one command takes, and of whom.
fn one(words: &[&str]) -> Result<Gives, &'static str> {
    let elsewhere = words.iter().zip(words.iter().skip(1).chain([&""])).any(|(word, next)| {
        let named = match word.split_once('=') {
            Some(("--repo" | "-R", of)) => Some(of),
            Some(_) | None => (*word == "--repo" || *word == "-R").then_some(*next),
        };
        named.is_some_and(|of| of != OWN) || word.starts_with("http")
    });
    let more = ["--project", "--add-project", "--reviewer", "--add-reviewer", "--admin"];
    if elsewhere || words.iter().any(|word| more.iter().any(|option| word.starts_with(option))) {
        return Err("a command of `gh` reaches beyond the repository");
    }
    let (job, app) = (Gives::Job, Gives::App);
    let [noun, verb, ..] = words else { return Err(UNKNOWN) };
    let read = matches!(*verb, "list" | "view" | "status" | "diff" | "download" | "watch");
    Ok(match (*noun, *verb) {
        ("pr", _) if read => job(vec![("pull-requests", "read")]),
        ("pr", "comment") => job(vec![("pull-requests", "write")]),
        ("pr", "create" | "merge") => app(vec![("contents", "write"), ("pull-requests", "write")]),
        ("issue", _) if read => job(vec![("issues", "read")]),
        ("issue", "create" | "comment" | "close" | "reopen" | "edit") => {
            job(vec![("issues", "write")])
        }
        ("label", "list") => job(vec![("issues", "read")]),
        ("label", "create" | "edit" | "delete") => job(vec![("issues", "write")]),
        ("release", _) if read => job(vec![("contents", "read")]),
        ("release", "upload" | "delete-asset") => job(vec![("contents", "write")]),
        ("release", "create" | "edit" | "delete") => app(vec![("contents", "write")]),
        ("run" | "workflow", _) if read => job(vec![("actions", "read")]),
        ("cache", "list") => job(vec![("actions", "read")]),
        ("run", "rerun" | "cancel" | "delete") | ("workflow", "run") | ("cache", "delete") => {
            job(vec![("actions", "write")])
        }
        _ => return Err(UNKNOWN),
    })
}

const UNKNOWN: &str = "which permissions a command of `gh` takes is not known here";

/// What the own repository is called in what [`simple`] gives.
const OWN: &str = "$GITHUB_REPOSITORY";

/// Each permission once, by the most that is asked of it.
pub(super) fn merged(mut needs: Vec<Need>) -> Vec<Need> {
    needs.sort_by_key(|need| (need.0, std::cmp::Reverse(need.1)));
    needs.dedup_by_key(|need| need.0);
    needs
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The commands of a script, each on its line, those within `$(…)` too; what is quoted is one
/// word, and what comes after a command in a word begins with `_`.
fn simple(script: &str) -> String {
    #[derive(PartialEq, Eq)]
    enum In {
        Command,
        Double,
    }
    let own = ["${{ github.repository }}", "${{github.repository}}", "${GITHUB_REPOSITORY}"];
    let mut text = own.iter().fold(script.replace("\\\n", " "), |text, own| text.replace(own, OWN));
    for plain in ["2>&1", ">&2", "1>&2", "&>"] {
        text = text.replace(plain, " ");
    }
    let mut out = String::with_capacity(text.len());
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        out.push_str(line);
        out.push('\n');
    }
    let text = std::mem::take(&mut out);
    let mut within = vec![In::Command];
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let quoted = within.last() == Some(&In::Double);
        match char {
            '\\' => {
                chars.next();
                out.push('_');
            }
            '\'' if !quoted => {
                out.push('_');
                let inner = chars.by_ref().take_while(|char| *char != '\'');
                inner.for_each(drop);
            }
            '"' if quoted => {
                within.pop();
            }
            '"' => within.push(In::Double),
            '$' if chars.peek() == Some(&'(') => {
                chars.next();
                within.push(In::Command);
                out.push('\n');
            }
            ')' if !quoted && within.len() > 1 => {
                within.pop();
                out.push_str("\n_");
            }
            // Expressions are values, whatever is asked in them.
            '$' if chars.peek() == Some(&'{') => {
                let mut deep = 0;
                for char in chars.by_ref() {
                    deep += i32::from(char == '{') - i32::from(char == '}');
                    if deep == 0 {
                        break;
                    }
                }
                out.push_str("_$_");
            }
            ';' | '|' | '&' | '`' | '(' | ')' if !quoted => out.push('\n'),
            '`' => out.push('\n'),
            ' ' | '\t' | '\n' | ';' | '|' | '&' if quoted => out.push('_'),
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Gives, of_script};
    use proptest::prelude::*;

    #[test]
    fn commands_tell_what_they_take() {
        for (script, gives) in [
            (
                "gh pr comment \"$PR\" --body \"done; see $(date)\"",
                Gives::Job(vec![("pull-requests", "write")]),
            ),
            (
                "if [ -n \"$(gh issue list --label bug)\" ]; then\n  gh issue create -t x -b 'a; b'\nfi",
                Gives::Job(vec![("issues", "write")]),
            ),
            (
                "gh release upload \"$TAG\" a.zip --repo ${{ github.repository }}",
                Gives::Job(vec![("contents", "write")]),
            ),
            (
                "gh pr list | jq length\ngh pr merge --auto --squash \"$URL\"",
                Gives::App(vec![("contents", "write"), ("pull-requests", "write")]),
            ),
        ] {
            assert_eq!(of_script(script), Ok(gives), "{script}");
        }
    }

    #[test]
    fn what_is_not_certain_is_not_told() {
        for script in [
            "npx semantic-release",
            "gh api graphql -f query=x",
            "gh issue list --repo other/repository",
            "gh issue create -R other/repository -t x",
            "git push https://x:$GH_TOKEN@github.com/a/b",
            "gh pr view https://github.com/other/repository/pull/1",
            "gh pr list\n./release.sh",
            "gh repo create a",
            "cd other\ngh pr list",
            "echo nothing",
            "cat <<EOF\ngh pr list\nEOF",
        ] {
            assert!(of_script(script).is_err(), "{script}");
        }
    }

    proptest! {
        #[test]
        fn no_script_ends_a_run(script in "(gh|pr|list| |\"|'|\\$\\(|\\)|\\$\\{|\\}|\\\\|\n|;|`|é){0,40}") {
            of_script(&script).ok();
        }
    }
}
