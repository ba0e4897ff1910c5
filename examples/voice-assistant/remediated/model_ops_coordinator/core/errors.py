"""What can go wrong in the coordinator."""


class ModelOpsError(Exception):
    """An error with a code that clients can rely on."""

    def __init__(self, message: str, code: str = "INTERNAL"):
        super().__init__(message)
        self.code = code


class ConfigurationError(ModelOpsError):
    """The configuration is missing something."""

    def __init__(self, message: str):
        super().__init__(message, "CONFIGURATION")
