//! Progress, on a terminal only and only of what takes longer than anybody likes to wait
//! without a sign of life.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use verifier::verify::Progress;

/// From when on progress is shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is drawn anew.
const BEAT: Duration = Duration::from_millis(100);

/// A bar that appears when it is needed and leaves nothing behind.
pub(crate) struct Bar {
    state: Arc<State>,
    /// Dropping it ends the thread that draws; none when there is no terminal.
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

#[derive(Default)]
struct State {
    what: Mutex<String>,
    total: AtomicUsize,
    done: AtomicUsize,
}

impl Bar {
    /// Starts to wait.
    pub(crate) fn new() -> Self {
        let state = Arc::new(State::default());
        if !io::stderr().is_terminal() {
            return Self { state, drawing: None };
        }
        let (sender, receiver) = mpsc::channel::<()>();
        let shown = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            if receiver.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new(0);
            bar.set_style(
                ProgressStyle::with_template("{spinner} {msg} {elapsed}")
                    .expect("the template is well formed"),
            );
            while receiver.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let what = shown.what.lock().expect("nobody panics with it").clone();
                let (done, total) = (shown.done.load(Ordering::Relaxed), shown.total.load(Ordering::Relaxed));
                bar.set_message(if total == 0 { what } else { format!("{what} {done}/{total}") });
                bar.tick();
            }
            bar.finish_and_clear();
        });
        Self { state, drawing: Some((sender, thread)) }
    }
}

impl Bar {
    /// Waits for something of which nobody can say how far it has got.
    pub(crate) fn waiting(what: &str) -> Self {
        let bar = Self::new();
        bar.begin(what, 0);
        bar
    }
}

/// Takes away what is drawn, when nothing else can any more.
pub(crate) fn clear() {
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        // To the beginning of the line, erase it, show the cursor.
        let _ = stderr.write_all(b"\r\x1b[2K\x1b[?25h");
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.drawing.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

impl Progress for Bar {
    fn begin(&self, what: &str, total: usize) {
        *self.state.what.lock().expect("nobody panics with it") = what.to_owned();
        self.state.total.fetch_add(total, Ordering::Relaxed);
    }

    fn step(&self) {
        self.state.done.fetch_add(1, Ordering::Relaxed);
    }
}
