//! From a cursor to the end of the record, as far as a receiver confirms.

use super::cursor::{Cursor, Cursors};
use super::event::{Outgoing, Place};
use super::receiver::Receiver;
use super::{Sink, Trouble};
use crate::record::{Fault, Reading, Record, Told, What};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Why reading is recorded that `leakcoach send` did: such an event is sent to nobody, for
/// else each sending would have something new to send.
pub(crate) const SENT: &str = "leakcoach send";

/// As many events are read at once.
const ROWS: usize = 500;

/// So often is something tried in one run.
const TRIES: u32 = 4;

/// The first pause between two tries; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest that a receiver is waited for because it says so.
const PATIENCE: u64 = 20;

/// After a run that failed, nobody asks unasked for so many seconds; twice as long after
/// each further one, up to an hour.
const REST: i64 = 30;
const REST_AT_MOST: i64 = 3600;

/// What there is to send, and by what.
pub(crate) struct Job<'a> {
    pub(crate) record: &'a Record,
    pub(crate) sink: &'a Sink,
    pub(crate) cursors: &'a Cursors,
    /// Takes credentials out of what people wrote.
    pub(crate) mask: &'a dyn Fn(&str) -> String,
    /// Seconds since 1970.
    pub(crate) now: fn() -> i64,
    /// No try begins after that.
    pub(crate) until: Instant,
}

/// What became of it.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How many arrived.
    pub(crate) sent: u64,
    /// How many the receiver will never take.
    pub(crate) refused: u64,
    /// How many cannot be read here.
    pub(crate) unreadable: u64,
    /// The cursor was another record's.
    pub(crate) anew: bool,
    /// Why the rest did not arrive.
    pub(crate) trouble: Option<Trouble>,
}

/// An event that is passed over, or sent.
struct Row {
    sequence: i64,
    link: String,
    event: Option<Outgoing>,
}

