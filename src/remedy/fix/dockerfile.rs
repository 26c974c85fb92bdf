//! Dockerfiles: a secret mount for the one `RUN` that needs the value
//! (<https://docs.docker.com/build/building/secrets/>); an `ENV` or `ARG` loses its value,
//! since either stays in the image.

use super::edit::{Edit, has, part};
use super::tongue::{node_at, parse, still_parses, upwards};
use super::{Ask, Mended, Refusal, Source};
use tree_sitter::Node;

pub(super) fn mend(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let grammar = tree_sitter_containerfile::LANGUAGE.into();
    let (tree, faults) = parse(&grammar, ask.text)?;
    let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Platform };
    let mut mounted: Vec<usize> = Vec::new();
    for value in ask.values {
        let refuse =
            |why: &str| Refusal::new(why, "use `RUN --mount=type=secret,id=NAME,env=NAME` by hand");
        let node =
            node_at(tree.root_node(), value).ok_or_else(|| refuse("it is in no instruction"))?;
        if upwards(node).any(|node| node.kind() == "comment") {
            mended.edits.push(Edit::new(value.clone(), ask.name));
            continue;
        }
        let instruction = upwards(node)
            .find(|node| node.kind().ends_with("_instruction"))
            .ok_or_else(|| refuse("it is in no instruction"))?;
        match instruction.kind() {
            "run_instruction" => mended.edits.extend(run(ask, value, instruction, &mut mounted)?),
            "env_instruction" | "arg_instruction" => {
                mended.edits.push(unset(ask, instruction)?);
                mended.notes.push(format!(
                    "give {} when the container starts: docker run --env {}",
                    ask.name, ask.name
                ));
            }
            _ => return Err(refuse("leakcoach mends RUN, ENV and ARG alone")),
        }
    }
    if !mounted.is_empty() {
        mended.notes.push(format!(
            "build with: docker build --secret id={0},env={0} (Dockerfile syntax 1.10 or later)",
            ask.name
        ));
    }
    still_parses(&grammar, ask.text, faults, &mended.edits)?;
    Ok(mended)
}

/// The value becomes a variable that only this instruction has.
fn run(
    ask: &Ask<'_>,
    value: &std::ops::Range<usize>,
    run: Node<'_>,
    mounted: &mut Vec<usize>,
) -> Result<Vec<Edit>, Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::new(why, "use `RUN --mount=type=secret,id=NAME,env=NAME` by hand"))
    };
    let words = part(ask.text, run.byte_range());
    if has(words, "<<")
        || words.get(3..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"["))
    {
        return refuse("a RUN of a heredoc or a list is left to you");
    }
    let before = part(ask.text, run.start_byte()..value.start);
    let single = memchr::memchr_iter(b'\'', before).count();
    let double = memchr::memchr_iter(b'"', before).count();
    let variable = match (single % 2, double % 2) {
        (0, 0) => format!("\"${{{}}}\"", ask.name),
        (0, 1) => format!("${{{}}}", ask.name),
        (1, 0) => format!("'\"${{{}}}\"'", ask.name),
        _ => return refuse("which quotes hold the value is not certain"),
    };
    let mut edits = vec![Edit::new(value.clone(), variable)];
    if !mounted.contains(&run.start_byte()) {
        mounted.push(run.start_byte());
        let at = run.start_byte() + "RUN".len();
        edits.push(Edit::insert(at, format!(" --mount=type=secret,id={0},env={0}", ask.name)));
    }
    Ok(edits)
}

/// An `ENV` or `ARG` of one name without its value; what a later `RUN` needs at build time
/// is left to a person.
fn unset(ask: &Ask<'_>, instruction: Node<'_>) -> Result<Edit, Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::new(
            why,
            "take it out by hand; a RUN that needs it takes --mount=type=secret,id=NAME,env=NAME",
        ))
    };
    let words = part(ask.text, instruction.byte_range());
    let rest = part(words, 3..words.len()).trim_ascii();
    let end =
        rest.iter().position(|byte| matches!(byte, b'=' | b' ' | b'\t')).unwrap_or(rest.len());
    let key = String::from_utf8_lossy(part(rest, 0..end)).into_owned();
    let mut cursor = instruction.walk();
    let pairs = instruction
        .named_children(&mut cursor)
        .filter(|node| matches!(node.kind(), "env_pair" | "arg_pair"))
        .count();
    if pairs > 1 || words.contains(&b'\n') {
        return refuse("the instruction sets several names");
    }
    let after = part(ask.text, instruction.end_byte()..ask.text.len());
    let used = [format!("${key}"), format!("${{{key}")].iter().any(|word| has(after, word));
    if used || key.is_empty() {
        return refuse("a later instruction uses it");
    }
    let line = super::edit::line_around(ask.text, instruction.start_byte());
    Ok(Edit::new(line, ""))
}
