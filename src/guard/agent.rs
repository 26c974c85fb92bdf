//! The agents whose hooks leakcoach answers.
#![expect(unreachable_pub, reason = "the macro is for public types too")]

use crate::catalogue::schema::words;
use serde::Deserialize;

words! {
    /// An agent, by the contract that it speaks.
    Agent {
        /// Claude Code (code.claude.com/docs/en/hooks).
        ClaudeCode = "claude-code",
        /// Codex CLI (developers.openai.com/codex/hooks).
        Codex = "codex",
        /// Cursor (cursor.com/docs/agent/hooks).
        Cursor = "cursor",
        /// GitHub Copilot's CLI and cloud agent
        /// (docs.github.com/en/copilot/reference/hooks-configuration).
        Copilot = "copilot",
        /// Gemini CLI (geminicli.com/docs/hooks/reference).
        Gemini = "gemini",
        /// `OpenCode`, through the plugin that `install` writes (opencode.ai/docs/plugins).
        Opencode = "opencode",
        /// Windsurf Cascade (docs.windsurf.com/windsurf/cascade/hooks).
        Windsurf = "windsurf",
        /// Any other, by leakcoach's own JSON (docs/agents.md).
        Generic = "generic",
    }
}

impl Agent {
    /// The one called `word`.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|agent| agent.word() == word)
    }

    /// As its makers write it, and as the actor is called in policies and in the record.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            Self::Cursor => "Cursor",
            Self::Copilot => "GitHub Copilot",
            Self::Gemini => "Gemini CLI",
            Self::Opencode => "OpenCode",
            Self::Windsurf => "Windsurf",
            Self::Generic => "an agent",
        }
    }

    /// Whether its contract lets a hook have the person asked. Of Codex the schema has the
    /// word and the program refuses it (github.com/openai/codex/pull/20756, closed); the pages
    /// of Gemini CLI, `OpenCode` and Windsurf know only yes and no.
    pub(crate) const fn can_ask(self) -> bool {
        match self {
            Self::ClaudeCode | Self::Cursor | Self::Copilot | Self::Generic => true,
            Self::Codex | Self::Gemini | Self::Opencode | Self::Windsurf => false,
        }
    }
}
