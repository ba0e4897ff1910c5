"""Retries for calls over the network."""

import functools
import random
import time
from typing import Any, Callable, Tuple, Type


def retry_with_backoff(
    max_retries: int = 3,
    base_delay: float = 0.5,
    max_delay: float = 10.0,
    exceptions: Tuple[Type[BaseException], ...] = (OSError,),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Call the function again after these exceptions, each time waiting twice as long."""

    def decorator(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            failures = 0
            while True:
                try:
                    return function(*args, **kwargs)
                except exceptions:
                    failures += 1
                    if failures > max_retries:
                        raise
                    delay = min(base_delay * 2 ** (failures - 1), max_delay)
                    time.sleep(delay * random.uniform(0.7, 1.3))

        return wrapper

    return decorator
