//! In the process that runs target code: imports, asks the helpers, says the answer.

use std::os::fd::RawFd;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyModule, PyString, PyTuple};
use serde_json::{Map, Value, json};
use verifier::runtime_checks::protocol::{self, Nonce};
use verifier::runtime_checks::{Question, Request};

use crate::interpreter::{self, Helpers, RAN};

/// The exit code that says that the answer could not be written.
pub(crate) const CANNOT_SAY: i32 = 97;

/// Writes the answer and ends this process at once: neither threads nor `atexit` delay it.
pub(crate) fn say(to: RawFd, nonce: &Nonce, body: &Value) -> ! {
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
    let mut answer = match attempt(py, helpers, request) {
        Ok(answer) => answer,
        Err(error) => Map::from_iter([("error".to_owned(), failure(py, helpers, error))]),
    };
    let ran = RAN.lock().map(|ran| ran.clone()).unwrap_or_default();
    if let Some(ran) = ran.iter().find(|ran| ran.module == request.module.name) {
        answer.insert("ran".to_owned(), json!({"file": ran.file, "hash": ran.hash}));
    }
    let touched = helpers.loader.bind(py).call_method0("touched").and_then(|touched| touched.extract());
    answer.insert("stubs".to_owned(), json!(touched.unwrap_or_else(|_| Vec::<String>::new())));
    Value::Object(answer)
}

fn attempt(py: Python<'_>, helpers: &Helpers, request: &Request) -> PyResult<Map<String, Value>> {
    let told = to_python(py, &serde_json::to_value(request).unwrap_or_default())?;
    let note = interpreter::note(py)?;
    let loader = helpers.loader.bind(py);
    loader.call_method1("prepare", (&told, note))?;
    if let Question::Probe { .. } = request.question {
        let probe = helpers.probe.bind(py);
        let answer = probe.call_method1("answer", (&told, loader))?;
        return Ok(object(to_json(&answer)));
    }
    let watched = matches!(request.question, Question::Import);
    if watched {
        helpers.audit.bind(py).call_method0("begin")?;
    }
    let imported = import(py, helpers, request, &told);
    let mut answer = Map::new();
    if watched {
        let seen = helpers.audit.bind(py).call_method0("end")?;
        answer.insert("did".to_owned(), to_json(&seen));
    }
    let namespace = match imported {
        Ok(namespace) => namespace,
        Err(error) if watched => {
            answer.insert("error".to_owned(), failure(py, helpers, error));
            return Ok(answer);
        }
        Err(error) => return Err(error),
    };
    if let Question::Inspect { symbol, construct } = &request.question {
        // First, because looking at the object stops the target's threads and signals.
        if *construct {
            let fake = helpers.probe.bind(py).getattr("stand_in")?;
            let arguments = PyTuple::new(py, [namespace.clone(), symbol.into_pyobject(py)?, fake])?;
            let constructed = match helpers.construct(py, arguments) {
                Ok(seen) => to_json(&seen),
                Err(error) => json!({"error": failure(py, helpers, error)}),
            };
            answer.insert("instance".to_owned(), constructed);
        }
        let arguments = PyTuple::new(py, [namespace, symbol.into_pyobject(py)?])?;
        let seen = helpers.inspect(py, arguments)?;
        answer.extend(object(to_json(&seen)));
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
) -> PyResult<Bound<'py, PyAny>> {
    let name = &request.module.name;
    let loader = helpers.loader.bind(py);
    let imported = if request.module.importable {
        py.import(name.as_str())?.into_any()
    } else {
        loader.call_method1("load", (told.get_item("module")?,))?
    };
    let ran = loader.call_method1("module", (name,))?;
    let module = if ran.is_none() { imported } else { ran };
    match module.cast::<PyModule>() {
        Ok(module) => Ok(module.dict().into_any()),
        Err(_) => module.getattr("__dict__"),
    }
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
        Ok(to_json(&helpers.failure(py, arguments)?))
    };
    described().unwrap_or_else(|_| json!({"type": "BaseException", "message": "", "frames": frames}))
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
