"""Proves that the GPU detection swallows exceptions that are meant to end the process."""

import os
import subprocess


def probe(context):
    module = context.load("common.utils.unified_config_loader")
    loader = module.UnifiedConfigLoader.__new__(module.UnifiedConfigLoader)
    for name in ("MACHINE_TYPE", "MACHINE_ROLE"):
        os.environ.pop(name, None)

    raised = []

    def interrupted(*arguments, **keywords):
        raised.append(KeyboardInterrupt.__name__)
        raise KeyboardInterrupt("somebody wants the process to end")

    subprocess.check_output = interrupted
    try:
        machine = loader._detect_machine()
    except KeyboardInterrupt:
        return context.does_not_hold("a KeyboardInterrupt during the detection came through")
    if not raised:
        return context.could_not("the detection started no subprocess")
    return context.holds(f"a KeyboardInterrupt during the detection was swallowed; the answer was {machine!r}")
