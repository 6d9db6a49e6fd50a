"""Prints a line of JSON for each task, as the other clients' scripts do for each operation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ansible.plugins.callback import CallbackBase  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from ansible.executor.task_result import CallbackTaskResult  # type: ignore[import-not-found]

# ansible-doc looks at it before the plugin is loaded
DOCUMENTATION = """
name: telling
type: stdout
short_description: a line of JSON for each task
description: A line of JSON for each task; a task with a variable `fault` is to fail with it.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Tells of tasks."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "telling"

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Tell that a task passed, unless it is one that has to fail."""
        fault = result.task.vars.get("fault")
        self._tell(result, "failed" if fault else "passed", f"the client's fault is gone: {fault}" if fault else "")

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:  # noqa: ARG002
        """Tell that a task failed, and whether it has to."""
        why = str(result.result.get("msg") or result.result.get("module_stderr") or result.result)
        fault = result.task.vars.get("fault")
        is_fault = fault is not None and fault in str(result.result)
        self._tell(result, "client's fault" if is_fault else "failed", "" if is_fault else why)

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        """Tell that a task's capability is not there."""
        self._tell(result, "not advertised", str(result.task.vars.get("capability", "")))

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        """Tell that there was no connection."""
        self._tell(result, "failed", str(result.result.get("msg")))

    def _tell(self, result: Any, verdict: str, note: str) -> None:
        told = {"operation": result.task.get_name(), "result": verdict, "note": note}
        print(json.dumps(told), flush=True)
