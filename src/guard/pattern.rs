//! Whether a command is what a pattern of the table says.

use super::known::sets_variables;
use super::shell::{Command, is_option};
use super::wild::covers;

/// Options of git after which a value follows.
fn takes_value(program: &str, option: &str) -> bool {
    let git = || {
        let short = option.starts_with('-') && !option.starts_with("--");
        short && option.ends_with(['m', 'F', 'C', 'c', 't']) || option == "--message"
    };
    program == "git" && git()
}

/// Whether a command is what `pattern` says, see `patterns/guard.toml`.
pub(super) fn is_command(pattern: &str, command: &Command, any: bool) -> bool {
    let mut tokens = pattern.split_whitespace();
    let Some(program) = tokens.next() else { return false };
    let name = command.name();
    let name = match name {
        "" if any && tokens.clone().count() > 1 => program,
        "hub" => "git",
        "" => return false,
        name => name,
    };
    if !either(program, name) {
        return false;
    }
    let arguments: Vec<Argument<'_>> = arguments_of(name, command);
    let name = match name {
        "git" if in_order(&["commit"], &arguments) => "git commit",
        name => name,
    };
    // `export A=b` has no arguments either.
    let declares = sets_variables(name) && !command.assigned.is_empty();
    let mut sequence: Vec<&str> = Vec::new();
    for token in tokens {
        let holds = match token {
            "!+" | "!*" if declares => false,
            "!+" => !arguments.iter().any(|it| !it.option && !it.text.contains('=')),
            "!*" => arguments.is_empty(),
            _ => {
                if let Some(option) = token.strip_prefix('!') {
                    !arguments.iter().any(|it| it.is_option(option, name))
                } else if let Some(text) = token.strip_prefix('@') {
                    let text = text.to_lowercase();
                    arguments.iter().any(|it| either(&text, &it.whole().to_lowercase()))
                } else if token.starts_with('-') {
                    token.split('|').any(|one| arguments.iter().any(|it| it.is_option(one, name)))
                } else {
                    sequence.push(token);
                    true
                }
            }
        };
        if !holds {
            return false;
        }
    }
    in_order(&sequence, &arguments)
}

/// One argument.
struct Argument<'a> {
    text: &'a str,
    option: bool,
    /// Whether it may be the value of the option before it.
    may_be_value: bool,
    /// Whether something unknown stands in front of it.
    loose: bool,
}

impl<'a> Argument<'a> {
    /// The text, marked where it begins with what is not known.
    fn whole(&self) -> std::borrow::Cow<'a, str> {
        if self.loose { format!("\u{fffd}{}", self.text).into() } else { self.text.into() }
    }

    fn is_option(&self, option: &str, program: &str) -> bool {
        if !self.option {
            return false;
        }
        if let Some(prefix) = option.strip_suffix('*') {
            return self.text.starts_with(prefix);
        }
        let rest = self.text.strip_prefix(option);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('=')) {
            return true;
        }
        let single = option.strip_prefix('-').filter(|letter| letter.chars().count() == 1);
        let (Some(letter), false) = (single, self.text.starts_with("--")) else { return false };
        // In git's clusters, what follows the letter of a value is that value.
        let valued = |char: &char| match program {
            "git commit" => "mFCctSu".contains(*char),
            "git" => "mFCct".contains(*char),
            _ => false,
        };
        let mut ended = false;
        let mut letters = self.text.chars().skip(1).take_while(|char| {
            let goes_on = !ended;
            ended = valued(char);
            goes_on
        });
        letters.any(|char| letter.starts_with(char))
    }
}

fn arguments_of<'a>(program: &str, command: &'a Command) -> Vec<Argument<'a>> {
    let mut all: Vec<Argument<'a>> = Vec::new();
    let mut value = false;
    let mut ended = false;
    for word in command.words.iter().skip(1) {
        let option = is_option(&word.text) && !value && !ended;
        let may_be_value =
            all.last().is_some_and(|last: &Argument<'_>| last.option && !last.text.contains('='));
        all.push(Argument { text: &word.text, option, may_be_value, loose: word.loose });
        ended |= option && word.text == "--";
        value = option && takes_value(program, &word.text);
    }
    all
}

/// Whether the arguments that are no options begin with `wanted`, values of options aside.
fn in_order(wanted: &[&str], arguments: &[Argument<'_>]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    for (at, argument) in arguments.iter().enumerate() {
        if argument.option {
            continue;
        }
        let after = arguments.get(at + 1..).unwrap_or_default();
        if either(first, argument.text) && in_order(rest, after) {
            return true;
        }
        if !argument.may_be_value {
            return false;
        }
    }
    false
}

/// Whether one of the patterns between bars covers `text`.
fn either(patterns: &str, text: &str) -> bool {
    patterns.split('|').any(|pattern| covers(pattern, text))
}
