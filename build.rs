//! Checks every rule in `patterns/` and compiles them to static data.
//!
//! A fault in a rule file ends the build with `file:line: what`.
#![expect(unreachable_pub, unused_imports, reason = "modules of the library, taken in by path")]
#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts by variables")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/catalogue/anchor.rs"]
#[expect(dead_code, reason = "the library uses all of it")]
mod anchor;
#[path = "src/catalogue/assigned.rs"]
mod assigned;
#[path = "src/catalogue/check.rs"]
mod check;
#[path = "src/catalogue/checksum.rs"]
mod checksum;
#[path = "src/catalogue/coaching.rs"]
#[expect(dead_code, reason = "the library uses all of it")]
mod coaching;
#[path = "src/catalogue/contexts.rs"]
mod contexts;
#[path = "src/catalogue/families.rs"]
mod families;
#[path = "src/catalogue/governance.rs"]
#[expect(dead_code, reason = "the library uses all of it")]
mod governance;
#[path = "src/catalogue/lessons.rs"]
#[expect(dead_code, reason = "the library uses all of it")]
mod lessons;
#[path = "src/catalogue/lint.rs"]
#[expect(dead_code, reason = "the library uses all of it")]
mod lint;
#[path = "src/catalogue/named.rs"]
mod named;
#[path = "src/catalogue/reach.rs"]
mod reach;
#[path = "src/catalogue/sample.rs"]
mod sample;
#[path = "src/catalogue/schema.rs"]
#[expect(dead_code, reason = "the library uses all of it")]
mod schema;
#[path = "src/catalogue/signal.rs"]
#[expect(dead_code, reason = "the library's tests use all of it")]
mod signal;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=patterns");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(Path::new("patterns"), &mut files)?;
    files.sort();
    let (privileges, files): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|file| file.starts_with("patterns/privileges"));

    let mut rules = Vec::new();
    let mut faults = Vec::new();
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        match lint::lint(&fs::read_to_string(file)?, coaching::Duty::Builtin) {
            Ok((service, linted)) => {
                let family = file.strip_prefix("patterns").unwrap_or(file).with_extension("");
                let family = family.to_string_lossy().replace('\\', "/");
                rules
                    .extend(linted.into_iter().map(|rule| (family.clone(), service.clone(), rule)));
            }
            Err(found) => faults.extend(
                found
                    .iter()
                    .map(|fault| format!("{}:{}: {}", file.display(), fault.line, fault.what)),
            ),
        }
    }
    rules.sort_by(|(_, _, a), (_, _, b)| a.rule.id.cmp(&b.rule.id));
    faults.extend(between(&rules));
    let privileges = write_privileges(&privileges, &rules, &mut faults)?;
    if !faults.is_empty() {
        for fault in &faults {
            println!("cargo::error={fault}");
        }
        return Err(io::Error::other(format!("{} faults in patterns/", faults.len())));
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let contexts = contexts::read(&fs::read_to_string("patterns/context.toml")?);
    match contexts {
        Ok(file) => fs::write(out.join("contexts.rs"), write_contexts(&file))?,
        Err(fault) => {
            println!("cargo::error=patterns/context.toml: {fault}");
            return Err(io::Error::other("a fault in patterns/context.toml"));
        }
    }
    if let Err(fault) = governed(&rules)? {
        println!("cargo::error=patterns/governance.toml: {fault}");
        return Err(io::Error::other("a fault in patterns/governance.toml"));
    }
    if let Err(fault) = learning(&rules)? {
        println!("cargo::error={fault}");
        return Err(io::Error::other("a fault in the lessons or the drill"));
    }
    fs::write(out.join("privileges.rs"), privileges)?;
    fs::write(out.join("catalogue.rs"), generate(&rules))
}

/// What is wrong in the mapping to frameworks, which is read as it is when asked for.
fn governed(rules: &[Named]) -> io::Result<Result<(), String>> {
    let text = fs::read_to_string("patterns/governance.toml")?;
    Ok(governance::read(&text).and_then(|file| {
        let knows = |framework: &str, id: &str| {
            file.framework(framework).is_some_and(|known| known.controls.contains_key(id))
        };
        let fault = rules.iter().find_map(|(_, _, linted)| {
            let rule = &linted.rule;
            let cwe = rule.cwe.iter().map(|number| format!("CWE-{number}"));
            let unknown = cwe.into_iter().find(|id| !knows("cwe", id));
            let unknown =
                unknown.or_else(|| rule.nhi.iter().find(|id| !knows("nhi", id)).cloned())?;
            Some(format!("the rule `{}` names `{unknown}`, which is not here", rule.id))
        });
        fault.map_or(Ok(()), Err)
    }))
}

