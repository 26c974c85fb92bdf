//! Properties: whatever the bytes, nothing panics, and only what the edits say changes.

use super::{Ask, Surroundings, applied, mend, places};
use proptest::prelude::*;

const PATHS: &[&str] = &[
    "a.py",
    "a.js",
    "a.ts",
    "a.tsx",
    "a.go",
    "A.java",
    "A.kt",
    "A.cs",
    "a.rb",
    "a.php",
    "a.rs",
    "a.swift",
    "a.sh",
    "compose.yml",
    ".github/workflows/a.yml",
    "values.yaml",
    "k8s/kind.yaml",
    "appsettings.json",
    "a.ipynb",
    "main.tf",
    "a.tfvars",
    "Dockerfile",
    ".env.example",
    ".npmrc",
    "application.properties",
    "a.lua",
    "a.toml",
    "templates/a.yaml",
    "settings.xml",
];

/// Pieces of code around a value, with quotes that match or do not.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "`",
    "\"\"\"",
    "\n",
    " = ",
    ": ",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "const ",
    "x",
    "f",
    "#",
    "//",
    "/*",
    "*/",
    "\\",
    "${",
    "{{",
    "}}",
    "import os\n",
    "package a\n",
    "<?php ",
    "env:\n",
    "  - name: a\n    value: ",
    "RUN ",
    "ENV A=",
    "\"source\": [",
    "\"cell_type\": \"code\", ",
    "apiVersion: v1\nkind: Pod\n",
    "\r\n",
    "é",
    "\u{feff}",
    "value",
    "return ",
    ",",
    "<<EOF\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_and_no_place_makes_it_panic(
        path in prop::sample::select(PATHS),
        text in prop::collection::vec(any::<u8>(), 0..200),
        start in 0_usize..220,
        length in 0_usize..60,
    ) {
        let span = start..start + length;
        let values = std::slice::from_ref(&span);
        let ask = Ask {
            text: &text,
            values,
            path: path.as_bytes(),
            name: "API_TOKEN",
            around: Surroundings::default(),
        };
        let _mended = mend(&ask);
    }

    #[test]
    fn what_is_mended_holds_no_value_and_differs_in_the_edits_alone(
        path in prop::sample::select(PATHS),
        before in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        after in prop::collection::vec(prop::sample::select(PIECES), 0..8),
    ) {
        let value = "q7Zk2Vd9Xw4Lm8Rt";
        let text = [&before.concat(), value, &after.concat()].concat();
        let values = places(text.as_bytes(), value.as_bytes(), &[1]);
        let ask = Ask {
            text: text.as_bytes(),
            values: &values,
            path: path.as_bytes(),
            name: "API_TOKEN",
            around: Surroundings::default(),
        };
        if let Ok(mended) = mend(&ask) {
            let result = applied(text.as_bytes(), &mended.edits);
            prop_assert!(memchr::memmem::find(&result, value.as_bytes()).is_none());
            let kept: usize = text.len() - mended.edits.iter().map(|edit| edit.span.len()).sum::<usize>();
            let added: usize = mended.edits.iter().map(|edit| edit.with.len()).sum();
            prop_assert_eq!(result.len(), kept + added);
        }
    }
}
