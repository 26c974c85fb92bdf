//! A store that is reached by a program: one line that reads, one that puts, one that
//! replaces.

use super::keep::{Found, Keeper, compare};
use super::mask::Mask;
use super::run::{Line, Programs, Said};
use super::trouble::Trouble;
use crate::secret::Secret;

/// What an answer tells of the value.
pub(super) enum Reading {
    /// It is this.
    Value(Secret),
    /// There is none.
    Absent,
    /// There is one that is not shown.
    Hidden,
    /// The answer is not what the program's documentation says.
    Unclear,
}

/// Makes sense of an answer.
pub(super) type Read = Box<dyn Fn(&[u8]) -> Reading>;

/// Makes standard input of a value.
pub(super) type Feed = Box<dyn Fn(&Secret, Found) -> Result<Secret, Trouble>>;

/// How one program is used for one place.
pub(super) struct Recipe {
    pub(super) place: String,
    /// Reads the value.
    pub(super) get: Line,
    /// What the answer to `get` tells, when it went well.
    pub(super) read: Read,
    /// Whether `get` failed because nothing is there.
    pub(super) absent: fn(&Said) -> bool,
    pub(super) put: Line,
    /// The line that replaces what is there, where a program can.
    pub(super) replace: Option<Line>,
    /// The value as it goes into standard input, to a place where something was found.
    pub(super) feed: Feed,
    pub(super) read_back: String,
    pub(super) fill: String,
    pub(super) remark: Option<&'static str>,
}

impl Keeper for Recipe {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble> {
        let said = programs.run(&self.get, None)?;
        if !said.well() && (self.absent)(&said) {
            return Ok(Found::Absent);
        }
        seen(&said, &self.get, value, &self.read)
    }

    fn put(&self, programs: &Programs, value: &Secret, found: Found) -> Result<(), Trouble> {
        let line = match found {
            Found::Absent => Some(&self.put),
            Found::Same | Found::Other | Found::Hidden => self.replace.as_ref(),
        };
        let line = line.ok_or_else(|| {
            let what = "what is there has parts of its own: replace its value by hand";
            Trouble::Unfit(what.to_owned())
        })?;
        fed(programs, line, value, &(self.feed)(value, found)?)
    }

    fn takes(&self, value: &Secret) -> Result<(), Trouble> {
        (self.feed)(value, Found::Absent).map(drop)
    }

    fn steps(&self) -> Vec<String> {
        vec![self.get.to_string(), given(&self.put)]
    }

    fn read_back(&self) -> String {
        self.read_back.clone()
    }

    fn fill(&self) -> String {
        self.fill.clone()
    }

    fn remark(&self) -> Option<String> {
        self.remark.map(str::to_owned)
    }
}

/// A line that is given the value, as it is shown.
pub(super) fn given(line: &Line) -> String {
    format!("{line}   < the value on standard input")
}

/// What the answer to `line` tells.
pub(super) fn seen(
    said: &Said,
    line: &Line,
    value: &Secret,
    read: &dyn Fn(&[u8]) -> Reading,
) -> Result<Found, Trouble> {
    if !said.well() {
        return Err(said.failure(line, &Mask::new(value)));
    }
    match read(said.out.expose()) {
        Reading::Value(stored) => Ok(compare(stored.expose(), value)),
        Reading::Absent => Ok(Found::Absent),
        Reading::Hidden => Ok(Found::Hidden),
        Reading::Unclear => {
            Err(Trouble::Unfit(format!("cannot make sense of the answer to `{line}`")))
        }
    }
}

/// Runs `line` with `input` on its standard input; its complaint is told without `value`.
pub(super) fn fed(
    programs: &Programs,
    line: &Line,
    value: &Secret,
    input: &Secret,
) -> Result<(), Trouble> {
    let said = programs.run(line, Some(input))?;
    if said.well() { Ok(()) } else { Err(said.failure(line, &Mask::new(value))) }
}

/// The answer is the value.
pub(super) fn whole(answer: &[u8]) -> Reading {
    Reading::Value(Secret::new(answer))
}

/// The answer is a JSON text that has the value at `pointer` (RFC 6901).
pub(super) fn at(pointer: &'static str) -> Read {
    Box::new(move |answer| {
        let answer: Option<serde_json::Value> = serde_json::from_slice(answer).ok();
        match answer.as_ref().and_then(|json| json.pointer(pointer)?.as_str()) {
            Some(value) => Reading::Value(Secret::new(value.as_bytes())),
            None => Reading::Unclear,
        }
    })
}

/// The value as it is.
pub(super) fn raw() -> Feed {
    Box::new(|value, _| Ok(Secret::new(value.expose())))
}

/// The value as text.
pub(super) fn text(value: &Secret) -> Result<&str, Trouble> {
    std::str::from_utf8(value.expose())
        .map_err(|_| Trouble::Unfit("the value is no text, and this store takes only text".into()))
}

/// The value as it is, where it is text.
pub(super) fn raw_text() -> Feed {
    Box::new(|value, _| text(value).map(|text| Secret::new(text.as_bytes())))
}