/// What is wrong in the lessons and the drill, which are read as they are when asked for.
fn learning(rules: &[Named]) -> io::Result<Result<(), String>> {
    let known = |id: &str| rules.iter().any(|(_, _, rule)| rule.rule.id == id);
    let (lessons_path, drill_path) = ("patterns/lessons.toml", "patterns/drill.toml");
    let lessons = lessons::lessons(&fs::read_to_string(lessons_path)?).and_then(|file| {
        let mut options = file.lesson.iter().flat_map(|lesson| &lesson.question.option);
        match options.find(|option| !option.rule.is_empty() && !known(&option.rule)) {
            Some(option) => Err(format!("no rule is called `{}`", option.rule)),
            None => Ok(()),
        }
    });
    let drill = lessons::drill(&fs::read_to_string(drill_path)?, known).map(|_| ());
    Ok(lessons
        .map_err(|fault| format!("{lessons_path}: {fault}"))
        .and(drill.map_err(|fault| format!("{drill_path}: {fault}"))))
}

/// The signals of `patterns/privileges/`; what is wrong in them goes to `faults`.
fn write_privileges(
    files: &[PathBuf],
    rules: &[Named],
    faults: &mut Vec<String>,
) -> io::Result<String> {
    let mut made: Vec<(String, String)> = Vec::new();
    let mut covered: Vec<(String, String)> = Vec::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let read = match signal::signals(&fs::read_to_string(file)?) {
            Ok(read) => read,
            Err(found) => {
                let shown = |(line, what)| format!("{}:{line}: {what}", file.display());
                faults.extend(found.into_iter().map(shown));
                continue;
            }
        };
        let family = file.strip_prefix("patterns").unwrap_or(file).with_extension("");
        let family = family.to_string_lossy().replace('\\', "/");
        for signal in read.signal.iter().map(toml::Spanned::get_ref) {
            let sources = [&read.sources[..], &signal.sources[..]].concat();
            let next_time = signal.next_time.as_ref().unwrap_or(&read.next_time);
            let text = format!(
                "Made {{ id: {:?}, service: {:?}, family: {family:?}, what: {:?}, \
                 severity: Severity::{:?}, cwe: &{:?}, nhi: {}, fact: {:?}, values: {}, \
                 except: {}, covers: {}, paste: {:?}, words: || Coaching {{ opens: {:?}, \
                 missed: {:?}, next_time: {next_time:?}, instead: {:?}, sources: {}, \
                 revoke_console: \"\", revoke_cli: \"\", revoke_note: \"\", rotate: \"\", \
                 vault: \"\", abuse: \"\", variable: \"\" }} }}",
                signal.id,
                read.service,
                signal.what,
                signal.severity,
                signal.cwe.as_ref().unwrap_or(&read.cwe),
                lines(signal.nhi.as_ref().unwrap_or(&read.nhi)),
                signal.fact,
                lines(&signal.values),
                lines(&signal.except),
                lines(&signal.covers),
                signal.paste.trim_end(),
                signal.opens,
                signal.missed,
                signal.instead,
                lines(&sources),
            );
            made.push((signal.id.clone(), text));
            covered.extend(signal.covers.iter().map(|id| (id.clone(), signal.id.clone())));
        }
    }
    made.sort();
    let known = |id: &str| made.binary_search_by(|(known, _)| known.as_str().cmp(id)).is_ok();
    let unknown = covered.iter().filter(|(id, _)| !known(id));
    faults.extend(unknown.map(|(id, by)| format!("`{by}` covers `{id}`, which is none")));
    let twice = made.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    faults.extend(twice.map(|pair| format!("patterns/privileges: `{}` is there twice", pair[0].0)));
    let of_both = rules.iter().filter(|(_, _, linted)| known(&linted.rule.id));
    faults.extend(of_both.map(|(_, _, linted)| {
        format!("patterns/privileges: `{}` is a credential's too", linted.rule.id)
    }));
    let mut out = format!(
        "const COUNT: usize = {};\nfn make(index: usize) -> Made {{\nmatch index {{\n",
        made.len()
    );
    for (index, (_, text)) in made.iter().enumerate() {
        let _ = writeln!(out, "{index} => {text},");
    }
    out.push_str("_ => unreachable!(\"no such signal\"),\n}\n}\n");
    Ok(out)
}

