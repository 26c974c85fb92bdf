//! Bytes in JSON: text where they are UTF-8, else in base64.

use data_encoding::BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Any bytes: paths are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Shape {
    Text(String),
    Encoded { base64: String },
}

pub(super) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(&bytes.0) {
        Ok(text) => to.serialize_str(text),
        Err(_) => Shape::Encoded { base64: BASE64.encode(&bytes.0) }.serialize(to),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    Ok(Bytes(match Shape::deserialize(from)? {
        Shape::Text(text) => text.into_bytes(),
        Shape::Encoded { base64 } => {
            BASE64.decode(base64.as_bytes()).map_err(|_| D::Error::custom("no base64"))?
        }
    }))
}
