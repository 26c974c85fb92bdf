//! The formats by name.

use super::entry::Report;
use super::{csv, github, gitlab, html, json, rdjson, sarif, xml};
use crate::catalogue::schema::words;
use serde::Deserialize;

words! {
    /// What a report can be written as.
    Format {
        /// leakcoach's own, with everything.
        Json = "json",
        /// SARIF 2.1.0, as GitHub code scanning takes it.
        Sarif = "sarif",
        /// GitLab's report of secret detection.
        Gitlab = "gitlab",
        /// GitLab's report of code quality.
        GitlabCodeQuality = "gitlab-code-quality",
        /// Results of tests.
        Junit = "junit",
        /// Annotations of GitHub Actions.
        Github = "github",
        /// A summary in Markdown.
        Markdown = "markdown",
        /// A table.
        Csv = "csv",
        /// A page.
        Html = "html",
        /// Checkstyle's results.
        Checkstyle = "checkstyle",
        /// reviewdog's diagnostics.
        Rdjson = "rdjson",
    }
}

impl Format {
    /// The report in this format, ending in a line break. Fails when a library does, which
    /// writing to memory gives no cause for.
    pub fn render(self, report: &Report<'_>) -> Result<String, String> {
        let mut text = match self {
            Self::Json => json::render(report),
            Self::Sarif => sarif::render(report),
            Self::Gitlab => gitlab::secrets(report),
            Self::GitlabCodeQuality => gitlab::quality(report),
            Self::Junit => xml::junit(report)?,
            Self::Github => github::annotations(report),
            Self::Markdown => github::summary(report),
            Self::Csv => csv::render(report)?,
            Self::Html => html::render(report),
            Self::Checkstyle => xml::checkstyle(report)?,
            Self::Rdjson => rdjson::render(report),
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(text)
    }
}
