//! What is known of Python itself: builtins, the standard library's modules, what its classes
//! define, what its decorators do. Facts about any other library do not belong here.

use crate::target::RelativePath;

/// Whether a module is in the standard library, by the first part of its name.
pub fn is_standard_library(module: &str) -> bool {
    let first = module.split('.').next().unwrap_or(module);
    STANDARD_LIBRARY.contains(&first)
}

/// Whether a name is a builtin.
pub fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name) || (name.ends_with("Error") && BUILTIN_ERRORS.contains(&name))
}

/// A decorator after which the function is still what its `def` says: a coroutine function stays
/// one, a plain function stays plain, and calling it runs the body.
pub fn is_harmless_decorator(name: &str) -> bool {
    matches!(
        name,
        "builtins.staticmethod"
            | "builtins.classmethod"
            | "builtins.property"
            | "abc.abstractmethod"
            | "abc.abstractclassmethod"
            | "abc.abstractstaticmethod"
            | "abc.abstractproperty"
            | "typing.override"
            | "typing.final"
            | "typing.overload"
            | "typing.no_type_check"
            | "typing_extensions.override"
            | "typing_extensions.final"
            | "typing_extensions.overload"
            | "typing_extensions.deprecated"
            | "warnings.deprecated"
            | "functools.wraps"
            | "functools.cached_property"
            | "contextlib.contextmanager"
            | "contextlib.asynccontextmanager"
            | "atexit.register"
    )
}

/// A decorator that gives what was given before: to be called as the function is, and to run it
/// the first time only.
pub fn is_cache(name: &str) -> bool {
    matches!(name, "functools.cache" | "functools.lru_cache")
}

/// A class decorator after which the class has the attributes that its body gives it.
pub fn is_harmless_class_decorator(name: &str) -> bool {
    matches!(
        name,
        "dataclasses.dataclass"
            | "functools.total_ordering"
            | "typing.final"
            | "typing.runtime_checkable"
            | "typing_extensions.final"
            | "typing_extensions.runtime_checkable"
            | "enum.unique"
    )
}

/// Whether Python itself gives a name its meaning: `__len__`.
pub fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// Whether every object of a class of the target has this attribute.
pub fn is_of_every_object(name: &str) -> bool {
    matches!(
        name,
        "__annotations__"
            | "__class__"
            | "__delattr__"
            | "__dict__"
            | "__dir__"
            | "__doc__"
            | "__eq__"
            | "__format__"
            | "__ge__"
            | "__getattribute__"
            | "__getstate__"
            | "__gt__"
            | "__hash__"
            | "__init__"
            | "__init_subclass__"
            | "__le__"
            | "__lt__"
            | "__module__"
            | "__ne__"
            | "__new__"
            | "__reduce__"
            | "__reduce_ex__"
            | "__repr__"
            | "__setattr__"
            | "__sizeof__"
            | "__str__"
            | "__subclasshook__"
            | "__weakref__"
    )
}

/// Whether every class has this attribute, which its objects have not.
pub fn is_of_every_class(name: &str) -> bool {
    matches!(
        name,
        "__base__"
            | "__bases__"
            | "__basicsize__"
            | "__call__"
            | "__flags__"
            | "__instancecheck__"
            | "__mro__"
            | "__name__"
            | "__prepare__"
            | "__qualname__"
            | "__subclasscheck__"
            | "__subclasses__"
            | "__type_params__"
            | "mro"
    )
}

