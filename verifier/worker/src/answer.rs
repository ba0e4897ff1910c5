//! In the process that runs target code: imports, asks the helpers, says the answer.

use std::os::fd::RawFd;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PySet, PyString, PyTuple};
use serde_json::{Map, Value, json};
use verifier::runtime_checks::protocol::{self, Nonce};
use verifier::runtime_checks::{Module, Question, Request};

use crate::audit::Watch;
use crate::interpreter::{self, Helpers};
use crate::loading::{self, Ran};

/// The exit code that says that the answer could not be written.
pub(crate) const CANNOT_SAY: i32 = 97;

/// Writes the answer and ends this process at once: neither threads nor `atexit` delay it.
pub(crate) fn say(to: RawFd, nonce: &Nonce, body: &Value) -> ! {
    if !interpreter::may_answer() {
        // SAFETY: nothing is left to do for a copy that the target has made of this process.
        unsafe { libc::_exit(0) }
    }
    let bytes = protocol::answer_bytes(nonce, body.to_string().as_bytes());
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        // SAFETY: a buffer that lives through the call.
        let count = unsafe { libc::write(to, rest.as_ptr().cast(), rest.len()) };
        if count < 0 {
            if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted {
                continue;
            }
            // SAFETY: nothing is left to do.
            unsafe { libc::_exit(CANNOT_SAY) }
        }
        rest = &rest[count as usize..];
    }
    // SAFETY: nothing is left to do.
    unsafe { libc::_exit(0) }
}

/// What this question's answer is, as JSON: `error`, or what the helper said.
pub(crate) fn answer(py: Python<'_>, helpers: &Helpers, request: &Request) -> Value {
    interpreter::answer_from_here();
    let touched = match PySet::empty(py) {
        Ok(touched) => touched,
        Err(error) => return json!({"error": failure(py, helpers, error)}),
    };
    let mut answer = match attempt(py, helpers, request, &touched) {
        Ok(answer) => answer,
        Err(error) => Map::from_iter([("error".to_owned(), failure(py, helpers, error))]),
    };
    if let Some(ran) = find(&loading::ran(), &request.module) {
        answer.insert("ran".to_owned(), json!({"file": ran.file, "hash": ran.hash}));
    }
    let mut stubs: Vec<String> =
        touched.iter().filter_map(|name| to_json(&name).as_str().map(str::to_owned)).collect();
    stubs.sort();
    answer.insert("stubs".to_owned(), json!(stubs));
    Value::Object(answer)
}

/// What ran as this module: its own file, if that ran at all.
fn find<'r>(ran: &'r [Ran], module: &Module) -> Option<&'r Ran> {
    let file = std::fs::canonicalize(&module.file).unwrap_or_else(|_| module.file.clone());
    let named = || ran.iter().filter(|ran| ran.name == module.name);
    named().find(|ran| ran.file == file).or_else(|| named().next())
}

fn attempt(
    py: Python<'_>,
    helpers: &Helpers,
    request: &Request,
    touched: &Bound<'_, PySet>,
) -> PyResult<Map<String, Value>> {
    let told = to_python(py, &serde_json::to_value(request).unwrap_or_default())?;
    let loader = helpers.loader.bind(py);
    loader.call_method1("prepare", (&told, touched))?;
    if let Question::Probe { .. } = request.question {
        let probe = helpers.probe.bind(py);
        let answer = probe.call_method1("answer", (&told, loader))?;
        return Ok(object(to_json(&answer)));
    }
    let watch = matches!(request.question, Question::Import).then(|| Watch::begin(py, helpers));
    let imported = import(py, helpers, request, &told);
    let mut answer = Map::new();
    if let Some(watch) = watch {
        answer.insert("did".to_owned(), watch.end(py, helpers, &request.surroundings.scratch)?);
        if let Err(error) = imported {
            answer.insert("error".to_owned(), failure(py, helpers, error));
        }
        return Ok(answer);
    }
    // Where something else has this name, the client sees from what did not run.
    let Some(namespace) = imported? else { return Ok(answer) };
    if let Question::Inspect { symbol, construct } = &request.question {
        // First, because looking at the object stops the target's threads and signals.
        let made = construct.then(|| -> PyResult<_> {
            let fake = helpers.probe.bind(py).getattr("stand_in")?;
            helpers.make(py, PyTuple::new(py, [namespace.clone(), symbol.into_pyobject(py)?, fake])?)
        });
        let ran = PyList::empty(py);
        for ran_as in loading::ran().iter() {
            ran.append((ran_as.module.bind(py).dict(), &ran_as.name))?;
        }
        let arguments = PyTuple::new(py, [namespace, symbol.into_pyobject(py)?, ran.into_any()])?;
        answer.extend(object(to_json(&helpers.look(py, "answer", arguments)?)));
        let instance = match made {
            None => return Ok(answer),
            Some(Ok(instance)) => to_json(&helpers.look(py, "held", PyTuple::new(py, [instance])?)?),
            Some(Err(error)) => json!({"error": failure(py, helpers, error)}),
        };
        answer.insert("instance".to_owned(), instance);
    }
    Ok(answer)
}

