//! Texts with credentials, cut at every place.

use super::{Known, Masked, Masker, What};
use crate::catalogue::{Catalogue, sample::expand};
use crate::scan::Scanner;
use crate::secret::Secret;
use data_encoding::BASE64;
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

/// When a moment passes in which nothing comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pause {
    Never,
    AtCuts,
}

fn scanner() -> Scanner {
    Scanner::new(Catalogue::builtin()).ignoring_markers()
}

/// What is passed on of `text` when it comes in parts that end at `cuts`.
fn masked(
    scanner: &Scanner,
    known: &[(&str, &str)],
    text: &[u8],
    cuts: &[usize],
    pause: Pause,
) -> Vec<u8> {
    let known = known_of(known);
    let mut masker = Masker::new(scanner, &known, false);
    let mut out = Vec::new();
    let mut at = 0;
    for cut in cuts.iter().copied().chain([text.len()]) {
        masker.feed(&text[at..cut], &mut out, &mut |_| {}).unwrap();
        if pause == Pause::AtCuts {
            masker.rest(&mut out, &mut |_| {}).unwrap();
        }
        at = cut;
    }
    masker.end(&mut out, &mut |_| {}).unwrap();
    out
}

fn known_of(values: &[(&str, &str)]) -> Mutex<Known> {
    let mut known = Known::default();
    for (name, value) in values {
        known.learn(&Secret::new(value.as_bytes()), Some(name));
    }
    Mutex::new(known)
}

/// A text as a terminal shows it.
fn plain(text: &[u8]) -> Vec<u8> {
    super::View::plain(text).map_or_else(|| text.to_vec(), |view| view.text.to_vec())
}

struct Sample {
    text: Vec<u8>,
    secrets: Vec<String>,
    known: Vec<(&'static str, String)>,
}

/// All that the task names, in one text: plain, in base64 alone and wrapped, in two colours,
/// two side by side, named in the environment, and a key.
fn sample(seed: u64) -> Sample {
    let of = |rule: &str, seed| {
        let rule = Catalogue::builtin().rule(rule).unwrap();
        expand(rule.samples.iter().next().unwrap(), seed).unwrap()
    };
    let token = |seed| expand("ghp_{base62:30}{crc32-base62}", seed).unwrap();
    let (one, two, three, four) = (token(seed), token(seed + 1), token(seed + 2), token(seed + 3));
    let named = expand("{base62:64}", seed + 4).unwrap();
    let key = of("private-key-rsa", seed + 5);
    let (head, tail) = two.split_at(17);
    let wrapped = BASE64.encode(format!("user:{named}:and more").as_bytes());
    let (first, second) = wrapped.split_at(76);
    let text = format!(
        "building\n\x1b[32mok\x1b[0m token {one} end\r\n{head}\x1b[31m{tail}\x1b[0m\n{three}{four}\n\
         basic {basic}\n{first}\n{second}\n{key}\n50%\rdone {named}\nAuthorization: Bearer {one}\nlast line",
        basic = BASE64.encode(format!("x:{one}").as_bytes()),
    );
    let body = key.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned);
    let mut secrets = vec![one, two, three, four, named.clone(), first.to_owned()];
    // The rest of it says `:and more`.
    secrets.push(second.split_at(15).0.to_owned());
    secrets.extend(body.filter(|line| line.len() > 12));
    Sample { text: text.into_bytes(), secrets, known: vec![("DEPLOY_KEY", named)] }
}

#[track_caller]
fn holds_nothing(sample: &Sample, shown: &[u8], how: &str) {
    let seen = plain(shown);
    for (number, secret) in sample.secrets.iter().enumerate() {
        // No part of it either.
        for part in secret.as_bytes().windows(12) {
            let leaks = seen.windows(12).any(|window| window == part);
            assert!(
                !leaks,
                "value {number} is shown in part, {how}\n{}",
                String::from_utf8_lossy(&seen)
            );
        }
    }
    let text = String::from_utf8_lossy(&seen);
    for kept in ["building\n", "ok token ", " end\r\n", "50%\rdone ", "last line"] {
        assert!(text.contains(kept), "`{kept}` is lost, {how}");
    }
}

fn run(sample: &Sample, scanner: &Scanner, cuts: &[usize], pause: Pause) {
    let known: Vec<_> = sample.known.iter().map(|(name, value)| (*name, &**value)).collect();
    let shown = masked(scanner, &known, &sample.text, cuts, pause);
    holds_nothing(sample, &shown, &format!("cut at {cuts:?}, {pause:?}"));
}

#[test]
fn no_credential_gets_through_at_any_cut() {
    let (scanner, sample) = (scanner(), sample(7));
    for cut in 0..=sample.text.len() {
        run(&sample, &scanner, &[cut], Pause::AtCuts);
        run(&sample, &scanner, &[cut], Pause::Never);
    }
}

