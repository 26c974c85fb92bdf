//! The Model Context Protocol between a client and a server on standard input and output:
//! JSON-RPC 2.0, one message a line (modelcontextprotocol.io/specification, revisions
//! 2024-11-05, 2025-03-26 with its batches, 2025-06-18 and 2025-11-25 with requests of the
//! server, and 2026-07-28, where a question is a result that asks for input).
//!
//! Pure: lines in, places in them out. A line is never written anew: what is masked is put in
//! the place of what stood there, and all other bytes stay. Reading is lenient, so that no
//! reader at the other end sees a call that is not seen here.

pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod message;
pub(crate) mod skim;
pub(crate) mod text;
