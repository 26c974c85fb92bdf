//! PHP: `getenv('NAME')`; in Laravel's configuration `env('NAME')`, which is null elsewhere
//! once the configuration is cached (<https://laravel.com/docs/configuration>).

use super::Refusal;
use super::tongue::{Change, Site, Tongue, no_import};

pub(super) const TONGUE: Tongue = Tongue {
    grammar: || tree_sitter_php::LANGUAGE_PHP.into(),
    strings: &["string", "encapsed_string", "heredoc", "nowdoc"],
    comments: &["comment"],
    mend,
    import: no_import,
};

/// Nodes in which a sum needs no brackets.
const PLAIN: &[&str] = &[
    "assignment_expression",
    "argument",
    "return_statement",
    "array_element_initializer",
    "expression_statement",
];

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    let constant = ["const_declaration", "property_declaration", "attribute", "simple_parameter"];
    let constant = [
        &constant[..],
        &["property_promotion_parameter", "static_variable_declaration", "enum_case"],
    ]
    .concat();
    if site.within(&constant, &["compound_statement"]).is_some() {
        return Err(Refusal::new(
            "PHP needs a constant expression there",
            "set it in the constructor, or `define('NAME', getenv('NAME'))`",
        ));
    }
    let laravel = site.around.laravel;
    let config = site.path.starts_with(b"config/");
    if laravel && !config {
        return Err(Refusal::new(
            "in Laravel only the files of config/ may read the environment",
            "add it to config/services.php with env('NAME') and read config('services.…') here",
        ));
    }
    let reads = if laravel { "env" } else { "getenv" };
    let quote = if site.source().first() == Some(&b'"') { '"' } else { '\'' };
    let reading = format!("{reads}({quote}{}{quote})", site.name);
    let edits = match site.literal.kind() {
        "heredoc" | "nowdoc" => {
            return Err(Refusal::new("a heredoc calls nothing", "put it into a variable before"));
        }
        _ if !matches!(site.source().first(), Some(b'"' | b'\'')) => {
            return Err(Refusal::new("the literal has a prefix", "replace it by hand"));
        }
        _ if site.is_whole() => vec![site.replaced(reading)],
        _ => site.joined(&reading, ".", PLAIN),
    };
    let change = Change::of(edits);
    Ok(if laravel {
        change
    } else {
        change.noting("`getenv` gives false for a variable that is not set: check at start")
    })
}
