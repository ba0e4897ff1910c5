//! Starts Python and loads the helpers.

use std::ffi::CString;
use std::sync::atomic::{AtomicI32, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyModule, PyTuple};

use crate::{audit, loading};

/// A helper: its file and its text.
pub(crate) struct Helper {
    name: &'static str,
    file: &'static str,
    text: &'static str,
}

macro_rules! helper {
    ($name:literal) => {
        Helper {
            name: $name,
            file: concat!("python_helpers/", $name, ".py"),
            text: include_str!(concat!("../../../python_helpers/", $name, ".py")),
        }
    };
}

const PRIMITIVES: Helper = helper!("primitives");
const STUBS: Helper = helper!("stubs");
const LOADER: Helper = helper!("loader");
const PROBE: Helper = helper!("probe");
const INSPECT: Helper = helper!("inspect_object");
const FAILURE: Helper = helper!("failure");

/// Modules that most targets import anyway: loaded once, before any target code runs.
const COMMON: &str = "\
import abc, argparse, ast, asyncio, base64, collections.abc, concurrent.futures.thread, contextlib, copy
import dataclasses, datetime, enum, functools, gc, hashlib, importlib.util, inspect, io, itertools, json
import logging.handlers, math, operator, os, pathlib, pickle, queue, random, re, shutil, signal, socket
import string, struct, subprocess, tempfile, textwrap, threading, time, traceback, types, typing, uuid
import warnings, weakref
";

/// What was prepared before any target code ran. Held by Rust, where target code finds nothing.
pub(crate) struct Helpers {
    /// Prepares a process and imports modules.
    pub(crate) loader: Py<PyModule>,
    /// Runs proofs.
    pub(crate) probe: Py<PyModule>,
    /// The threads that `threading` lists.
    pub(crate) running: Py<PyDict>,
    inspect: Py<PyAny>,
    failure: Py<PyAny>,
    builtins: Vec<(Py<PyAny>, Py<PyAny>)>,
    primitives: Vec<(Py<PyAny>, Py<PyAny>)>,
    /// `gc.disable`, and what switches monitoring off where there is any.
    disable_collection: Py<PyAny>,
    set_monitored_events: Option<Py<PyAny>>,
    /// `signal.getsignal`, and what it says of every signal before anybody has changed it.
    signal_handler: Py<PyAny>,
    signal_handlers: Vec<(libc::c_int, Py<PyAny>)>,
}

/// Initialises Python with nothing from the environment.
pub(crate) fn initialise(executable: &str, hash_seed: u64) -> Result<(), String> {
    let executable = CString::new(executable).map_err(|_| "a path with a NUL".to_owned())?;
    let failed = |status: ffi::PyStatus| -> Option<String> {
        // SAFETY: a status that the call before has filled in.
        unsafe {
            if ffi::PyStatus_Exception(status) == 0 {
                return None;
            }
            let message = status.err_msg;
            if message.is_null() {
                return Some("Python cannot be initialised".to_owned());
            }
            Some(std::ffi::CStr::from_ptr(message).to_string_lossy().into_owned())
        }
    };
    // SAFETY: as CPython documents its initialisation; the structure is initialised by the first
    // call and cleared by the last.
    unsafe {
        // Text is UTF-8 everywhere, whatever the locale says.
        let mut before = std::mem::MaybeUninit::<ffi::PyPreConfig>::zeroed();
        ffi::PyPreConfig_InitIsolatedConfig(before.as_mut_ptr());
        let mut before = before.assume_init();
        before.utf8_mode = 1;
        if let Some(problem) = failed(ffi::Py_PreInitialize(&raw const before)) {
            return Err(problem);
        }
        let mut config = std::mem::MaybeUninit::<ffi::PyConfig>::zeroed();
        ffi::PyConfig_InitIsolatedConfig(config.as_mut_ptr());
        let mut config = config.assume_init();
        config.use_hash_seed = 1;
        config.hash_seed = hash_seed as _;
        config.write_bytecode = 0;
        config.site_import = 0;
        config.buffered_stdio = 0;
        config.install_signal_handlers = 1;
        config.parse_argv = 0;
        let name = &raw mut config.program_name;
        let mut problem = failed(ffi::PyConfig_SetBytesString(&raw mut config, name, executable.as_ptr()));
        if problem.is_none() {
            problem = failed(ffi::Py_InitializeFromConfig(&raw const config));
        }
        ffi::PyConfig_Clear(&raw mut config);
        match problem {
            Some(problem) => Err(problem),
            None => {
                // Lets the library attach as it always does.
                ffi::PyEval_SaveThread();
                Python::attach(audit::install).map_err(|problem| problem.to_string())
            }
        }
    }
}