/// Whether a call of something from outside the target may give an object of the target: what it
/// was given before, or what it was told to make. `maker` is the full name of what is called,
/// with `()` behind what is called on the way: `queue.Queue().get`.
pub fn gives_anything(maker: &str) -> bool {
    let root = maker.split("()").next().unwrap_or(maker);
    let module = root.split('.').next().unwrap_or(root);
    let last = root.rsplit('.').next().unwrap_or(root);
    if root != maker {
        // Texts, numbers, files and what else the library makes of its own hold no other objects.
        let is_plain = match module {
            "builtins" => {
                matches!(last, "str" | "bytes" | "bytearray" | "int" | "float" | "bool" | "complex" | "open")
            }
            _ => HOLD_NOTHING.contains(&module),
        };
        return !is_plain;
    }
    match module {
        "builtins" => {
            matches!(last, "next" | "min" | "max" | "super" | "type" | "eval" | "vars" | "__import__")
        }
        "copy" | "pickle" | "heapq" | "importlib" | "operator" | "weakref" | "mock" => true,
        _ if is_standard_library(module) => matches!(
            root,
            "functools.reduce"
                | "random.choice"
                | "asyncio.run"
                | "asyncio.wait_for"
                | "asyncio.shield"
                | "dataclasses.replace"
                | "types.SimpleNamespace"
                | "types.ModuleType"
                | "threading.local"
                | "unittest.mock"
        ),
        // A class of a library makes its own objects, and a function whatever it likes.
        _ => !last.starts_with(char::is_uppercase),
    }
}

/// Modules of the standard library whose objects give texts, numbers and each other.
const HOLD_NOTHING: &[&str] = &[
    "base64",
    "csv",
    "datetime",
    "decimal",
    "fractions",
    "hashlib",
    "hmac",
    "http",
    "io",
    "ipaddress",
    "json",
    "logging",
    "math",
    "os",
    "pathlib",
    "platform",
    "re",
    "shutil",
    "socket",
    "sqlite3",
    "ssl",
    "string",
    "struct",
    "subprocess",
    "tarfile",
    "tempfile",
    "time",
    "urllib",
    "uuid",
    "zipfile",
];

/// Whether a builtin exception is made of any positional arguments, and of no keywords.
pub fn is_plain_exception(class: &str) -> bool {
    let Some(name) = class.strip_prefix("builtins.") else { return false };
    // These look at what they are given.
    let looks = name.starts_with("Unicode")
        || name.ends_with("Group")
        || matches!(
            name,
            "AttributeError"
                | "ImportError"
                | "ModuleNotFoundError"
                | "NameError"
                | "UnboundLocalError"
                | "SyntaxError"
                | "IndentationError"
                | "TabError"
        );
    !looks && (matches!(name, "Exception" | "BaseException" | "Warning") || BUILTIN_ERRORS.contains(&name))
}

