"""Proves that FaceRecognitionAgent opens a socket on a context that is None.

The endpoint and the pool are supplied, so that the lines behind the missing endpoint are reached.
"""

import io
import logging
import os
import pathlib


def probe(context):
    without_surroundings(context)
    module = context.load("main_pc_code.agents.face_recognition_agent")
    agent = module.FaceRecognitionAgent.__new__(module.FaceRecognitionAgent)
    agent.port, agent.zmq_timeout = 5610, 5000
    agent.endpoint = "tcp://127.0.0.1:5610"
    agent.context = agent.socket = context.fake()
    agent.error_publisher = context.fake()
    if hasattr(module, "get_rep_socket"):
        module.get_rep_socket = lambda *arguments, **keywords: context.fake(socket=context.fake())
    try:
        agent._init_zmq()
    except AttributeError as error:
        if "'NoneType' object has no attribute 'socket'" in str(error):
            return context.holds(f"_init_zmq raised AttributeError: {error}")
        return context.could_not(f"something else failed first: {error}")
    except Exception as error:
        return context.could_not(f"something else failed first: {type(error).__name__}: {error}")
    return context.does_not_hold("_init_zmq opened all its sockets")


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
