"""Whether a task was cancelled although what it awaited has ended with another error."""

import asyncio


def end_if_cancelled() -> None:
    """Raise CancelledError in a task that was cancelled. For whoever retries after an error.

    aiokafka, while it stops, takes the cancellation of its caller for one of its own tasks', and a TaskGroup that ends
    with errors forgets it. The loop would then go on, and whoever has cancelled it wait without end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
