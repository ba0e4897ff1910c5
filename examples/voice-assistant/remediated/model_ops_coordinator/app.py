"""The coordinator's entry point: one kernel, three servers."""

import asyncio
import logging
import os
import signal
from typing import Any, List, Optional

from common.core.base_agent import BaseAgent
from model_ops_coordinator.core.errors import ModelOpsError
from model_ops_coordinator.core.kernel import Kernel
from model_ops_coordinator.core.schemas import Config
from model_ops_coordinator.transport.grpc_server import GRPCServer
from model_ops_coordinator.transport.rest_api import RESTAPIServer
from model_ops_coordinator.transport.zmq_server import ZMQServer

logger = logging.getLogger(__name__)


class ModelOpsCoordinator(BaseAgent):
    """Starts and stops everything in the right order."""

    def __init__(self, config: Optional[Config] = None, **kwargs: Any):
        super().__init__(name="ModelOpsCoordinator", **kwargs)
        self.hub_config = config or Config()
        self.kernel: Optional[Kernel] = None
        self.zmq_server: Optional[ZMQServer] = None
        self.grpc_server: Optional[GRPCServer] = None
        self.rest_server: Optional[RESTAPIServer] = None
        self._running = False
        self._shutdown_event = asyncio.Event()

    async def start(self) -> None:
        """Bring up the kernel, then the servers."""
        try:
            self.kernel = Kernel(self.hub_config)
            await self.kernel.initialize()
            await self._start_servers()
            self._running = True
        except Exception as error:
            logger.error("the coordinator did not start: %s", error)
            raise

    async def _start_servers(self) -> None:
        """Start the servers that have a port."""
        if self.kernel is None:
            raise ModelOpsError("the kernel comes first")
        server = self.hub_config.server
        loop = asyncio.get_running_loop()
        server_tasks: List[Any] = []

        if server.zmq_port:
            self.zmq_server = ZMQServer(self.kernel, bind_address=f"tcp://*:{server.zmq_port}")
            if asyncio.iscoroutinefunction(self.zmq_server.start):
                server_tasks.append(asyncio.create_task(self.zmq_server.start(), name="zmq-server"))
            else:
                server_tasks.append(loop.run_in_executor(None, self.zmq_server.start))

        if server.grpc_port:
            self.grpc_server = GRPCServer(
                self.kernel,
                bind_address=f"[::]:{server.grpc_port}",
                max_workers=server.max_workers,
            )
            if asyncio.iscoroutinefunction(self.grpc_server.start):
                server_tasks.append(asyncio.create_task(self.grpc_server.start(), name="grpc-server"))
            else:
                server_tasks.append(loop.run_in_executor(None, self.grpc_server.start))

        if server.rest_port:
            api_key = os.environ.get("MODEL_OPS_API_KEY")
            self.rest_server = RESTAPIServer(self.kernel, port=server.rest_port, api_key=api_key)
            if asyncio.iscoroutinefunction(self.rest_server.start):
                server_tasks.append(asyncio.create_task(self.rest_server.start(), name="rest-server"))
            else:
                server_tasks.append(loop.run_in_executor(None, self.rest_server.start))

        if server_tasks:
            await asyncio.gather(*server_tasks)

    async def stop(self) -> None:
        """Stop the servers, then the kernel."""
        if not self._running:
            return
        self._running = False
        stop_tasks = []

        if self.zmq_server:
            stop_tasks.append(self.zmq_server.stop())
        if self.grpc_server:
            stop_tasks.append(self.grpc_server.stop())
        if self.rest_server:
            stop_tasks.append(asyncio.get_running_loop().run_in_executor(None, self.rest_server.stop))
        if stop_tasks:
            await asyncio.gather(*stop_tasks, return_exceptions=True)

        if self.kernel:
            await self.kernel.shutdown()
        self._shutdown_event.set()

    async def run_until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._shutdown_event.set)
        await self.start()
        await self._shutdown_event.wait()
        await self.stop()


def main() -> None:
    """Run the coordinator until it is told to stop."""
    asyncio.run(ModelOpsCoordinator(port=7210).run_until_stopped())


if __name__ == "__main__":
    main()
