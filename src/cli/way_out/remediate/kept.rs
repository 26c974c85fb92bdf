//! Who keeps the cases: the private record, or where recording is off a file of the
//! repository that only its owner reads.

use crate::cli::recorded::recall::Own;
use crate::error::Error;
use crate::record::What;
use crate::remedy::case::file;
use crate::remedy::case::{Event, Memory};
use crate::source::Repo;
use std::cell::RefCell;

/// The cases of one repository.
pub(in crate::cli) struct Cases {
    /// Nothing where recording is off.
    record: Option<RefCell<Own>>,
    /// What was kept while it was.
    file: file::Cases,
}

impl Cases {
    /// # Errors
    /// Recording is on, and the record cannot be opened.
    pub(in crate::cli) fn of(repo: &Repo) -> Result<Self, Error> {
        let record = Own::open(repo)?.map(RefCell::new);
        Ok(Self { record, file: file::Cases::of(repo.common_dir()) })
    }

    /// How many lines of the file cannot be read: somebody wrote them, or a later leakcoach
    /// did.
    pub(super) fn unread(&self) -> usize {
        self.file.unread()
    }
}

impl Memory for Cases {
    type Fault = Error;

    fn append(&self, events: &[Event]) -> Result<(), Error> {
        let Some(record) = &self.record else { return Ok(self.file.append(events)?) };
        let told = events.iter().map(|Event { case, at, what }| What::Case {
            case: case.clone(),
            since: *at,
            change: what.clone(),
        });
        record.borrow_mut().append(told.collect())
    }

    fn events(&self, wanted: Option<&str>) -> Result<Vec<Event>, Error> {
        let mut events = self.file.events(wanted)?;
        if let Some(record) = &self.record {
            record.borrow().each(|event| {
                if let What::Case { case, since, change } = event.what
                    && wanted.is_none_or(|wanted| wanted == case)
                {
                    events.push(Event { case, at: since, what: change });
                }
            })?;
        }
        Ok(events)
    }
}
