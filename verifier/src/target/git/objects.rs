//! Blobs by their ids, through long-lived `git cat-file --batch` processes: starting one costs
//! as much as reading a hundred files. As many run as there are threads that read at once.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::{MAX_FILE_SIZE, Unreadable, too_large};
use super::command::{git, start};
use crate::interrupt::Notice;

/// The id of an object, in hexadecimal.
pub(super) type ObjectId = Arc<str>;

/// Requests that are on their way at once. All of them together fit into a pipe, so that a
/// process that waits for us to read never leaves us waiting for it to read.
const IN_FLIGHT: usize = 64;

/// Blobs are kept up to this many bytes: several checks read the same file, and inflating it
/// again is dearer than keeping it.
const CACHED_BYTES: usize = 64 * 1024 * 1024;

/// The blobs of one repository.
#[derive(Debug)]
pub(super) struct Objects {
    directory: PathBuf,
    idle: Mutex<Vec<Batch>>,
    cache: Mutex<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    bytes: usize,
    blobs: HashMap<ObjectId, Result<Arc<[u8]>, Unreadable>>,
}

impl Objects {
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), idle: Mutex::default(), cache: Mutex::default() }
    }

    /// The bytes of a blob.
    pub(super) fn blob(&self, id: &ObjectId) -> Result<Arc<[u8]>, Unreadable> {
        if let Some(known) = lock(&self.cache).blobs.get(id) {
            return known.clone();
        }
        let mut answers = Vec::with_capacity(1);
        self.ask(&[id], &mut |_, answer| answers.push(answer));
        answers.pop().unwrap_or_else(|| Err(Unreadable::Failed("git gave no answer".to_owned())))
    }

    /// Reads blobs ahead, as many as are kept.
    pub(super) fn prefetch(&self, ids: &[ObjectId]) {
        let wanted: Vec<&ObjectId> = {
            let cache = lock(&self.cache);
            ids.iter().filter(|id| !cache.blobs.contains_key(*id)).collect()
        };
        // A few large blobs decide when the slower process is done: the ids are dealt out in
        // small lots, so that none has to wait long for the other.
        let lots = std::sync::atomic::AtomicUsize::new(0);
        let size = IN_FLIGHT * 2;
        let work = || {
            loop {
                let start = lots.fetch_add(size, std::sync::atomic::Ordering::Relaxed);
                let Some(lot) =
                    wanted.get(start..wanted.len().min(start + size)).filter(|lot| !lot.is_empty())
                else {
                    return;
                };
                if lock(&self.cache).bytes >= CACHED_BYTES {
                    return;
                }
                self.ask(lot, &mut |_, _| {});
            }
        };
        rayon::scope(|scope| {
            for _ in 0..rayon::current_num_threads().min(wanted.len().div_ceil(size)) {
                scope.spawn(|_| work());
            }
        });
    }

    /// Asks for blobs with many requests under way, and keeps what fits.
    fn ask(&self, ids: &[&ObjectId], answer: &mut dyn FnMut(usize, Result<Arc<[u8]>, Unreadable>)) {
        let mut done = 0;
        // A process that died (somebody killed it, memory ran out) is replaced once.
        for _ in 0..2 {
            let taken = lock(&self.idle).pop();
            let batch = match taken {
                Some(batch) => Ok(batch),
                None => Batch::start(&self.directory, "--batch"),
            };
            let Ok(mut batch) = batch else { break };
            let result = batch.pipeline(&ids[done..], Batch::read_answer, &mut |blob| {
                self.keep(ids[done], &blob);
                answer(done, blob);
                done += 1;
            });
            if result.is_ok() {
                lock(&self.idle).push(batch);
                return;
            }
        }
        for index in done..ids.len() {
            answer(index, Err(Unreadable::Failed("git ended without an answer".to_owned())));
        }
    }

    /// The sizes of blobs, without reading them; nothing for those that are missing.
    pub(super) fn sizes(&self, ids: &[&ObjectId]) -> Vec<Option<u64>> {
        let mut sizes = Vec::with_capacity(ids.len());
        if let Ok(mut batch) = Batch::start(&self.directory, "--batch-check") {
            // What git does not say is missing.
            let _ = batch.pipeline(ids, |batch| batch.read_header(), &mut |header| {
                sizes.push(match header {
                    Header::Object { kind, size } => (kind == "blob").then_some(size),
                    Header::Missing => None,
                });
            });
        }
        sizes.resize(ids.len(), None);
        sizes
    }

    fn keep(&self, id: &ObjectId, blob: &Result<Arc<[u8]>, Unreadable>) {
        let size = blob.as_ref().map_or(0, |bytes| bytes.len());
        let mut cache = lock(&self.cache);
        if cache.bytes + size <= CACHED_BYTES && cache.blobs.insert(id.clone(), blob.clone()).is_none() {
            cache.bytes += size;
        }
    }
}

