//! What is said to whoever lets a finding through: how long it has been open, and the way
//! that needs no exception.

use crate::judge::Exposure;
use crate::judge::fingerprint::FindingId;
use crate::text::Count;

const DAY: i64 = 24 * 3600;

/// How long the window is open: `valid until revoked: 43 days so far`. `since` is when it
/// came into history, where that is known.
pub fn window(exposure: Exposure, since: Option<i64>, now: i64) -> String {
    let so_far = since.map(|since| match (now - since).max(0) / DAY {
        0 => ": since today".to_owned(),
        days => format!(": {} so far", Count(usize::try_from(days).unwrap_or_default(), "day")),
    });
    let so_far = so_far.unwrap_or_default();
    match exposure {
        Exposure::Staged | Exposure::File => {
            "it is in no commit yet: taken out now, nothing has to be revoked; once it is pushed, \
             it is valid until revoked"
                .to_owned()
        }
        Exposure::Committed => {
            format!("in this clone alone{so_far}; once it is pushed, it is valid until revoked")
        }
        Exposure::Pushed => format!("valid until revoked{so_far}, for all who read the remote"),
        Exposure::Public => format!("valid until revoked{so_far}, for everybody"),
        Exposure::Logged => format!("valid until revoked{so_far}, for all who read the log"),
        Exposure::Received => format!("valid until revoked{so_far}, for all who read the server"),
    }
}

/// The command that needs no exception.
pub fn instead(exposure: Exposure, id: Option<FindingId>, rule: &str) -> String {
    let command = match exposure {
        Exposure::Staged | Exposure::File => "fix",
        Exposure::Committed
        | Exposure::Pushed
        | Exposure::Public
        | Exposure::Logged
        | Exposure::Received => "remediate",
    };
    match id {
        Some(id) => format!("leakcoach {command} {id}"),
        None => format!("leakcoach explain {rule}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_told_in_days() {
        let now = 100 * DAY;
        let told = |exposure, since| window(exposure, since, now);

        let pushed = told(Exposure::Pushed, Some(57 * DAY));
        assert!(pushed.starts_with("valid until revoked: 43 days so far"), "{pushed}");
        assert!(told(Exposure::Public, Some(now)).contains("since today, for everybody"));
        assert!(told(Exposure::Pushed, None).starts_with("valid until revoked, for all"));
        // A clock that was set back makes nothing of it.
        assert!(told(Exposure::Committed, Some(now + 9 * DAY)).contains("since today"));
        assert!(told(Exposure::Staged, None).contains("in no commit yet"));
    }
}
