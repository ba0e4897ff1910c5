"""A process-wide pool of ZMQ sockets.

Server sockets (REP, PUB) come out of the pool bound to their endpoint, client sockets
(REQ, SUB) connected to it. A socket that is handed back waits for the next caller who asks
for the same kind and endpoint.
"""

import logging
import threading
from dataclasses import dataclass, field
from enum import Enum
from queue import Empty, Queue
from typing import Any, Dict, Optional

import zmq

logger = logging.getLogger(__name__)


class SocketType(Enum):
    """The socket types that agents use."""

    REQ = "REQ"
    REP = "REP"
    PUB = "PUB"
    SUB = "SUB"


@dataclass
class SocketConfig:
    """Everything that decides whether two callers can share a socket."""

    socket_type: SocketType
    endpoint: str
    bind: bool = False
    options: Optional[Dict[str, Any]] = None

    @property
    def key(self) -> str:
        side = "bind" if self.bind else "connect"
        return f"{self.socket_type.value}|{side}|{self.endpoint}"


@dataclass
class PooledSocket:
    """A socket together with what it was made for."""

    socket: Any
    config: SocketConfig
    uses: int = field(default=1)


class ZMQConnectionPool:
    """Creates sockets, and keeps the ones that are handed back."""

    def __init__(self, max_idle: int = 32):
        self._max_idle = max_idle
        self._context = zmq.Context()
        self._idle: Dict[str, Queue] = {}
        self._lock = threading.Lock()

    def get_socket(self, config: SocketConfig) -> PooledSocket:
        """An idle socket of this configuration, or a new one."""
        with self._lock:
            idle = self._idle.setdefault(config.key, Queue(maxsize=self._max_idle))
        try:
            pooled = idle.get_nowait()
        except Empty:
            return PooledSocket(self._open(config), config)
        pooled.uses += 1
        return pooled

    def return_socket(self, pooled: PooledSocket) -> None:
        """Keep a socket for the next caller."""
        with self._lock:
            idle = self._idle.setdefault(pooled.config.key, Queue(maxsize=self._max_idle))
        if idle.full():
            pooled.socket.close()
        else:
            idle.put_nowait(pooled)

    def _open(self, config: SocketConfig) -> Any:
        raw = self._context.socket(getattr(zmq, config.socket_type.value))
        for option, value in (config.options or {}).items():
            raw.setsockopt(getattr(zmq, option), value)
        if config.bind:
            raw.bind(config.endpoint)
        else:
            raw.connect(config.endpoint)
        logger.debug("opened %s", config.key)
        return raw


_pool: Optional[ZMQConnectionPool] = None
_pool_lock = threading.Lock()


def get_zmq_pool() -> ZMQConnectionPool:
    """The pool of this process."""
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = ZMQConnectionPool()
        return _pool


def get_req_socket(endpoint: str, options: Optional[Dict[str, Any]] = None) -> PooledSocket:
    """A REQ socket, connected to the endpoint."""
    return get_zmq_pool().get_socket(SocketConfig(SocketType.REQ, endpoint, bind=False, options=options))


def get_rep_socket(endpoint: str, options: Optional[Dict[str, Any]] = None) -> PooledSocket:
    """A REP socket, bound to the endpoint."""
    return get_zmq_pool().get_socket(SocketConfig(SocketType.REP, endpoint, bind=True, options=options))


def get_pub_socket(endpoint: str, options: Optional[Dict[str, Any]] = None) -> PooledSocket:
    """A PUB socket, bound to the endpoint."""
    return get_zmq_pool().get_socket(SocketConfig(SocketType.PUB, endpoint, bind=True, options=options))


def get_sub_socket(endpoint: str, options: Optional[Dict[str, Any]] = None) -> PooledSocket:
    """A SUB socket, connected to the endpoint."""
    return get_zmq_pool().get_socket(SocketConfig(SocketType.SUB, endpoint, bind=False, options=options))
