"""Asks whether StreamingInterruptHandler comes up at all, so that its loop can run.

Its constructor runs as it is, with what BaseAgent's does, save that nobody waits for other agents:
they do not answer, which is told at once. A constructor that raises leaves no agent.
"""

import inspect


def probe(context):
    context.discard_files()
    context.replace("common.config_manager", load_unified_config=lambda *arguments, **keywords: {})
    module = context.load("main_pc_code.agents.streaming_interrupt_handler")
    if context.is_stub(module.zmq):
        return context.could_not("connecting and binding are ZMQ's work, and pyzmq is a stub here")
    nobody = {"status": "error", "error": "no other agent is there"}
    context.load("common.core.base_agent").BaseAgent.send_request_to_agent = lambda *_, **__: nobody
    port = context.free_port()
    settings = {"config": {"port": port}}
    if "port" in inspect.signature(module.StreamingInterruptHandler).parameters:
        settings["port"] = port
    try:
        handler = module.StreamingInterruptHandler(**settings)
    except (ImportError, OSError) as error:
        return context.could_not(f"something is missing here: {error}")
    except Exception as error:
        return context.does_not_hold(f"the constructor raises {type(error).__name__}: {error}")
    try:
        handler.running = False
        handler.cleanup()
    except Exception:
        pass  # it came up, which was the question
    return context.holds("the constructor has returned")
