//! Sees what importing a module does, by a hook below Python: code of the target can neither find
//! nor replace it, and hooks of its own, which would run between two steps of a helper, are
//! never called.

use std::collections::BTreeMap;
use std::ffi::{CStr, OsString};
use std::os::raw::{c_char, c_int, c_void};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde_json::{Map, Value, json};

use crate::interpreter::Helpers;

/// Events of the file system, besides `open`.
const FILES: &[&str] = &[
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.utime",
    "os.setxattr",
    "shutil.rmtree",
    "shutil.move",
    "shutil.copyfile",
    "shutil.copytree",
    "shutil.make_archive",
    "shutil.unpack_archive",
    "tempfile.mkstemp",
    "tempfile.mkdtemp",
    "sqlite3.connect",
];

/// Events of the network.
const NETWORK: &[&str] = &[
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "urllib.Request",
];

/// Events that start something.
const PROGRAMS: &[&str] = &[
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "pty.spawn",
];

/// How long threads may go on after the import that started them.
const PATIENCE: Duration = Duration::from_millis(200);

/// The most of each kind that is told, and the longest text.
const MOST: usize = 100;
const LONGEST: usize = 300;

/// What is being noted; nothing outside of [`Watch`].
static NOTED: Mutex<Noted> =
    Mutex::new(Noted { wrote: Vec::new(), connected: Vec::new(), started: Vec::new() });
static WATCHING: AtomicBool = AtomicBool::new(false);

struct Noted {
    wrote: Vec<String>,
    connected: Vec<String>,
    started: Vec<String>,
}

