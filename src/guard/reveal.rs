//! What a program's text shows of the environment: all of it, or a variable by its name.

/// How programs print all of it, in lower case and without blanks.
const ALL: &[&str] = &[
    "print(os.environ)",
    "print(dict(os.environ))",
    "pprint(os.environ",
    "pprint(dict(os.environ",
    "dumps(os.environ",
    "dumps(dict(os.environ",
    "inos.environ.items()",
    "inos.environ:",
    "log(process.env)",
    "stringify(process.env)",
    "stringify(process.env,",
    "dir(process.env)",
    "table(process.env)",
    "entries(process.env)",
    "keys%env",
    "print%env",
    "dumper(\\%env",
    "env.to_h",
    "env.each",
    "print_r(getenv())",
    "var_dump(getenv())",
    "print_r($_env)",
    "var_dump($_env)",
    "inenviron)",
    "deno.env.toobject()",
    "getchilditemenv:",
    "get-childitemenv:",
];

/// How a program prints one variable, as far as its name.
const ONE: &[&str] = &[
    "print(os.environ[",
    "print(os.environ.get(",
    "print(os.getenv(",
    "log(process.env.",
    "log(process.env[",
    "write(process.env.",
    "putsenv[",
    "printenv[",
    "putsenv.fetch(",
    "print$env{",
    "echogetenv(",
    "print(getenv(",
];

/// Whether `code` prints the whole environment.
pub(super) fn prints_all(code: &str) -> bool {
    let code = close(code);
    // What Node's `-p` is given, jq's filter.
    matches!(code.as_str(), "process.env" | "env" | "$env")
        || ALL.iter().any(|it| code.contains(it))
}

/// The variables that `code` prints, in lower case.
pub(super) fn printed(code: &str) -> Vec<String> {
    let code = close(code);
    let mut names = Vec::new();
    let filter = code.strip_prefix("env.").or_else(|| code.strip_prefix("$env."));
    let value = filter.or_else(|| code.strip_prefix("process.env."));
    names.extend(value.map(name));
    for way in ONE {
        names.extend(
            code.match_indices(way).filter_map(|(at, _)| Some(name(code.get(at + way.len()..)?))),
        );
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The name at the beginning of `text`, with a quote before it or none.
fn name(text: &str) -> String {
    let of_name = |char: &char| char.is_ascii_alphanumeric() || *char == '_';
    text.trim_start_matches(['"', '\'', '`']).chars().take_while(of_name).collect()
}

/// In lower case and without blanks.
fn close(code: &str) -> String {
    code.chars().filter(|char| !char.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{printed, prints_all};

    #[test]
    fn a_program_that_prints_the_environment_is_told() {
        for code in [
            "import os; print(os.environ)",
            "import os, json; print(json.dumps(dict(os.environ)))",
            "console.log( process.env )",
            "process.env",
            "print %ENV",
            "puts ENV.to_h",
            "BEGIN { for (k in ENVIRON) print k }",
        ] {
            assert!(prints_all(code), "{code}");
        }
        for code in [
            "import os; print(os.environ.get('PATH'))",
            "subprocess.run(a, env={**os.environ, 'A': 'b'})",
            "env = dict(os.environ)",
            "console.log(process.env.NODE_ENV)",
            ".env",
        ] {
            assert!(!prints_all(code), "{code}");
        }
    }

    #[test]
    fn a_variable_that_is_printed_is_named() {
        assert_eq!(printed("import os; print(os.environ['API_TOKEN'])"), ["api_token"]);
        assert_eq!(printed("console.log(process.env.API_TOKEN)"), ["api_token"]);
        assert_eq!(printed("process.env.PORT"), ["port"]);
        assert!(printed("x = os.environ['API_TOKEN']").is_empty());
    }
}