/// The attributes that an object of a class of the standard library has, besides dunder names.
/// Nothing for a class that is not listed: then nobody here knows.
pub fn attributes_of(class: &str) -> Option<&'static [&'static str]> {
    let attributes: &'static [&'static str] = match class {
        "builtins.object"
        | "abc.ABC"
        | "typing.Generic"
        | "typing.Protocol"
        | "typing_extensions.Protocol"
        | "collections.abc.Callable"
        | "collections.abc.Hashable"
        | "collections.abc.Sized"
        | "contextlib.AbstractContextManager"
        | "contextlib.AbstractAsyncContextManager"
        | "contextlib.ContextDecorator" => &[],
        "threading.Thread" => &[
            "name",
            "ident",
            "native_id",
            "daemon",
            "start",
            "run",
            "join",
            "is_alive",
            "isDaemon",
            "setDaemon",
            "getName",
            "setName",
            "_target",
            "_name",
            "_args",
            "_kwargs",
            "_daemonic",
            "_ident",
            "_native_id",
            "_started",
            "_is_stopped",
            "_initialized",
            "_stderr",
            "_invoke_excepthook",
            "_stop",
            "_delete",
            "_bootstrap",
            "_tstate_lock",
        ],
        "threading.Timer" => &[
            "name",
            "ident",
            "native_id",
            "daemon",
            "start",
            "run",
            "join",
            "is_alive",
            "isDaemon",
            "setDaemon",
            "getName",
            "setName",
            "_target",
            "_name",
            "_args",
            "_kwargs",
            "_daemonic",
            "_started",
            "interval",
            "function",
            "args",
            "kwargs",
            "finished",
            "cancel",
        ],
        "builtins.Exception"
        | "builtins.BaseException"
        | "builtins.RuntimeError"
        | "builtins.ValueError"
        | "builtins.TypeError"
        | "builtins.LookupError"
        | "builtins.ArithmeticError"
        | "builtins.IndexError"
        | "builtins.NotImplementedError"
        | "builtins.Warning"
        | "builtins.UserWarning" => &["args", "with_traceback", "add_note"],
        "builtins.KeyError" | "builtins.AttributeError" | "builtins.NameError" => {
            &["args", "with_traceback", "add_note", "name", "obj"]
        }
        "builtins.OSError"
        | "builtins.IOError"
        | "builtins.ConnectionError"
        | "builtins.TimeoutError"
        | "builtins.FileNotFoundError"
        | "builtins.PermissionError" => &[
            "args",
            "with_traceback",
            "add_note",
            "errno",
            "strerror",
            "filename",
            "filename2",
            "winerror",
            "characters_written",
        ],
        "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag" => {
            return None;
        }
        "logging.Handler" => &[
            "level",
            "name",
            "formatter",
            "filters",
            "lock",
            "_name",
            "_closed",
            "acquire",
            "release",
            "createLock",
            "setLevel",
            "format",
            "emit",
            "handle",
            "setFormatter",
            "flush",
            "close",
            "handleError",
            "addFilter",
            "removeFilter",
            "filter",
            "get_name",
            "set_name",
        ],
        "logging.Formatter" => &[
            "_style",
            "_fmt",
            "datefmt",
            "converter",
            "default_time_format",
            "default_msec_format",
            "formatTime",
            "formatException",
            "usesTime",
            "formatMessage",
            "formatStack",
            "format",
        ],
        "logging.Filter" => &["name", "nlen", "filter"],
        _ => return None,
    };
    Some(attributes)
}

/// Objects of the library that `with` gives back as they are.
pub(super) fn enters_as_itself(name: &str) -> bool {
    name.starts_with("threading.")
        || name.starts_with("socket.")
        || name.starts_with("concurrent.futures.")
        || matches!(name, "builtins.open" | "subprocess.Popen" | "tempfile.NamedTemporaryFile")
}

/// `typing.List` and the like as the builtin that they stand for.
pub(super) fn annotated_builtin(name: &str) -> Option<String> {
    let last = name.strip_prefix("typing.")?;
    let builtin = match last {
        "List" => "list",
        "Dict" => "dict",
        "Set" => "set",
        "FrozenSet" => "frozenset",
        "Tuple" => "tuple",
        "Type" => "type",
        "Text" => "str",
        "Deque" => return Some("collections.deque".to_owned()),
        "DefaultDict" => return Some("collections.defaultdict".to_owned()),
        "OrderedDict" => return Some("collections.OrderedDict".to_owned()),
        _ => return None,
    };
    Some(format!("builtins.{builtin}"))
}

const BUILTIN_ERRORS: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "EOFError",
    "EnvironmentError",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "IOError",
    "ImportError",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "ProcessLookupError",
    "PythonFinalizationError",
    "RecursionError",
    "ReferenceError",
    "RuntimeError",
    "SyntaxError",
    "SystemError",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "ValueError",
    "ZeroDivisionError",
    "WindowsError",
];

const BUILTINS: &[&str] = &[
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
    "BaseException",
    "BaseExceptionGroup",
    "BytesWarning",
    "DeprecationWarning",
    "Ellipsis",
    "EncodingWarning",
    "Exception",
    "ExceptionGroup",
    "False",
    "FutureWarning",
    "GeneratorExit",
    "ImportWarning",
    "KeyboardInterrupt",
    "None",
    "NotImplemented",
    "PendingDeprecationWarning",
    "ResourceWarning",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxWarning",
    "SystemExit",
    "True",
    "UnicodeWarning",
    "UserWarning",
    "Warning",
    "__build_class__",
    "__debug__",
    "__doc__",
    "__file__",
    "__import__",
    "__loader__",
    "__name__",
    "__package__",
    "__path__",
    "__spec__",
    "__builtins__",
    "__annotations__",
    "__dict__",
];