#[test]
fn no_credential_gets_through_a_byte_at_a_time() {
    let (scanner, sample) = (scanner(), sample(11));
    let cuts: Vec<usize> = (1..sample.text.len()).collect();
    run(&sample, &scanner, &cuts, Pause::Never);
    run(&sample, &scanner, &cuts, Pause::AtCuts);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_credential_gets_through_any_cuts(seed in 0..500_u64, mut at in prop::collection::vec(0..4000_usize, 1..12)) {
        let (scanner, sample) = (scanner(), sample(seed));
        at.retain(|cut| *cut <= sample.text.len());
        at.sort_unstable();
        run(&sample, &scanner, &at, Pause::Never);
        run(&sample, &scanner, &at, Pause::AtCuts);
    }

    #[test]
    fn bytes_without_credentials_pass_unchanged(
        bytes in prop::collection::vec(prop_oneof![
            Just(b'\n'), Just(b'\r'), Just(0x1b), Just(b'['), Just(b' '), Just(0), any::<u8>(),
        ], 0..300),
        cut in 0..300_usize,
    ) {
        let cut = cut.min(bytes.len());
        for pause in [Pause::Never, Pause::AtCuts] {
            prop_assert_eq!(&masked(&scanner(), &[], &bytes, &[cut], pause), &bytes);
        }
    }
}

#[test]
fn a_prompt_is_passed_on_and_what_may_be_a_credential_waits() {
    let (scanner, known) = (scanner(), known_of(&[("PIN_OF_IT", "hunter-two-9")]));
    let shown = |text: &str| {
        let mut masker = Masker::new(&scanner, &known, false);
        let mut out = Vec::new();
        masker.feed(text.as_bytes(), &mut out, &mut |_| {}).unwrap();
        masker.rest(&mut out, &mut |_| {}).unwrap();
        String::from_utf8(out).unwrap()
    };
    for prompt in [
        "Password: ",
        "Continue? [y/N] ",
        "$ ",
        "Name",
        "....",
        " 45%",
        "> ",
        "Enter a name:",
        "\x1b[1mok\x1b[0m ",
    ] {
        assert_eq!(shown(prompt), prompt);
    }
    for (begun, passed) in [
        ("token gh", "token "),
        ("AKI", ""),
        ("a hunt", "a "),
        ("password: Winter", "password: "),
        ("password=\"Wint", "password=\""),
        ("x \x1b[3", "x "),
        ("-----BEGIN", ""),
    ] {
        let shown = shown(begun);
        assert!(passed.starts_with(&shown), "{begun:?}: {shown:?}");
    }
}

#[test]
fn an_order_to_mask_is_done_and_reaches_the_runner_only() {
    let scanner = scanner();
    let text = b"::add-mask::seven%25letters\nx seven%letters y\n";
    for (runner, first) in [(true, "::add-mask::seven%25letters\n"), (false, "")] {
        let known = Mutex::new(Known::default());
        let mut masker = Masker::new(&scanner, &known, runner);
        let mut out = Vec::new();
        masker.feed(text, &mut out, &mut |_| {}).unwrap();
        masker.end(&mut out, &mut |_| {}).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with(first), "{out}");
        assert!(out.ends_with("x [hidden] y\n"), "{out}");
    }
}

#[test]
fn what_was_masked_is_told_with_its_line() {
    let (scanner, sample) = (scanner(), sample(3));
    let known = known_of(&[("DEPLOY_KEY", &sample.known[0].1)]);
    let mut told = Vec::new();
    let mut masker = Masker::new(&scanner, &known, false);
    let mut tell = |masked: &Masked<'_>| told.push((masked.what.clone(), masked.line));
    for part in sample.text.chunks(50) {
        masker.feed(part, &mut Vec::new(), &mut tell).unwrap();
    }
    masker.end(&mut Vec::new(), &mut tell).unwrap();

    assert_eq!(told[0], (What::Rule("github-pat"), 2));
    assert!(told.iter().any(|(what, _)| *what == What::Named(Arc::from("DEPLOY_KEY"))));
    assert!(!format!("{masker:?}").contains("ghp"));
}

#[test]
fn a_line_without_an_end_is_passed_on_in_pieces_of_bounded_memory() {
    let (scanner, known) = (scanner(), Mutex::new(Known::default()));
    let mut masker = Masker::new(&scanner, &known, false);
    let token = expand("ghp_{base62:30}{crc32-base62}", 5).unwrap();
    let mut out = Vec::new();
    for _ in 0..40 {
        masker.feed(&vec![b'x'; 99_990], &mut out, &mut |_| {}).unwrap();
        masker.feed(format!(" {token} ").as_bytes(), &mut out, &mut |_| {}).unwrap();
        assert!(masker.buffer.len() <= 3 * super::LINE_AT_MOST);
    }
    masker.end(&mut out, &mut |_| {}).unwrap();

    let shown = String::from_utf8(out).unwrap();
    assert!(!shown.contains(&token));
    assert_eq!(shown.matches("[hidden github-pat]").count(), 40);
}
