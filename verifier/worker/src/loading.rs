//! Runs modules of the target, and remembers which file ran in which namespace. Done here and not
//! by a helper in Python, so that no frame of ours is on the stack while the target runs, and so
//! that what is remembered lies where no code of the target can change it.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCFunction, PyDict, PyModule, PyTuple};

/// A file of the target that ran.
pub(crate) struct Ran {
    /// The name of the module that it ran as.
    pub(crate) name: String,
    /// The file, without links.
    pub(crate) file: PathBuf,
    /// The hash of the bytes that ran.
    pub(crate) hash: String,
    /// The module.
    pub(crate) module: Py<PyModule>,
}

static RAN: Mutex<Vec<Ran>> = Mutex::new(Vec::new());

/// What has run so far, the first first.
pub(crate) fn ran() -> MutexGuard<'static, Vec<Ran>> {
    RAN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The function that runs the code of a module that the import system has made; `learn` is told
/// its text first.
pub(crate) fn runner<'py>(py: Python<'py>, learn: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyCFunction>> {
    let compile = py.import("builtins")?.getattr("compile")?.unbind();
    let learn = learn.unbind();
    PyCFunction::new_closure(py, Some(c"exec_module"), None, move |arguments: &Bound<'_, PyTuple>, _| {
        let py = arguments.py();
        let module = arguments.get_item(0)?.cast_into::<PyModule>()?;
        let file: String = module.getattr("__spec__")?.getattr("origin")?.extract()?;
        run(py, &module, &file, compile.bind(py), learn.bind(py))
    })
}

/// The function that tells probes which module a file of the target really ran in.
pub(crate) fn finder(py: Python<'_>) -> PyResult<Bound<'_, PyCFunction>> {
    PyCFunction::new_closure(py, Some(c"module"), None, |arguments: &Bound<'_, PyTuple>, _| {
        let name: String = arguments.get_item(0)?.extract()?;
        // The last one: a module may be loaded again after its import has failed.
        let found =
            ran().iter().rev().find(|ran| ran.name == name).map(|ran| ran.module.clone_ref(arguments.py()));
        PyResult::Ok(found)
    })
}

fn run(
    py: Python<'_>,
    module: &Bound<'_, PyModule>,
    file: &str,
    compile: &Bound<'_, PyAny>,
    learn: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let name: String = module.getattr("__name__")?.extract()?;
    let source = std::fs::read(file)
        .map_err(|problem| PyImportError::new_err(format!("cannot read `{file}`: {problem}")))?;
    let hash = verifier::runtime_checks::content_hash(&source);
    let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.into());
    ran().push(Ran { name, file: real, hash, module: module.clone().unbind() });
    let source = PyBytes::new(py, &source);
    // What it would have learned makes stubs fit better, and decides nothing.
    let _ = learn.call1((&source,));
    let settings = PyDict::new(py);
    settings.set_item("dont_inherit", true)?;
    let code = compile.call((source, file, "exec"), Some(&settings))?;
    let namespace = module.dict();
    // SAFETY: a code object and a dictionary, both alive; the builtins are those of the caller, as
    // the import system has it.
    unsafe {
        if !namespace.contains("__builtins__")? {
            let builtins = Bound::from_borrowed_ptr(py, ffi::PyEval_GetBuiltins());
            namespace.set_item("__builtins__", builtins)?;
        }
        let result = ffi::PyEval_EvalCode(code.as_ptr(), namespace.as_ptr(), namespace.as_ptr());
        Bound::from_owned_ptr_or_err(py, result).map(drop)
    }
}