/// The words by file, actor and host.
fn write_contexts(file: &contexts::ContextFile) -> String {
    let mut out = String::from("static CONTEXTS: &[Context] = &[\n");
    for one in &file.context {
        let _ = writeln!(
            out,
            "Context {{ id: {:?}, paths: &{:?}, roles: &{:?}, families: &{:?}, read: {:?}, \
             instead: {:?} }},",
            one.id, one.paths, one.roles, one.families, one.read, one.instead
        );
    }
    out.push_str("];\nstatic ACTORS: &[ByActor] = &[\n");
    for one in &file.actor {
        let _ = writeln!(out, "ByActor {{ is: {:?}, here: {:?} }},", one.is, one.here);
    }
    out.push_str("];\nstatic HOSTS: &[Host] = &[\n");
    for one in &file.host {
        let _ = writeln!(out, "Host {{ domains: &{:?}, keeps: {:?} }},", one.domains, one.keeps);
    }
    out.push_str("];\n");
    out
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "toml")
            && path.parent() != Some(Path::new("patterns"))
        {
            files.push(path);
        }
    }
    Ok(())
}

type Named = (String, String, lint::Linted);

/// Faults that only show across rules.
fn between(rules: &[Named]) -> Vec<String> {
    let mut faults = Vec::new();
    for pair in rules.windows(2) {
        if let [(first, _, a), (second, _, b)] = pair
            && a.rule.id == b.rule.id
        {
            faults
                .push(format!("patterns/{second}.toml:1: `{}` is also in {first}.toml", a.rule.id));
        }
    }
    for (family, _, linted) in rules {
        if let Some(companion) = &linted.rule.companion
            && !rules.iter().any(|(_, _, other)| other.rule.id == companion.of)
        {
            faults.push(format!("patterns/{family}.toml:1: no rule is called `{}`", companion.of));
        }
    }
    faults
}

fn generate(rules: &[Named]) -> String {
    let mut out = String::from("fn make(index: usize) -> Rule {\nmatch index {\n");
    for (index, (family, service, linted)) in rules.iter().enumerate() {
        let _ = write!(out, "{index} => ");
        write_rule(&mut out, family, service, linted);
    }
    let companions: Vec<usize> =
        (0..rules.len()).filter(|index| rules[*index].2.rule.companion.is_some()).collect();
    let _ = write!(
        out,
        "_ => unreachable!(\"no such rule\"),\n}}\n}}\n
        static MADE: [OnceLock<Rule>; {}] = [const {{ OnceLock::new() }}; {}];
        pub(super) static CATALOGUE: Catalogue = Catalogue {{
        make, made: &MADE, companions: &{companions:?},\n",
        rules.len(),
        rules.len()
    );
    write_anchors(&mut out, rules);
    out.push_str("};\n");
    out
}

/// Several texts as one.
fn lines<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    format!("Lines({:?})", texts.join("\u{1f}"))
}

/// The words of a built-in rule that passed; every one is there.
fn words(coaching: &schema::CoachingText) -> Option<(&schema::RevokeText, [&str; 8], &[String])> {
    Some((
        coaching.revoke.as_ref()?,
        [
            coaching.opens.as_deref()?,
            coaching.missed.as_deref()?,
            coaching.next_time.as_deref()?,
            coaching.rotate.as_deref()?,
            coaching.vault.as_deref()?,
            coaching.instead.as_deref()?,
            coaching.abuse.as_deref()?,
            coaching.variable.as_deref()?,
        ],
        coaching.sources.as_deref()?,
    ))
}

fn write_rule(out: &mut String, family: &str, service: &str, linted: &lint::Linted) {
    let lint::Linted { rule, checks, before, after, least, leads, .. } = linted;
    let (revoke, [opens, missed, next_time, rotate, vault, instead, abuse, variable], sources) =
        words(&rule.coaching).expect("the lint found every word");
    let set = |class: &str| check::byte_set(class).expect("the lint read the class");
    let companion = rule.companion.as_ref().map_or_else(
        || "None".to_owned(),
        |companion| {
            format!(
                "Some(Companion {{ of: {:?}, lines: {}, shape: {:?} }})",
                companion.of, companion.lines, companion.shape
            )
        },
    );
    let checks: Vec<String> = checks.iter().map(|check| format!("Check::{check:?}")).collect();
    let _ = write!(
        out,
        "Rule {{ id: {:?}, service: {service:?}, family: {family:?}, what: {:?}, kind: Kind::{:?},
        severity: Severity::{:?}, lifetime: Lifetime::{:?}, grade: Grade::{:?}, public: {},
        engine: Engine::{:?}, shape: {:?}, names: {}, least: {least}, leads: {leads},
        before: {before}, after: {after},
        head: ByteSet({:?}), tail: ByteSet({:?}), checks: &[{}], companion: {companion},
        cwe: &{:?}, nhi: {},
        words: Words::Builtin(|| Coaching {{ opens: {opens:?}, missed: {missed:?}, next_time: {next_time:?},
        revoke_console: {:?}, revoke_cli: {:?}, revoke_note: {:?}, rotate: {rotate:?},
        vault: {vault:?}, instead: {instead:?}, abuse: {abuse:?}, variable: {variable:?},
        sources: {} }}), file: None, samples: {}, near_misses: {} }},\n",
        rule.id,
        rule.what,
        rule.kind,
        rule.severity,
        rule.lifetime,
        rule.confidence,
        rule.public,
        rule.engine,
        rule.shape,
        lines(&rule.names),
        set(&rule.head),
        set(&rule.tail),
        checks.join(", "),
        rule.cwe,
        lines(&rule.nhi),
        revoke.console,
        revoke.cli,
        revoke.note,
        lines(sources),
        lines(&rule.samples),
        lines(&rule.near_misses),
    );
}