/// Imports the module from here, so that no frame of a helper is on the stack while it runs.
/// Gives the namespace in which the target's file ran, whatever `sys.modules` says by now.
fn import<'py>(
    py: Python<'py>,
    helpers: &Helpers,
    request: &Request,
    told: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if request.module.importable {
        py.import(request.module.name.as_str())?;
    } else {
        let made = helpers.loader.bind(py).call_method1("make", (told.get_item("module")?,))?;
        made.getattr("__spec__")?.getattr("loader")?.call_method1("exec_module", (made,))?;
    }
    Ok(find(&loading::ran(), &request.module).map(|ran| ran.module.bind(py).dict().into_any()))
}

fn failure(py: Python<'_>, helpers: &Helpers, error: PyErr) -> Value {
    let mut frames = Vec::new();
    let mut traceback = error.traceback(py).map(Bound::into_any);
    while let Some(entry) = traceback.take() {
        let read = || -> PyResult<(String, u32, String)> {
            let code = entry.getattr("tb_frame")?.getattr("f_code")?;
            Ok((
                code.getattr("co_filename")?.extract()?,
                entry.getattr("tb_lineno")?.extract()?,
                code.getattr("co_name")?.extract()?,
            ))
        };
        if let Ok((file, line, function)) = read() {
            frames.push(json!({"file": file, "line": line, "function": function}));
        }
        traceback = entry.getattr("tb_next").ok().filter(|next| !next.is_none());
    }
    let frames = Value::Array(frames);
    let described = || -> PyResult<Value> {
        let frames = to_python(py, &frames)?;
        let kind = error.get_type(py).into_any();
        let arguments = PyTuple::new(py, [kind, error.value(py).clone().into_any(), frames])?;
        let mut told = object(to_json(&helpers.failure(py, arguments)?));
        if told.get("message").is_none_or(Value::is_null) {
            let message = helpers.message(py, PyTuple::new(py, [error.value(py)])?)?;
            told.insert("message".to_owned(), to_json(&message));
        }
        PyResult::Ok(Value::Object(told))
    };
    described().unwrap_or_else(|problem| {
        // Of our own making: the interpreter writes such a message without asking the target.
        let message = format!("an exception that cannot be described: {problem}");
        json!({"type": "BaseException", "message": message, "frames": frames})
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        value => Map::from_iter([("value".to_owned(), value)]),
    }
}

/// The interpreter's own types as JSON; anything else becomes `null`, and no method of it is called.
fn to_json(value: &Bound<'_, PyAny>) -> Value {
    if let Ok(value) = value.cast_exact::<PyBool>() {
        return Value::Bool(value.is_true());
    }
    if let Ok(value) = value.cast_exact::<PyInt>() {
        return value.extract::<i64>().map_or(Value::Null, Value::from);
    }
    if let Ok(value) = value.cast_exact::<PyFloat>() {
        return value.extract::<f64>().map_or(Value::Null, Value::from);
    }
    if let Ok(value) = value.cast_exact::<PyString>() {
        return Value::String(value.to_string_lossy().into_owned());
    }
    if let Ok(list) = value.cast_exact::<PyList>() {
        return Value::Array(list.iter().map(|item| to_json(&item)).collect());
    }
    if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        return Value::Array(tuple.iter().map(|item| to_json(&item)).collect());
    }
    if let Ok(dictionary) = value.cast_exact::<PyDict>() {
        let mut map = Map::new();
        for (key, value) in dictionary.iter() {
            if let Ok(key) = key.cast_exact::<PyString>() {
                map.insert(key.to_string_lossy().into_owned(), to_json(&value));
            }
        }
        return Value::Object(map);
    }
    Value::Null
}

fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into_pyobject(py)?.into_any(),
            None => number.as_f64().unwrap_or_default().into_pyobject(py)?.into_any(),
        },
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            list.into_any()
        }
        Value::Object(map) => {
            let dictionary = PyDict::new(py);
            for (key, value) in map {
                dictionary.set_item(key, to_python(py, value)?)?;
            }
            dictionary.into_any()
        }
    })
}
