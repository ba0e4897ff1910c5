"""Proves that the condition of an alert is run as code: it creates a file in the scratch directory."""

import os


def probe(context):
    module = context.load("common.observability.metrics")
    marker = os.path.join(str(context.scratch), "evaluated")
    alert = module.Alert(
        name="probe",
        metric_name="probe",
        condition=f"and open({marker!r}, 'w') and None",
        level=module.AlertLevel.WARNING,
        message="",
    )
    alert.should_trigger(1.0)
    if os.path.exists(marker):
        return context.holds("the condition created a file when the alert was asked")
    return context.does_not_hold("the condition was read and had no effect")