impl Helpers {
    /// Loads everything. No code of a target has run yet.
    pub(crate) fn load(py: Python<'_>) -> PyResult<Self> {
        let modules = py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
        // Without them the import system would be the target's to replace.
        let bare: Vec<String> = modules.keys().extract()?;
        py.run(&CString::new(COMMON)?, Some(&PyDict::new(py)), None)?;
        if let Ok(site) = py.import("site") {
            // `exit`, `help` and the like, which programs use; nothing else that `site` does.
            for function in ["setquit", "setcopyright", "sethelper"] {
                site.getattr(function).and_then(|function| function.call0()).ok();
            }
        }
        let package = PyModule::new(py, "_assay")?;
        modules.set_item("_assay", &package)?;
        let primitives = module(py, &PRIMITIVES)?;
        let stubs = module(py, &STUBS)?;
        modules.set_item("_assay.stubs", &stubs)?;
        let loader = module(py, &LOADER)?;
        loader.getattr("_state")?.set_item("bare", bare)?;
        let runner = loading::runner(py, loader.getattr("learn")?)?;
        loader.getattr("TargetLoader")?.setattr("exec_module", runner)?;
        loader.setattr("module", loading::finder(py)?)?;
        let probe = module(py, &PROBE)?;
        modules.del_item("_assay.stubs")?;
        modules.del_item("_assay")?;
        let pairs = |dictionary: Bound<'_, PyDict>| -> Vec<(Py<PyAny>, Py<PyAny>)> {
            dictionary.iter().map(|(key, value)| (key.unbind(), value.unbind())).collect()
        };
        let mut primitives = pairs(primitives.getattr("PRIMITIVES")?.cast_into()?);
        for name in ["Stub", "StubModule"] {
            let name = name.into_pyobject(py)?;
            primitives.push((name.clone().into_any().unbind(), stubs.getattr(&name)?.unbind()));
        }
        let name = "instance_dict".into_pyobject(py)?;
        primitives.push((name.into_any().unbind(), instance_dictionary(py)?.into_any().unbind()));
        let sys = py.import("sys")?;
        let signal_handler = py.import("_signal")?.getattr("getsignal")?;
        Ok(Self {
            signal_handlers: (1..65)
                .filter_map(|signal| Some((signal, signal_handler.call1((signal,)).ok()?.unbind())))
                .collect(),
            signal_handler: signal_handler.unbind(),
            running: py.import("threading")?.getattr("_active")?.cast_into::<PyDict>()?.unbind(),
            disable_collection: py.import("gc")?.getattr("disable")?.unbind(),
            set_monitored_events: sys
                .getattr("monitoring")
                .and_then(|monitoring| monitoring.getattr("set_events"))
                .ok()
                .map(Bound::unbind),
            loader: loader.unbind(),
            probe: probe.unbind(),
            inspect: compile(py, &INSPECT)?.unbind(),
            failure: compile(py, &FAILURE)?.unbind(),
            builtins: pairs(py.import("builtins")?.dict()),
            primitives,
        })
    }

    /// Runs a function of the inspecting helper that only looks, in globals that no target code
    /// has touched.
    pub(crate) fn look<'py>(
        &self,
        py: Python<'py>,
        function: &str,
        arguments: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.quieten(py)?;
        self.fresh(py, &self.inspect, function, arguments)
    }

    /// Constructs an instance: code of the target runs, with its threads and signals.
    pub(crate) fn make<'py>(
        &self,
        py: Python<'py>,
        arguments: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.fresh(py, &self.inspect, "make", arguments)
    }

    /// Describes an exception, all but its message.
    pub(crate) fn failure<'py>(
        &self,
        py: Python<'py>,
        arguments: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.quieten(py)?;
        self.fresh(py, &self.failure, "answer", arguments)
    }

    /// Lets an exception write its message, which is code of the target.
    pub(crate) fn message<'py>(
        &self,
        py: Python<'py>,
        arguments: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.fresh(py, &self.failure, "message", arguments)
    }

    /// Stops whatever the target has left that could run between two steps of a helper and see
    /// its frames: other threads, signal handlers, tracing, profiling, monitoring, collector's
    /// callbacks. Its audit hooks were never added.
    fn quieten(&self, py: Python<'_>) -> PyResult<()> {
        // What a program asks for when it forks is code as well, and may start threads anew.
        const PATIENCE: usize = 20;
        // SAFETY: a set of signals that lives through the calls.
        unsafe {
            let mut all = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
            libc::sigfillset(all.as_mut_ptr());
            for needed in [libc::SIGSEGV, libc::SIGBUS, libc::SIGXCPU, libc::SIGILL, libc::SIGABRT] {
                libc::sigdelset(all.as_mut_ptr(), needed);
            }
            libc::sigprocmask(libc::SIG_BLOCK, all.as_ptr(), std::ptr::null_mut());
        }
        let mut attempts = 0;
        let mut handles_signals = self.handles_signals(py);
        while handles_signals || has_other_threads() {
            // A new process has none that waits.
            handles_signals = false;
            attempts += 1;
            if attempts > PATIENCE {
                return Err(PyRuntimeError::new_err("the target's threads cannot be stopped"));
            }
            for signal in 1..65 {
                if ![libc::SIGSEGV, libc::SIGBUS, libc::SIGXCPU].contains(&signal) {
                    // SAFETY: a plain call; numbers that are no signals, and the two that nobody
                    // handles, are refused.
                    unsafe { libc::signal(signal, libc::SIG_IGN) };
                }
            }
            leave_threads_behind();
        }
        // SAFETY: no function to call means that tracing and profiling end.
        unsafe {
            ffi::PyEval_SetTrace(None, std::ptr::null_mut());
            ffi::PyEval_SetProfile(None, std::ptr::null_mut());
        }
        // Errors here would mean that there is nothing to stop.
        let _ = self.disable_collection.call0(py);
        if let Some(set_events) = &self.set_monitored_events {
            for tool in 0..6 {
                let _ = set_events.call1(py, (tool, 0));
            }
        }
        Ok(())
    }

    /// Whether a handler of the target could be waiting for the interpreter's next step.
    fn handles_signals(&self, py: Python<'_>) -> bool {
        self.signal_handlers.iter().any(|(signal, before)| {
            self.signal_handler.call1(py, (*signal,)).is_ok_and(|handler| !handler.is(before))
        })
    }

    fn fresh<'py>(
        &self,
        py: Python<'py>,
        code: &Py<PyAny>,
        function: &str,
        arguments: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let builtins = PyDict::new(py);
        for (name, value) in &self.builtins {
            builtins.set_item(name, value)?;
        }
        let globals = PyDict::new(py);
        for (name, value) in &self.primitives {
            globals.set_item(name, value)?;
        }
        globals.set_item("__builtins__", builtins)?;
        globals.set_item("__name__", "_assay")?;
        // SAFETY: a code object and a dictionary, both alive.
        unsafe {
            let result = ffi::PyEval_EvalCode(code.as_ptr(), globals.as_ptr(), globals.as_ptr());
            Bound::from_owned_ptr_or_err(py, result)?;
        }
        let function = globals
            .get_item(function)?
            .ok_or_else(|| PyRuntimeError::new_err(format!("the helper has no `{function}`")))?;
        function.call1(arguments)
    }
}