impl Job<'_> {
    /// The cursor, where it is this record's.
    ///
    /// # Errors
    /// It or the record cannot be read.
    pub(crate) fn cursor(&self) -> Result<(Cursor, bool), Fault> {
        let cursor = self.cursors.of(&self.sink.name)?;
        let same = cursor.sequence == 0
            || self.record.link_of(cursor.sequence)?.as_ref() == Some(&cursor.link);
        if same {
            return Ok((cursor, false));
        }
        Ok((Cursor { sequence: 0, link: String::new(), ..cursor }, true))
    }

    /// What leaves of the events after the one numbered so, up to so many, and how many of
    /// them cannot be read.
    fn rows(&self, machine: &str, after: i64) -> Result<(Vec<Row>, u64), Fault> {
        let mut unreadable = 0;
        let mut rows = Vec::new();
        for (entry, link) in self.record.after(after, ROWS)? {
            let sequence = entry.sequence;
            let event = match entry.told {
                Told::Event(event) if is_own(&event.what) => None,
                Told::Event(event) => {
                    let place = Place { machine, sequence, link: &link };
                    Outgoing::of(&event, place, self.sink, self.mask)
                }
                Told::Forgotten => None,
                Told::Unreadable => {
                    unreadable += 1;
                    None
                }
            };
            rows.push(Row { sequence, link, event });
        }
        Ok((rows, unreadable))
    }

    /// Every event that waits, given to `visit`.
    ///
    /// # Errors
    /// The record or the cursor cannot be read.
    pub(crate) fn waiting(&self, mut visit: impl FnMut(&Outgoing)) -> Result<(), Fault> {
        let machine = self.record.machine()?;
        let (mut after, _) = self.cursor().map(|(cursor, anew)| (cursor.sequence, anew))?;
        loop {
            let (rows, _) = self.rows(&machine, after)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.sequence;
            rows.iter().filter_map(|row| row.event.as_ref()).for_each(&mut visit);
        }
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// The record or the cursor cannot be read or written. What arrived is not sent again
    /// where the cursor could still be moved.
    pub(crate) fn deliver(&self, receiver: &mut dyn Receiver) -> Result<Done, Fault> {
        let machine = self.record.machine()?;
        let (mut cursor, anew) = self.cursor()?;
        let mut done = Done { anew, ..Done::default() };
        if let Some(has) = receiver.has(&machine).filter(|has| *has > cursor.sequence)
            && let Some(link) = self.record.link_of(has)?
        {
            (cursor.sequence, cursor.link) = (has, link);
        }
        loop {
            let (rows, unreadable) = self.rows(&machine, cursor.sequence)?;
            if rows.is_empty() {
                break;
            }
            done.unreadable += unreadable;
            self.push(&rows, receiver, &mut cursor, &mut done)?;
            if done.trouble.is_some() {
                break;
            }
        }
        if let Some(trouble) = &done.trouble {
            cursor.failures = cursor.failures.saturating_add(1);
            let asked = match trouble {
                Trouble::Later(_, Some(after)) => i64::try_from(*after).unwrap_or(REST_AT_MOST),
                Trouble::Later(_, None) | Trouble::Stop(_) | Trouble::Refused(_) => 0,
            };
            let rest = REST << cursor.failures.saturating_sub(1).min(7);
            let rest = rest.min(REST_AT_MOST).max(asked.min(24 * REST_AT_MOST));
            cursor.not_before = (self.now)().saturating_add(rest);
            cursor.trouble = Some(trouble.why().to_owned());
        } else {
            (cursor.failures, cursor.not_before, cursor.trouble) = (0, 0, None);
        }
        self.cursors.keep(&self.sink.name, &cursor)?;
        Ok(done)
    }

    /// Sends what is in `rows`, and moves the cursor over what was confirmed.
    fn push(
        &self,
        rows: &[Row],
        receiver: &mut dyn Receiver,
        cursor: &mut Cursor,
        done: &mut Done,
    ) -> Result<(), Fault> {
        let events: Vec<(&Row, &Outgoing)> =
            rows.iter().filter_map(|row| Some((row, row.event.as_ref()?))).collect();
        let (mut at, mut most) = (0, receiver.at_once());
        while let Some(part) = events.get(at..).filter(|rest| !rest.is_empty()) {
            let part = part.get(..most.min(part.len())).unwrap_or(part);
            let sent: Vec<Outgoing> = part.iter().map(|(_, event)| (*event).clone()).collect();
            match self.try_often(receiver, &sent) {
                Ok(dropped) => {
                    done.sent += sent.len() as u64 - dropped;
                    done.refused += dropped;
                    cursor.sent += sent.len() as u64 - dropped;
                    cursor.refused += dropped;
                    at += sent.len();
                    most = receiver.at_once();
                    self.pass(part.last().map(|(row, _)| *row), cursor)?;
                }
                // One of them is what it does not take: the others are sent without it.
                Err(Trouble::Refused(_)) if sent.len() > 1 => most = sent.len() / 2,
                Err(Trouble::Refused(why)) => {
                    done.refused += 1;
                    cursor.refused += 1;
                    cursor.trouble = Some(why);
                    at += 1;
                    most = receiver.at_once();
                    self.pass(part.last().map(|(row, _)| *row), cursor)?;
                }
                Err(trouble) => {
                    done.trouble = Some(trouble);
                    return Ok(());
                }
            }
        }
        // Those at the end that leave to nobody are passed over as well.
        self.pass(rows.last(), cursor)
    }

    fn pass(&self, row: Option<&Row>, cursor: &mut Cursor) -> Result<(), Fault> {
        let Some(row) = row.filter(|row| row.sequence > cursor.sequence) else { return Ok(()) };
        (cursor.sequence, cursor.link) = (row.sequence, row.link.clone());
        self.cursors.keep(&self.sink.name, cursor)
    }

    fn try_often(&self, receiver: &mut dyn Receiver, sent: &[Outgoing]) -> Result<u64, Trouble> {
        let (mut pause, mut tries) = (PAUSE, 1);
        loop {
            match receiver.take(sent) {
                Err(Trouble::Later(why, after)) if tries < TRIES => {
                    // So that many machines do not come again at the same moment.
                    let jitter = 0.75 + fastrand::f64() / 2.0;
                    let wait = after.map_or(pause.mul_f64(jitter), Duration::from_secs);
                    if after.is_some_and(|after| after > PATIENCE)
                        || Instant::now() + wait >= self.until
                    {
                        return Err(Trouble::Later(why, after));
                    }
                    sleep(wait);
                    (pause, tries) = (pause * 2, tries + 1);
                }
                other => return other,
            }
        }
    }
}

