"""Proves that ExecutorAgent cannot be constructed: it opens a socket on a context that is None."""

import io
import logging
import os
import pathlib


def probe(context):
    without_surroundings(context)
    module = context.load("main_pc_code.agents.executor")
    # There is nobody to register with; how long an agent waits for an answer is not the question.
    module.ExecutorAgent.send_request_to_agent = unanswered
    try:
        module.ExecutorAgent(port=context.free_port())
    except AttributeError as error:
        if "'NoneType' object has no attribute 'socket'" in str(error):
            return context.holds(f"the constructor raised AttributeError: {error}")
        return context.could_not(f"something else failed first: {error}")
    except Exception as error:
        return context.could_not(f"something else failed first: {type(error).__name__}: {error}")
    return context.does_not_hold("the agent was constructed")


def unanswered(agent, *arguments, **keywords):
    raise TimeoutError("nobody answers")


def without_surroundings(context):
    """Spares modules what they want before anything of interest and what is not the question:
    directories and log files beside the code, which cannot be written to here, and a configuration
    that is shipped in a state in which it cannot be loaded."""
    os.makedirs = pathlib.Path.mkdir = lambda *arguments, **keywords: None
    logging.FileHandler._open = lambda handler: io.StringIO()
    try:
        manager = context.load("common.config_manager")
    except ImportError:
        return
    manager.load_unified_config = lambda *arguments, **keywords: {}