/// The process that may answer. A copy that the target makes of it may not.
static ANSWERING: AtomicI32 = AtomicI32::new(0);

/// This process is the one that answers.
pub(crate) fn answer_from_here() {
    // SAFETY: the call cannot fail.
    ANSWERING.store(unsafe { libc::getpid() }, Ordering::Relaxed);
}

/// Whether this process is the one that answers.
pub(crate) fn may_answer() -> bool {
    // SAFETY: the call cannot fail.
    ANSWERING.load(Ordering::Relaxed) == unsafe { libc::getpid() }
}

fn has_other_threads() -> bool {
    let threads = || std::fs::read_dir("/proc/self/task").map(Iterator::count);
    let counted = threads().or_else(|_| {
        // Every descriptor is taken: standard input, which is empty, makes room.
        // SAFETY: plain calls.
        unsafe {
            libc::close(0);
            let counted = threads();
            libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
            counted
        }
    });
    counted.map_or(true, |count| count != 1)
}

/// The function that gives the dictionary of an instance, whatever its class says it is; `None` where
/// there is none.
fn instance_dictionary(py: Python<'_>) -> PyResult<Bound<'_, PyCFunction>> {
    PyCFunction::new_closure(py, None, None, |arguments: &Bound<'_, PyTuple>, _| {
        let py = arguments.py();
        let thing = arguments.get_item(0)?;
        // SAFETY: an object that is alive; the result is a new reference or an exception.
        let members = unsafe {
            let members = ffi::PyObject_GenericGetDict(thing.as_ptr(), std::ptr::null_mut());
            Bound::from_owned_ptr_or_opt(py, members)
        };
        if members.is_none() {
            drop(PyErr::take(py));
        }
        PyResult::Ok(members.map(Bound::unbind))
    })
}

