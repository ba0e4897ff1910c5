"""A TCP port that says whether an agent is ready.

Whoever connects reads `OK` or `INIT` and is hung up on. The port is open before the agent
has loaded its models, so that an orchestrator does not take slow for dead.
"""

import logging
import socket
import threading

logger = logging.getLogger(__name__)

_ready = threading.Event()
_stop = threading.Event()


def set_ready(value: bool = True) -> None:
    """Tell the next caller that the agent is ready, or that it is not."""
    if value:
        _ready.set()
    else:
        _ready.clear()


def stop_health_probe() -> None:
    """Answer nobody any more, within a second."""
    _stop.set()


def _probe_server(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", port))
        listener.listen(5)
        listener.settimeout(1.0)
        while not _stop.is_set():
            try:
                connection, _address = listener.accept()
                with connection:
                    connection.sendall(b"OK" if _ready.is_set() else b"INIT")
            except TimeoutError:
                continue
            except OSError as error:
                logger.warning("health probe on port %d: %s", port, error)


def start_health_probe(port: int) -> int:
    """Answer on the first free port from this one on, and say which it is."""
    candidate = port
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            try:
                trial.bind(("", candidate))
                break
            except OSError:
                candidate += 1
    threading.Thread(target=_probe_server, args=(candidate,), daemon=True).start()
    return candidate