/// What git says of an object before its bytes.
enum Header {
    Object { kind: String, size: u64 },
    Missing,
}

/// One `git cat-file --batch`, or one that is asked for headers alone.
#[derive(Debug)]
struct Batch {
    child: Child,
    _notice: Notice,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Batch {
    fn start(directory: &Path, mode: &str) -> io::Result<Self> {
        let mut git = git(directory);
        git.args(["cat-file", mode]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let (mut child, notice) = start(&mut git)?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("git was started without pipes"));
        };
        Ok(Self {
            child,
            _notice: notice,
            requests: Some(requests),
            answers: BufReader::with_capacity(64 * 1024, answers),
        })
    }

    /// Writes requests ahead of the answers that are read. An error leaves the process unusable.
    fn pipeline<A>(
        &mut self,
        ids: &[&ObjectId],
        read: impl Fn(&mut Self) -> io::Result<A>,
        answer: &mut dyn FnMut(A),
    ) -> io::Result<()> {
        let mut asked = 0;
        let mut answered = 0;
        let mut lines = String::new();
        while answered < ids.len() {
            // Half of the window at a time: fewer and larger writes.
            if asked < ids.len() && asked - answered <= IN_FLIGHT / 2 {
                let end = ids.len().min(answered + IN_FLIGHT);
                lines.clear();
                for id in &ids[asked..end] {
                    lines.push_str(id);
                    lines.push('\n');
                }
                let requests = self.requests.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
                requests.write_all(lines.as_bytes())?;
                asked = end;
            }
            answer(read(self)?);
            answered += 1;
        }
        Ok(())
    }

    /// `<id> <kind> <size>\n`, or `<id> missing\n`.
    fn read_header(&mut self) -> io::Result<Header> {
        let mut header = Vec::with_capacity(96);
        (&mut self.answers).take(4096).read_until(b'\n', &mut header)?;
        let header = String::from_utf8_lossy(&header);
        let mut words = header.trim_end().split(' ').skip(1);
        match (words.next(), words.next().and_then(|size| size.parse::<u64>().ok())) {
            (Some(kind), Some(size)) => Ok(Header::Object { kind: kind.to_owned(), size }),
            (Some("missing"), None) => Ok(Header::Missing),
            (Some(_) | None, None) | (None, Some(_)) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, header.into_owned()))
            }
        }
    }

    /// A header, then `<bytes>\n`.
    fn read_answer(&mut self) -> io::Result<Result<Arc<[u8]>, Unreadable>> {
        let (kind, size) = match self.read_header()? {
            Header::Object { kind, size } => (kind, size),
            Header::Missing => {
                let problem = "its blob is missing from the repository (a partial clone?)";
                return Ok(Err(Unreadable::Failed(problem.to_owned())));
            }
        };
        if size > MAX_FILE_SIZE || kind != "blob" {
            let dropped = io::copy(&mut (&mut self.answers).take(size + 1), &mut io::sink())?;
            if dropped != size + 1 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let is_blob = kind == "blob";
            return Ok(Err(if is_blob {
                too_large(size)
            } else {
                Unreadable::NotAFile(format!("is a {kind}"))
            }));
        }
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, usize::try_from(size).unwrap_or(0)).collect();
        if let Some(bytes) = Arc::get_mut(&mut bytes) {
            self.answers.read_exact(bytes)?;
        }
        self.answers.read_exact(&mut [0])?;
        Ok(Ok(bytes))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // At the end of its input git ends; one that is in the middle of an answer is not waited for.
        drop(self.requests.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
impl Objects {
    /// Ends the processes that wait for work, as somebody else might.
    pub(super) fn kill_idle(&self) {
        for batch in lock(&self.idle).iter_mut() {
            batch.child.kill().unwrap();
            batch.child.wait().unwrap();
        }
    }
}