const STANDARD_LIBRARY: &[&str] = &[
    "__future__",
    "__main__",
    "_thread",
    "abc",
    "aifc",
    "annotationlib",
    "antigravity",
    "argparse",
    "array",
    "ast",
    "asynchat",
    "asyncio",
    "asyncore",
    "atexit",
    "audioop",
    "base64",
    "bdb",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "cProfile",
    "calendar",
    "cgi",
    "cgitb",
    "chunk",
    "cmath",
    "cmd",
    "code",
    "codecs",
    "codeop",
    "collections",
    "colorsys",
    "compileall",
    "compression",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "crypt",
    "csv",
    "ctypes",
    "curses",
    "dataclasses",
    "datetime",
    "dbm",
    "decimal",
    "difflib",
    "dis",
    "distutils",
    "doctest",
    "email",
    "encodings",
    "ensurepip",
    "enum",
    "errno",
    "faulthandler",
    "fcntl",
    "filecmp",
    "fileinput",
    "fnmatch",
    "formatter",
    "fractions",
    "ftplib",
    "functools",
    "gc",
    "genericpath",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "graphlib",
    "grp",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "idlelib",
    "imaplib",
    "imghdr",
    "imp",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "lib2to3",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "mailbox",
    "mailcap",
    "marshal",
    "math",
    "mimetypes",
    "mmap",
    "modulefinder",
    "msilib",
    "msvcrt",
    "multiprocessing",
    "netrc",
    "nis",
    "nntplib",
    "nt",
    "ntpath",
    "numbers",
    "opcode",
    "operator",
    "optparse",
    "os",
    "ossaudiodev",
    "parser",
    "pathlib",
    "pdb",
    "pickle",
    "pickletools",
    "pipes",
    "pkgutil",
    "platform",
    "plistlib",
    "poplib",
    "posix",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "pty",
    "pwd",
    "py_compile",
    "pyclbr",
    "pydoc",
    "pyexpat",
    "queue",
    "quopri",
    "random",
    "re",
    "readline",
    "reprlib",
    "resource",
    "rlcompleter",
    "runpy",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtpd",
    "smtplib",
    "sndhdr",
    "socket",
    "socketserver",
    "spwd",
    "sqlite3",
    "sre_compile",
    "sre_constants",
    "sre_parse",
    "ssl",
    "stat",
    "statistics",
    "string",
    "stringprep",
    "struct",
    "subprocess",
    "sunau",
    "symbol",
    "symtable",
    "sys",
    "sysconfig",
    "syslog",
    "tabnanny",
    "tarfile",
    "telnetlib",
    "tempfile",
    "termios",
    "textwrap",
    "this",
    "threading",
    "time",
    "timeit",
    "tkinter",
    "token",
    "tokenize",
    "tomllib",
    "trace",
    "traceback",
    "tracemalloc",
    "tty",
    "turtle",
    "turtledemo",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uu",
    "uuid",
    "venv",
    "warnings",
    "wave",
    "weakref",
    "webbrowser",
    "winreg",
    "winsound",
    "wsgiref",
    "xdrlib",
    "xml",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
    "zlib",
    "zoneinfo",
];

/// Whether a file holds tests, by the names that test runners go by. What tests do with the
/// program's objects says nothing of what the program does.
pub fn is_test_code(path: &RelativePath) -> bool {
    let name = path.file_name();
    name.starts_with("test_")
        || name.ends_with("_test.py")
        || name == "conftest.py"
        || path.as_str().split('/').any(|part| part == "tests" || part == "test")
}