/// Whether it is about sending itself.
fn is_own(what: &What) -> bool {
    matches!(what, What::Read { how: Reading::Export, why, .. } if why == SENT)
}

#[cfg(test)]
mod tests {
    use super::{Job, SENT};
    use crate::record::{Place, Reading, Record, What};
    use crate::send::cursor::Cursors;
    use crate::send::event::Outgoing;
    use crate::send::event::tests::{event, shown, sink};
    use crate::send::receiver::Receiver;
    use crate::send::{Class, Sink, Trouble};
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::time::{Duration, Instant};
    use tempfile::TempDir;

    /// A receiver that does with each request as the list says, and well at its end.
    struct Listed {
        answers: Vec<Answer>,
        at_once: usize,
        got: Vec<String>,
    }

    #[derive(Debug, Clone, Copy)]
    enum Answer {
        /// Kept and confirmed.
        Well,
        /// Kept, and the confirmation was lost.
        Lost,
        /// Not kept.
        Stopped,
        /// Not now.
        Busy,
    }

    impl Receiver for Listed {
        fn at_once(&self) -> usize {
            self.at_once
        }

        fn take(&mut self, events: &[Outgoing]) -> Result<u64, Trouble> {
            let answer =
                if self.answers.is_empty() { Answer::Well } else { self.answers.remove(0) };
            if matches!(answer, Answer::Well | Answer::Lost) {
                self.got.extend(events.iter().map(|event| event.id.clone()));
            }
            match answer {
                Answer::Well => Ok(0),
                Answer::Lost | Answer::Stopped => Err(Trouble::Stop("cut".to_owned())),
                Answer::Busy => Err(Trouble::Later("busy".to_owned(), Some(3600))),
            }
        }
    }

    /// A receiver that refuses what is numbered so.
    struct Picky(i64, Vec<i64>);

    impl Receiver for Picky {
        fn at_once(&self) -> usize {
            4
        }

        fn take(&mut self, events: &[Outgoing]) -> Result<u64, Trouble> {
            if events.iter().any(|event| event.sequence == self.0) {
                return Err(Trouble::Refused("it answered 400".to_owned()));
            }
            self.1.extend(events.iter().map(|event| event.sequence));
            Ok(0)
        }
    }

    fn record(folder: &TempDir, events: usize) -> Record {
        let place = Place {
            folder: folder.path().to_owned(),
            keyring: None,
            anchor: None,
            patience: Duration::from_secs(1),
        };
        let mut record = Record::open(place).unwrap();
        let events: Vec<_> = (0..events).map(|_| event(shown())).collect();
        let _kept = record.append(&events).unwrap();
        record
    }