/// The table of the first pass.
fn write_anchors(out: &mut String, rules: &[Named]) {
    let mut anchors = Vec::new();
    for (index, (_, _, linted)) in rules.iter().enumerate() {
        for text in &linted.rule.anchors {
            let bytes = text.as_bytes();
            let at = anchor::rarest(bytes);
            let three = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], 0]);
            let slot = anchor::slot(anchor::Known::FirstThree.key(three));
            let ignore_case =
                linted.rule.ignore_case || linted.rule.engine == schema::Engine::Named;
            anchors.push((slot, text, index, ignore_case, at));
        }
    }
    anchors.sort();
    let mut texts = String::new();
    out.push_str("anchors: &[\n");
    for (_, text, rule, ignore_case, at) in &anchors {
        let (start, length) = (texts.len(), text.len());
        let (head, mask) = anchor::head(text.as_bytes());
        texts.push_str(text);
        let _ = writeln!(
            out,
            "Anchor {{ start: {start}, length: {length}, rule: {rule}, ignore_case: {ignore_case}, \
             at: {at}, head: {head}, mask: {mask} }},"
        );
    }
    let seen: Vec<families::Seen<'_>> = anchors
        .iter()
        .map(|(_, text, _, ignore_case, at)| families::Seen {
            text: text.as_bytes(),
            ignore_case: *ignore_case,
            at: *at,
        })
        .collect();
    let (windows, pairs) = families::part(&seen);
    let mut bitmap = vec![0_u64; anchor::SLOTS / 64];
    let mut windows: Vec<(u16, usize, i8)> = windows
        .iter()
        .map(|window| {
            let text = seen[window.anchor].text;
            let byte = |index: i8| {
                let at = usize::try_from(window.from + index).ok();
                at.and_then(|at| text.get(at)).copied().unwrap_or_default()
            };
            let four = u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]);
            let slot = anchor::slot(window.known.key(four));
            bitmap[usize::from(slot >> 6)] |= 1 << (slot & 63);
            (slot, window.anchor, window.from)
        })
        .collect();
    windows.sort_unstable();
    let firsts: Vec<usize> = (0..=anchor::GROUPS)
        .map(|group| windows.partition_point(|(slot, ..)| anchor::group(*slot) < group))
        .collect();
    out.push_str("],\nwindows: &[\n");
    for (_, anchor, from) in &windows {
        let _ = writeln!(out, "Window {{ anchor: {anchor}, from: {from} }},");
    }
    let _ = writeln!(
        out,
        "],\ntexts: {texts:?},\npairs: &{pairs:?},\nfirsts: &{firsts:?},\nbitmap: &{bitmap:?},"
    );
}