unsafe extern "C" {
    fn PySys_AddAuditHook(
        hook: extern "C" fn(*const c_char, *mut ffi::PyObject, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
}

/// Installs the hook. It cannot be taken away again, and stays silent until something is watched.
pub(crate) fn install(_py: Python<'_>) -> PyResult<()> {
    // SAFETY: the function lives as long as the process.
    match unsafe { PySys_AddAuditHook(note, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(PyRuntimeError::new_err("no audit hook can be added")),
    }
}

/// Watching one import.
pub(crate) struct Watch {
    began: Instant,
    environment: BTreeMap<OsString, OsString>,
    threads: Vec<Py<PyAny>>,
}

impl Watch {
    /// Notes from now on.
    pub(crate) fn begin(py: Python<'_>, helpers: &Helpers) -> Self {
        let threads = running(helpers.running.bind(py)).map(Bound::unbind).collect();
        WATCHING.store(true, Ordering::Relaxed);
        Self { began: Instant::now(), environment: std::env::vars_os().collect(), threads }
    }

    /// What was done since. Ends the target's threads.
    pub(crate) fn end(self, py: Python<'_>, helpers: &Helpers, scratch: &Path) -> PyResult<Value> {
        WATCHING.store(false, Ordering::Relaxed);
        let milliseconds = self.began.elapsed().as_millis() as u64;
        // Before anything of ours starts a process.
        let traces = Traces::now(scratch);
        // Threads that are about to end are given the time to.
        let patience = Instant::now() + PATIENCE;
        let (left, unlisted) = loop {
            // Read in one go, before a thread could run again.
            let left: Vec<Bound<'_, PyAny>> = running(helpers.running.bind(py))
                .filter(|thread| !self.threads.iter().any(|known| known.is(thread)))
                .collect();
            let all = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
            let unlisted = all.saturating_sub(self.threads.len() + left.len());
            if (left.is_empty() && unlisted == 0) || Instant::now() > patience {
                break (left, unlisted);
            }
            py.detach(|| std::thread::sleep(Duration::from_millis(2)));
        };
        let listed = helpers.look(py, "threads", PyTuple::new(py, [PyList::new(py, left)?])?)?;
        let mut threads: Vec<String> = listed.extract()?;
        if unlisted > 0 {
            threads.push(format!("{unlisted} that `threading` does not know"));
        }
        let now: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        let mut environment: Vec<String> = self
            .environment
            .iter()
            .filter(|(name, value)| now.get(*name) != Some(*value))
            .map(|(name, _)| name)
            .chain(now.keys().filter(|name| !self.environment.contains_key(*name)))
            .map(|name| name.to_string_lossy().chars().take(LONGEST).collect())
            .collect();
        environment.sort();
        let mut told = Map::from_iter([("milliseconds".to_owned(), json!(milliseconds))]);
        let noted = NOTED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let either = |noted: &Vec<String>, traces: Vec<String>| -> Vec<String> {
            if noted.is_empty() { traces } else { noted.clone() }
        };
        for (key, entries) in [
            ("wrote", &either(&noted.wrote, traces.files)),
            ("connected", &either(&noted.connected, traces.sockets)),
            ("started", &either(&noted.started, traces.processes)),
            ("threads", &threads),
            ("environment", &environment),
        ] {
            if !entries.is_empty() {
                told.insert(key.to_owned(), json!(entries.iter().take(MOST).collect::<Vec<_>>()));
            }
        }
        Ok(Value::Object(told))
    }
}

/// What an import has left that the interpreter need not have been told of: code in C tells nothing,
/// and some of the library tells in Python, where code can silence it.
#[derive(Default)]
struct Traces {
    files: Vec<String>,
    sockets: Vec<String>,
    processes: Vec<String>,
}

impl Traces {
    fn now(scratch: &Path) -> Self {
        let untold = |what: &str| vec![format!("{what} that the interpreter was not told of")];
        let mut traces = Self::default();
        for directory in ["work", "home", "tmp", ".written/upper"] {
            traces.files.extend(files_below(&scratch.join(directory)));
        }
        // The first process of a namespace is the watcher: whoever else is there was started.
        // SAFETY: the call cannot fail.
        let own_namespace = (unsafe { libc::getppid() }) == 1;
        let others = if own_namespace { other_processes() } else { 0 };
        if others > 0 || has_waited_for_children() {
            traces.processes = untold("a process");
        }
        let sockets = if own_namespace { sockets_here() } else { 0 };
        match sockets {
            0 => {}
            1 => traces.sockets = untold("a socket"),
            _ => traces.sockets = untold(&format!("{sockets} sockets")),
        }
        traces
    }
}

/// Files and directories that have come to be, as many as are told.
fn files_below(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            if found.len() >= MOST {
                return found;
            }
            let path = entry.path();
            found.push(path.display().to_string().chars().take(LONGEST).collect());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// How many processes there are besides this one and the first.
fn other_processes() -> usize {
    std::fs::read_dir("/proc").into_iter().flatten().flatten().fold(0, |count, entry| {
        let process = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        count + usize::from(process.is_some_and(|process| process != 1 && process != std::process::id()))
    })
}

/// Whether a child of this process has ended and was waited for.
fn has_waited_for_children() -> bool {
    // SAFETY: a structure that lives through the call, which fills it in.
    unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut used) == 0 && used.ru_minflt > 0
    }
}

/// How many ends of connections there are, in a network that nobody else uses.
fn sockets_here() -> usize {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/net/{name}")).unwrap_or_default();
    // Two lines of headings.
    let is_private = read("dev").lines().skip(2).all(|interface| interface.trim_start().starts_with("lo:"));
    if !is_private {
        return 0;
    }
    ["tcp", "tcp6", "udp", "udp6"].iter().map(|name| read(name).lines().skip(1).count()).sum()
}

/// The threads that `threading` lists.
fn running<'py>(active: &Bound<'py, PyDict>) -> impl Iterator<Item = Bound<'py, PyAny>> {
    active.values().iter().collect::<Vec<_>>().into_iter()
}