    fn job<'a>(record: &'a Record, sink: &'a Sink, cursors: &'a Cursors) -> Job<'a> {
        let until = Instant::now() + Duration::from_secs(60);
        Job { record, sink, cursors, mask: &|text| text.to_owned(), now: || 1_763_751_600, until }
    }

    #[test]
    fn the_cursor_moves_with_what_was_confirmed_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let record = record(&folder, 10);
        let (sink, cursors) = (sink(Class::Internal), Cursors::beside(folder.path()).unwrap());
        let answers = vec![Answer::Well, Answer::Busy];
        let mut receiver = Listed { answers, at_once: 4, got: Vec::new() };
        let job = job(&record, &sink, &cursors);

        let done = job.deliver(&mut receiver).unwrap();
        assert_eq!((done.sent, receiver.got.len()), (4, 4));
        let cursor = cursors.of("siem").unwrap();
        assert_eq!((cursor.sequence, cursor.failures), (4, 1));
        assert_eq!(cursor.not_before, 1_763_751_600 + 3600);

        assert_eq!(job.deliver(&mut receiver).unwrap().sent, 6);
        assert_eq!(receiver.got.iter().collect::<BTreeSet<_>>().len(), 10);
        assert_eq!(receiver.got.len(), 10);
        assert_eq!(cursors.of("siem").unwrap().failures, 0);
        assert_eq!(job.deliver(&mut receiver).unwrap().sent, 0);
    }

    #[test]
    fn what_a_receiver_never_takes_is_passed_over_alone() {
        let folder = tempfile::tempdir().unwrap();
        let record = record(&folder, 9);
        let (sink, cursors) = (sink(Class::Internal), Cursors::beside(folder.path()).unwrap());
        let mut picky = Picky(6, Vec::new());
        let done = job(&record, &sink, &cursors).deliver(&mut picky).unwrap();
        assert_eq!((done.sent, done.refused), (8, 1));
        assert_eq!(picky.1, [1, 2, 3, 4, 5, 7, 8, 9]);
        assert_eq!(cursors.of("siem").unwrap().refused, 1);
    }

    #[test]
    fn another_record_is_sent_from_its_beginning_under_other_ids() {
        let first = tempfile::tempdir().unwrap();
        let before = record(&first, 3);
        let (sink, cursors) = (sink(Class::Internal), Cursors::beside(first.path()).unwrap());
        let mut receiver = Listed { answers: Vec::new(), at_once: 4, got: Vec::new() };
        assert_eq!(job(&before, &sink, &cursors).deliver(&mut receiver).unwrap().sent, 3);

        let second = tempfile::tempdir().unwrap();
        let now = record(&second, 2);
        let done = job(&now, &sink, &cursors).deliver(&mut receiver).unwrap();
        assert!(done.anew && done.sent == 2);
        assert_eq!(receiver.got.iter().collect::<BTreeSet<_>>().len(), 5);
    }

    #[test]
    fn that_something_was_sent_is_sent_to_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = record(&folder, 1);
        let read = |why: &str| What::Read {
            how: Reading::Export,
            who: "ana".to_owned(),
            why: why.to_owned(),
            count: 1,
            to: Some("siem".to_owned()),
        };
        let _kept = record.append(&[event(read(SENT)), event(read("asked"))]).unwrap();
        let sink = Sink { events: vec!["all".to_owned()], ..sink(Class::Internal) };
        let cursors = Cursors::beside(folder.path()).unwrap();
        let mut receiver = Listed { answers: Vec::new(), at_once: 4, got: Vec::new() };
        assert_eq!(job(&record, &sink, &cursors).deliver(&mut receiver).unwrap().sent, 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Whatever is cut, where and how often: the receiver gets every event, and whoever
        /// goes by its id sees it once.
        #[test]
        fn every_event_arrives_once_by_its_id(cuts in prop::collection::vec(0_u8..3, 0..12), at_once in 1_usize..5) {
            let folder = tempfile::tempdir().unwrap();
            let record = record(&folder, 7);
            let (sink, cursors) = (sink(Class::Internal), Cursors::beside(folder.path()).unwrap());
            let answers = cuts.iter().map(|cut| match cut {
                0 => Answer::Well,
                1 => Answer::Lost,
                _ => Answer::Stopped,
            });
            let mut receiver = Listed { answers: answers.collect(), at_once, got: Vec::new() };
            for _ in 0..=cuts.len() {
                let _cut_or_done = job(&record, &sink, &cursors).deliver(&mut receiver).unwrap();
            }
            let ids: BTreeSet<&String> = receiver.got.iter().collect();
            prop_assert_eq!(ids.len(), 7);
            // Nothing came twice but what was kept without a confirmation.
            let lost: usize = cuts.iter().map(|cut| usize::from(*cut == 1)).sum();
            prop_assert!(receiver.got.len() <= 7 + lost * at_once);
        }
    }
}