/// Goes on in a new process, which has this thread alone and no signal that waits to be handled.
/// The old one, with all the target's threads, waits for it and ends as it ends.
fn leave_threads_behind() {
    if !may_answer() {
        // SAFETY: nothing is left to do for a copy.
        unsafe { libc::_exit(0) }
    }
    // SAFETY: the calls that surround a fork, in their order; the old process keeps the
    // interpreter's lock, so that none of its threads runs on.
    unsafe {
        ffi::PyOS_BeforeFork();
        match libc::fork() {
            0 => {
                answer_from_here();
                ffi::PyOS_AfterFork_Child();
            }
            -1 => ffi::PyOS_AfterFork_Parent(),
            process => {
                let mut status = 0;
                while libc::waitpid(process, &raw mut status, 0) < 0
                    && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
                {
                }
                if libc::WIFSIGNALED(status) {
                    libc::kill(libc::getpid(), libc::WTERMSIG(status));
                }
                libc::_exit(libc::WEXITSTATUS(status));
            }
        }
    }
}

fn module<'py>(py: Python<'py>, helper: &Helper) -> PyResult<Bound<'py, PyModule>> {
    PyModule::from_code(
        py,
        &CString::new(helper.text)?,
        &CString::new(helper.file)?,
        &CString::new(format!("_assay.{}", helper.name))?,
    )
    .and_then(|module| {
        // The import system knows nothing of the helpers, and neither do targets.
        py.import("sys")?.getattr("modules")?.call_method1("pop", (module.name()?, py.None()))?;
        Ok(module)
    })
}

fn compile<'py>(py: Python<'py>, helper: &Helper) -> PyResult<Bound<'py, PyAny>> {
    py.import("builtins")?.call_method1("compile", (helper.text, helper.file, "exec"))
}