extern "C" fn note(event: *const c_char, arguments: *mut ffi::PyObject, _: *mut c_void) -> c_int {
    // SAFETY: the interpreter hands over a text that ends with a NUL.
    let Ok(event) = unsafe { CStr::from_ptr(event) }.to_str() else { return 0 };
    if event == "sys.addaudithook" {
        // SAFETY: the interpreter calls its hooks with its lock held. An exception of this kind
        // is taken for "no", and whoever asks is not told.
        unsafe { ffi::PyErr_SetString(ffi::PyExc_RuntimeError, c"no further hooks".as_ptr()) };
        return -1;
    }
    if !WATCHING.load(Ordering::Relaxed) {
        return 0;
    }
    let is_open = event == "open";
    if !is_open && !FILES.contains(&event) && !NETWORK.contains(&event) && !PROGRAMS.contains(&event) {
        return 0;
    }
    // SAFETY: as above.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: a reference that is alive during this call.
    let arguments = unsafe { Bound::from_borrowed_ptr(py, arguments) };
    let Ok(arguments) = arguments.cast_into_exact::<PyTuple>() else { return 0 };
    let items: Vec<Bound<'_, PyAny>> = arguments.iter().collect();
    let Ok(mut noted) = NOTED.try_lock() else { return 0 };
    let told = |items: &[Bound<'_, PyAny>]| items.iter().map(plain).collect::<Vec<_>>().join(" ");
    let (list, text) = if is_open {
        // A number is a file that is open already.
        if !opens_for_writing(&items) || items.first().is_none_or(Bound::is_exact_instance_of::<PyInt>) {
            return 0;
        }
        (&mut noted.wrote, told(&items[..1]))
    } else if FILES.contains(&event) {
        (&mut noted.wrote, format!("{event} {}", told(&items[..items.len().min(1)])))
    } else if NETWORK.contains(&event) {
        // The first argument of most is the socket itself.
        let skipped = usize::from(event.starts_with("socket.") && items.len() > 1);
        (&mut noted.connected, format!("{event} {}", told(&items[skipped..])))
    } else {
        (&mut noted.started, format!("{event} {}", told(&items[..items.len().min(2)])))
    };
    if text == "/dev/null" || (event == "sqlite3.connect" && is_in_memory(&text)) {
        return 0;
    }
    let text: String = text.trim_end().chars().take(LONGEST).collect();
    if list.len() < MOST && !list.contains(&text) {
        list.push(text);
    }
    0
}

/// Whether a database is nowhere but in memory, or in a file without a name that is gone when it is
/// closed.
fn is_in_memory(told: &str) -> bool {
    let name = told.trim_start_matches("sqlite3.connect").trim();
    name.is_empty()
        || name.contains(":memory:")
        || (name.starts_with("file:") && name.contains("mode=memory"))
}

/// Whether the arguments of `open`, a path, a mode and flags, mean writing.
fn opens_for_writing(items: &[Bound<'_, PyAny>]) -> bool {
    let mode = items.get(1).and_then(|mode| mode.cast_exact::<PyString>().ok());
    let flags = items.get(2).and_then(|flags| flags.cast_exact::<PyInt>().ok());
    let writing = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;
    mode.is_some_and(|mode| mode.to_string_lossy().contains(['w', 'a', 'x', '+']))
        || flags
            .and_then(|flags| flags.extract::<i64>().ok())
            .is_some_and(|flags| flags & i64::from(writing) != 0)
}

/// Plain values only: no method of the target is called.
fn plain(item: &Bound<'_, PyAny>) -> String {
    if let Ok(text) = item.cast_exact::<PyString>() {
        return text.to_string_lossy().into_owned();
    }
    if let Ok(bytes) = item.cast_exact::<PyBytes>() {
        return String::from_utf8_lossy(bytes.as_bytes()).into_owned();
    }
    if let Ok(number) = item.cast_exact::<PyInt>() {
        return number.extract::<i64>().map_or_else(|_| "<int>".to_owned(), |number| number.to_string());
    }
    if let Ok(number) = item.cast_exact::<PyFloat>() {
        return number.extract::<f64>().map_or_else(|_| "<float>".to_owned(), |number| number.to_string());
    }
    if let Ok(flag) = item.cast_exact::<PyBool>() {
        return if flag.is_true() { "True" } else { "False" }.to_owned();
    }
    if let Ok(tuple) = item.cast_exact::<PyTuple>() {
        return tuple.iter().map(|item| plain(&item)).collect::<Vec<_>>().join(" ");
    }
    if let Ok(list) = item.cast_exact::<PyList>() {
        return list.iter().map(|item| plain(&item)).collect::<Vec<_>>().join(" ");
    }
    if item.is_none() {
        return "None".to_owned();
    }
    // SAFETY: a type's name as C code wrote or copied it; nothing of Python runs.
    let name = unsafe { CStr::from_ptr((*item.get_type_ptr()).tp_name) };
    format!("<{}>", name.to_string_lossy())
}
