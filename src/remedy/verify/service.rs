//! What is known of a service: whom to ask, how, and what its answers mean.

use crate::remedy::http::Method;

/// A service that can be asked about a credential of its.
#[derive(Debug)]
pub(crate) struct Service {
    /// Names it in settings: `github`.
    pub(crate) id: &'static str,
    /// As its vendor writes it.
    pub(crate) name: &'static str,
    /// The rules whose credentials it knows.
    pub(crate) rules: &'static [&'static str],
    pub(crate) at: At,
    /// Who else may have issued such a credential, which this server then does not know;
    /// nothing when it alone does.
    pub(crate) elsewhere: Option<&'static str>,
    /// A call that reads and changes nothing; none where the vendor offers none.
    pub(crate) check: Option<Check>,
    pub(crate) revoke: Option<Revoke>,
    /// The vendor's page that says so.
    pub(crate) page: &'static str,
}

/// Where a service is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At {
    /// At one address, unless another is named.
    Fixed(&'static str),
    /// Everybody has an own: what to name.
    Own(&'static str),
    /// `{}` stands for what follows the last hyphen of the credential.
    ByEnding(&'static str),
}

/// A read-only call and what its answers mean.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) call: Call,
    /// Looked at first: answers that say nothing certain, and why.
    pub(crate) unclear: &'static [(Sign, &'static str)],
    /// It opens nothing.
    pub(crate) dead: &'static [Sign],
    /// It opens something.
    pub(crate) alive: &'static [Sign],
    /// What of an answer may be shown.
    pub(crate) shows: &'static [Shown],
}

/// A call that takes the credential's power, made with that credential alone.
#[derive(Debug)]
pub(crate) struct Revoke {
    /// Another address than the check's.
    pub(crate) at: Option<&'static str>,
    pub(crate) call: Call,
    /// The rules whose credentials cannot be revoked so.
    pub(crate) except: &'static [&'static str],
    /// Where the check's answer has the identifier that the call's path needs.
    pub(crate) id_from: Option<&'static str>,
    pub(crate) done: &'static [Sign],
    /// What stops, and whether it can be undone.
    pub(crate) stops: &'static str,
    /// It says yes to whatever is sent, and only at the vendor's own server: those that
    /// companies run want a login.
    pub(crate) blind: bool,
    /// The vendor's page that says so.
    pub(crate) page: &'static str,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// From the server's address on. `{secret}` is the credential, `{companion}` the
    /// identifier beside it, `{id}` what a check told, `{webhook}` the end of an address,
    /// `{key-id}` the part of a key between its first two dots.
    pub(crate) path: &'static str,
    pub(crate) auth: Auth,
    /// Further ones, with the places of [`Call::path`].
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: Payload,
}

/// How the credential is shown to the server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Auth {
    /// Not in a header.
    Nothing,
    /// In a header, behind some words.
    Header(&'static str, &'static str),
    /// Basic authentication (RFC 7617) with it as the user and no password.
    User,
    /// As the password of this user.
    PasswordOf(&'static str),
    /// As the password of the identifier beside it.
    PasswordOfCompanion,
    /// As the key of an AWS signature, for this service; it is not sent itself.
    SigV4(&'static str),
}

/// What follows the headers, with the places of [`Call::path`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Payload {
    Empty,
    Json(&'static str),
    Form(&'static str),
}

/// Something about an answer that can be told by looking.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sign {
    Status(u16),
    /// The JSON value at a pointer (RFC 6901) is one of these words.
    Field(&'static str, &'static [&'static str]),
    /// The JSON value at a pointer is there.
    Present(&'static str),
    /// The XML element `Code` is this.
    Code(&'static str),
    /// This status, and this word in the body.
    Says(u16, &'static str),
}

/// A part of an answer that may be shown: what it is called, and where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown {
    Field(&'static str, &'static str),
    Header(&'static str, &'static str),
    /// An XML element.
    Element(&'static str, &'static str),
}

/// Of an answer that no page explains.
pub(crate) const UNTOLD: &str = "its documentation does not say of what";

/// `Authorization: Bearer …` (RFC 6750).
pub(crate) const BEARER: Auth = Auth::Header("authorization", "Bearer ");

impl Call {
    /// A GET with a bearer token.
    pub(crate) const fn get(path: &'static str) -> Self {
        Self::get_by(path, BEARER)
    }

    /// A GET with the credential shown in this way.
    pub(crate) const fn get_by(path: &'static str, auth: Auth) -> Self {
        Self { method: Method::Get, path, auth, headers: &[], body: Payload::Empty }
    }

    /// A POST.
    pub(crate) const fn post(path: &'static str, auth: Auth, body: Payload) -> Self {
        Self { method: Method::Post, path, auth, headers: &[], body }
    }

    /// A DELETE.
    pub(crate) const fn delete(path: &'static str, auth: Auth) -> Self {
        Self { method: Method::Delete, path, auth, headers: &[], body: Payload::Empty }
    }

    /// With further headers.
    pub(crate) const fn with(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    /// Whether it needs the identifier beside the credential.
    pub(crate) fn needs_companion(&self) -> bool {
        self.path.contains("{companion}")
            || self.headers.iter().any(|(_, value)| value.contains("{companion}"))
            || matches!(self.auth, Auth::PasswordOfCompanion | Auth::SigV4(_))
    }

    /// In which way the credential goes out, after `with the credential`.
    pub(crate) fn carries(&self) -> String {
        let auth = match self.auth {
            Auth::Header("authorization", "Bearer ") => "as a bearer token".to_owned(),
            Auth::Header(name, _) => format!("in the header `{name}`"),
            Auth::User => "as the user of basic authentication".to_owned(),
            Auth::PasswordOf(_) | Auth::PasswordOfCompanion => {
                "as the password of basic authentication".to_owned()
            }
            Auth::SigV4(_) => "as the key of its signature (it is not sent itself)".to_owned(),
            Auth::Nothing => String::new(),
        };
        let within = |text: &str| {
            ["{secret}", "{webhook}", "{key-id}"].iter().any(|place| text.contains(place))
        };
        let body = match self.body {
            Payload::Json(text) | Payload::Form(text) => within(text),
            Payload::Empty => false,
        };
        let places = [
            auth,
            if self.path.contains("{key-id}") {
                "with its public part in the address".to_owned()
            } else if within(self.path) {
                "in the address".to_owned()
            } else {
                String::new()
            },
            if body { "in the body".to_owned() } else { String::new() },
        ];
        let places: Vec<String> = places.into_iter().filter(|place| !place.is_empty()).collect();
        places.join(" and ")
    }
}

impl Check {
    /// A call that answers 200 to what is alive and 401 to what is dead.
    pub(crate) const fn plain(call: Call, shows: &'static [Shown]) -> Self {
        Self { call, unclear: &[], dead: &[Sign::Status(401)], alive: &[Sign::Status(200)], shows }
    }

    /// The same, where 401 may also mean something else.
    pub(crate) const fn unsure(
        call: Call,
        unclear: &'static [(Sign, &'static str)],
        shows: &'static [Shown],
    ) -> Self {
        Self { unclear, ..Self::plain(call, shows) }
    }
}
