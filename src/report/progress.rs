//! How far long work has come, drawn on standard error while it lasts.
//!
//! Nothing is drawn before half a second is over, and nothing is left behind. No name of a
//! file is shown.

use crate::source::Work;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Work that is done sooner is not drawn.
const AFTER: Duration = Duration::from_millis(500);

/// So often it is looked at again.
const EVERY: Duration = Duration::from_millis(100);

/// A line about work, there until this is dropped.
pub struct Drawn {
    over: Option<Sender<()>>,
    drawing: Option<JoinHandle<()>>,
}

/// Draws how far `work` has come, from a thread of its own.
pub fn draw(work: Work, unicode: bool) -> Drawn {
    let (over, is_over) = mpsc::channel();
    let started = Instant::now();
    let drawing = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
        if is_over.recv_timeout(AFTER) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
            .with_elapsed(started.elapsed());
        bar.set_style(style(false, unicode));
        let mut measured = false;
        loop {
            let progress = work.progress();
            bar.set_message(progress.to_string());
            let files = progress.files_of.map(|of| (progress.files, of));
            if let Some((done, of)) = progress.commits.or(files) {
                if !std::mem::replace(&mut measured, true) {
                    bar.set_style(style(true, unicode));
                }
                bar.set_length(of as u64);
                bar.set_position(done as u64);
            }
            bar.tick();
            if is_over.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        bar.finish_and_clear();
    });
    // Work goes on when there is no thread to draw it.
    Drawn { over: Some(over), drawing: drawing.ok() }
}

/// `measured`: it is known how much there is.
fn style(measured: bool, unicode: bool) -> ProgressStyle {
    let template = if measured {
        "checking [{bar:24}] {msg} {elapsed}"
    } else {
        "checking {spinner} {msg} {elapsed}"
    };
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    if unicode {
        style.progress_chars("━╸ ").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
    } else {
        style.progress_chars("=> ").tick_chars("|/-\\ ")
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(drawing) = self.drawing.take() {
            // Whatever became of it, the line is of no more use.
            let _ended = drawing.join();
        }
    }
}
