"""Notes what importing a module does.

Contract: `begin()` before the import, `end()` after it; `end` returns a dictionary of lists of
texts, empty lists left out: `wrote`, `connected`, `started`, `threads`, `environment`, and
`milliseconds`.
"""

import os
import sys
import threading
import time

_state = {"active": False}
_WRITING = ("w", "a", "x", "+")
_FILES = {
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "shutil.rmtree", "shutil.move", "shutil.copyfile", "tempfile.mkstemp",
    "tempfile.mkdtemp", "sqlite3.connect",
}
_NETWORK = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"}
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"}
_MOST = 100


def begin():
    _state.update(
        active=True, wrote=[], connected=[], started=[], before=dict(os.environ),
        threads=set(threading._active), clock=time.monotonic(),
    )
    sys.addaudithook(_note)


def end():
    _state["active"] = False
    took = (time.monotonic() - _state["clock"]) * 1000
    before, after = _state["before"], dict(os.environ)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    left = [
        "%s%s" % (thread._name, " (daemon)" if thread._daemonic else "")
        for ident, thread in list(threading._active.items())
        if ident not in _state["threads"] and type(thread._name) is str
    ]
    told = {
        "wrote": _state["wrote"], "connected": _state["connected"], "started": _state["started"],
        "threads": sorted(left), "environment": changed,
    }
    told = {key: value for key, value in told.items() if value}
    told["milliseconds"] = int(took)
    return told


def _note(event, arguments):
    if not _state["active"]:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = (isinstance(mode, str) and any(letter in mode for letter in _WRITING)) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        )
        if writes and type(path) in (str, bytes):
            _add("wrote", os.fsdecode(path))
    elif event in _FILES:
        _add("wrote", "%s %s" % (event, _text(arguments[0] if arguments else "")))
    elif event in _NETWORK:
        _add("connected", "%s %s" % (event, _text(arguments[1:] if event.startswith("socket.") and len(arguments) > 1 else arguments)))
    elif event in _PROGRAMS:
        _add("started", "%s %s" % (event, _text(arguments[:2])))


def _add(key, text):
    entries = _state[key]
    if len(entries) < _MOST and text not in entries:
        entries.append(text[:300])


def _text(thing):
    """Plain values only: a target's own `repr` is not called."""
    if type(thing) in (str, bytes, int, float, bool, type(None)):
        return str(thing)
    if type(thing) in (tuple, list):
        return " ".join(_text(item) for item in thing)
    return "<%s>" % type(thing).__name__
